import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Emulator } from 'callcta/testing';

import { message, rejection } from './platform.mjs';

describe('the emulator', () => {
  let emulator;
  let client;
  let psid;

  before(() => {
    emulator = new Emulator();
    client = emulator.client({ retry: { attempts: 1 } });
    [psid] = emulator.psids;
  });
  beforeEach(() => emulator.reset());
  after(() => emulator[Symbol.dispose]());

  it('keeps messages and requests', async () => {
    const { messageId } = await client.send(psid, message);
    const [stored] = await emulator.messages();
    assert.equal(stored.messageId, messageId);
    assert.equal(stored.recipient, psid);
    assert.equal(stored.pageId, emulator.pageId);
    const button = { type: 'audio_call', title: 'Call Now', expires_in_days: 5 };
    assert.deepEqual(stored.body.message.attachment.payload.buttons, [button]);
    const [request] = await emulator.requests();
    assert.deepEqual(
      [request.method, request.path, request.status],
      ['POST', `/v26.0/${emulator.pageId}/messages`, 200],
    );
    assert.ok(!JSON.stringify(request).includes(emulator.accessToken));
    await emulator.reset();
    assert.deepEqual(await emulator.messages(), []);
  });

  it('goes wrong on purpose', async () => {
    const headers = [['retry-after', '2']];
    await emulator.arm({ action: { type: 'graph', status: 400, code: 613 }, headers });
    const limited = await rejection(client.send(psid, message));
    assert.deepEqual([limited.kind, limited.retryAfterMs], ['rate_limited', 2000]);
    await emulator.arm({ action: { type: 'drop' }, apply: 'after', times: null });
    for (let round = 0; round < 2; round += 1) {
      const dropped = await rejection(client.send(psid, message));
      assert.deepEqual([dropped.kind, dropped.delivery], ['network', 'unknown']);
    }
    assert.equal((await emulator.messages()).length, 2);
    await emulator.clearFaults();
    await client.send(psid, message);
    await assert.rejects(emulator.arm({ action: { type: 'status', status: 5 } }), /status/);
  });

  it('lets a person tap, and tells a webhook on this very event loop', async () => {
    const heard = [];
    const receiver = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      heard.push({ signature: request.headers['x-hub-signature-256'], body: JSON.parse(text) });
      response.end();
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    await emulator.setWebhookUrl(`http://127.0.0.1:${receiver.address().port}/`);

    const { messageId } = await client.send(psid, message);
    const { call, webhook } = await emulator.tap(messageId);
    assert.deepEqual([call.psid, call.status, call.messageId], [psid, 'ringing', messageId]);
    assert.equal(webhook.status, 'delivered');
    const last = heard.at(-1);
    assert.equal(last.signature, webhook.signature);
    assert.equal(last.body.entry[0].calls[0].event, 'connect');
    assert.deepEqual(
      (await emulator.webhooks()).map(({ field }) => field),
      ['message_echoes', 'message_deliveries', 'calls'],
    );
    assert.equal(heard.length, 3);
    receiver.close();
    receiver.closeAllConnections();
  });

  it('has a clock', async () => {
    const { messageId } = await client.send(psid, message);
    const day = 24 * 3600 * 1000;
    await emulator.advance(4 * day);
    await emulator.tap(messageId, { element: 0, button: 0 });
    await emulator.advance(2 * day);
    await assert.rejects(emulator.tap(messageId), /clickable/);
    assert.equal((await rejection(client.send(psid, message))).kind, 'outside_window');
  });
});
