import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

describe('a helper that is started otherwise', () => {
  it('takes settings', async () => {
    const state = {
      pages: { 7: { tokens: [{ token: 'T' }] } },
      people: { 9: { name: 'my_name' } },
      user_refs: { my_ref: '9' },
    };
    const clock = new Date('2030-01-02T03:04:05Z');
    const settings = { state, clock, answerShape: 'message_id_only', keepMessages: 1 };
    const emulator = new Emulator({ ...settings, prefix: '/emu', allowHost: ['emu.example'] });
    try {
      assert.match(emulator.url, /^http:\/\/127\.0\.0\.1:\d+\/emu$/);
      assert.deepEqual([emulator.pageId, emulator.psids], ['7', ['9']]);
      assert.equal(await emulator.now(), clock.getTime());
      const client = emulator.client();
      assert.equal((await client.send('9', message)).recipientId, undefined);
      await client.send('9', message);
      assert.equal((await emulator.messages()).length, 1);
      const told = await emulator.state();
      assert.deepEqual([told.people[9].name, told.user_refs], ['my_name', { my_ref: '9' }]);
    } finally {
      emulator.stop();
    }
  });

  it('reads a seed file, and runs its clock', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'callcta-'));
    const seedFile = join(folder, 'seed.json');
    writeFileSync(seedFile, '{"pages": {"7": {}}}');
    const emulator = new Emulator({ seedFile, runClock: true, clock: 5000, seed: 3 });
    try {
      assert.equal(emulator.pageId, '7');
      assert.equal((await emulator.control('GET', 'clock')).running, true);
      await emulator.runClock(false);
      assert.equal((await emulator.control('GET', 'clock')).running, false);
      assert.ok((await emulator.now()) >= 5000);
    } finally {
      emulator.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it('says what can not be', () => {
    const taken = new Emulator();
    const port = Number(new URL(taken.url).port);
    const refused = (settings, text) =>
      assert.throws(() => new Emulator(settings), { kind: 'invalid_argument', message: text });
    refused({ port }, new RegExp(`port ${port} of 127.0.0.1 is taken`));
    refused({ ports: 1 }, /ports/);
    refused({ seedFile: '/no/such/file' }, /can't be started/);
    refused({ allowOrigin: ['x'] }, /origin/);
    taken.stop();
  });
});

describe('everything that a person and a platform do', () => {
  let emulator;
  let client;
  let psid;

  before(() => {
    emulator = new Emulator();
    client = emulator.client({ retry: { attempts: 1 } });
    [psid] = emulator.psids;
  });
  beforeEach(() => emulator.reset());
  after(() => emulator.stop());

  it('has the control API', async () => {
    const { answer_shape: shape } = await emulator.control('GET', 'state');
    assert.equal(shape, 'flat');
    await assert.rejects(emulator.control('GET', 'nonsense'), /no such/);
    await emulator.setAnswerShape('nested_both');
    assert.equal((await emulator.state()).answer_shape, 'nested_both');
    assert.equal((await client.send(psid, message)).recipientId, psid);
  });

  it('tells a program where it is', () => {
    const environment = emulator.environment();
    assert.equal(environment.CALLCTA_BASE_URL, emulator.url);
    assert.equal(environment.CALLCTA_CONTROL_URL, `${emulator.url}/_emulator`);
    assert.equal(environment.CALLCTA_PSID, psid);
  });

  it('waits for messages, and counts what came', async () => {
    const waiting = emulator.waitForMessages({ count: 2, timeoutMs: 30_000 });
    await client.send(psid, message);
    await client.send(psid, message);
    assert.equal((await waiting).length, 2);
    await assert.rejects(emulator.waitForMessages({ count: 3, timeoutMs: 1 }), /2 of 3/);
    const id = await emulator.arm({ action: { type: 'drop' } });
    assert.deepEqual(
      (await emulator.faults()).map((fault) => fault.id),
      [id],
    );
    await rejection(client.send(psid, message));
    assert.equal(await emulator.posts(), 3);
    assert.deepEqual(await emulator.faults(), []);
  });

  it('lets people write, and calls be taken', async () => {
    const { action, webhook, noWebhook } = await emulator.act(psid, {
      type: 'message',
      text: 'Hello',
    });
    assert.deepEqual([action.psid, action.action.text], [psid, 'Hello']);
    assert.equal(webhook?.status ?? noWebhook, 'no_target');
    await assert.rejects(emulator.act('1', { type: 'read' }), /no such|nobody/);

    const { messageId } = await client.send(psid, message);
    const { call } = await emulator.tap(messageId);
    assert.equal((await emulator.acceptCall(call.callId)).status, 'accepted');
    assert.equal((await emulator.endCall(call.callId)).status, 'completed');
    assert.deepEqual(
      (await emulator.calls()).map(({ status }) => status),
      ['completed'],
    );
    await emulator.advance(8 * 24 * 3600 * 1000);
    await assert.rejects(emulator.tap(messageId), { name: 'TapRefusedError', reason: 'expired' });
  });

  it('holds webhooks, lets them go and sends them again', async () => {
    const heard = [];
    const receiver = createServer((request, response) => {
      heard.push(request.headers['x-hub-signature-256']);
      request.resume().on('end', () => response.end());
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    await emulator.setWebhookUrl(`http://127.0.0.1:${receiver.address().port}/`);
    await emulator.holdWebhooks();
    await emulator.act(psid, { type: 'message', text: 'one' });
    await emulator.act(psid, { type: 'message', text: 'two' });
    const [first, second] = await emulator.webhooks();
    assert.deepEqual([first.status, second.status], ['held', 'held']);
    assert.equal(await emulator.releaseWebhooks([second.id]), 1);
    await emulator.waitForWebhooks({ timeoutMs: 30_000 });
    assert.deepEqual(heard, [second.signature]);
    const again = await emulator.redeliverWebhook(second.id, 'missing');
    assert.equal(again.redeliveryOf, second.id);
    const delivered = await emulator.waitForWebhooks({ count: 2, timeoutMs: 30_000 });
    assert.deepEqual(
      delivered.map(({ id }) => id),
      [second.id, again.id],
    );
    assert.deepEqual(heard, [second.signature, undefined]);
    receiver.close();
    receiver.closeAllConnections();
  });

  it('closes connections as a crash would', async () => {
    await client.send(psid, message);
    await emulator.closeConnections();
    await client.send(psid, message);
    assert.equal((await emulator.messages()).length, 2);
  });
});
