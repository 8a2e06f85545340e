import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Client } from 'callcta';

import { gate, message, Platform, PSID, rejection } from './platform.mjs';

describe('an AbortSignal', () => {
  let platform;
  let held;

  beforeEach(async () => {
    platform = await Platform.start();
    held = gate();
    platform.answer = async () => {
      await held.opened;
      return {};
    };
  });
  afterEach(() => {
    held.open();
    platform.stop();
  });

  const listeners = (signal) => getEventListeners(signal, 'abort').length;

  it('that is aborted already sends nothing', async () => {
    const client = new Client(platform.settings());
    const reason = new Error('too late');
    const error = await rejection(
      client.send(PSID, message, { signal: AbortSignal.abort(reason) }),
    );
    assert.deepEqual([error.reason, error.delivery], ['aborted', 'not_sent']);
    assert.equal(error.cause, reason);
    held.open();
    await client.send('1', message);
    assert.deepEqual(
      platform.requests.map((request) => request.body.recipient.id),
      ['1'],
    );
  });

  it('that is none changes nothing for other sends', async () => {
    const client = new Client(platform.settings());
    held.open();
    const sends = [undefined, new AbortController(), undefined].map((signal, n) =>
      client.send(`${n}`, message, { signal }),
    );
    assert.equal((await rejection(sends[1])).kind, 'invalid_argument');
    assert.equal((await sends[0]).recipientId, '0');
    assert.equal((await sends[2]).recipientId, '2');
    assert.equal(platform.requests.length, 2);
  });

  it('ends the tries of what is sent again and again', async () => {
    const limited = { status: 429, headers: { 'retry-after': '1' }, body: {} };
    platform.answer = async () => (platform.requests.length === 1 ? limited : {});
    const controller = new AbortController();
    const onRetry = () => controller.abort();
    const client = new Client(platform.settings({ retry: { attempts: 9 }, onRetry }));
    const sent = client.send(PSID, { ...message, metadata: '1' }, { signal: controller.signal });
    assert.equal((await rejection(sent)).kind, 'cancelled');
    // To the same person, and so after all that becomes of the first one.
    await client.send(PSID, { ...message, metadata: '2' });
    const sentAtLast = platform.requests.map(({ body }) => body.message.metadata);
    assert.deepEqual(sentAtLast, ['1', '2']);
  });

  it('cancels what waits', async () => {
    const client = new Client(platform.settings({ workers: 1 }));
    const first = client.send('1', message);
    await platform.received(1);
    const controller = new AbortController();
    const { signal } = controller;
    const second = client.send('2', message, { signal });
    assert.equal(listeners(signal), 1);
    controller.abort();
    const error = await rejection(second);
    assert.deepEqual([error.reason, error.delivery], ['aborted', 'not_sent']);
    assert.equal(error.cause, signal.reason);
    assert.equal(listeners(signal), 0);
    held.open();
    await first;
    await client.send('3', message);
    assert.deepEqual(
      platform.requests.map((request) => request.body.recipient.id),
      ['1', '3'],
    );
  });

  it('gives up what has not begun, of which nothing goes out', async () => {
    const client = new Client(platform.settings());
    const controller = new AbortController();
    const { signal } = controller;
    const sends = ['1', '2', '3'].map((to) =>
      client.send(to, message, to === '2' ? { signal } : {}),
    );
    controller.abort('why');
    const error = await rejection(sends[1]);
    assert.deepEqual([error.reason, error.delivery, error.cause], ['aborted', 'not_sent', 'why']);
    held.open();
    await Promise.all([sends[0], sends[2]]);
    const sent = platform.requests.map(({ body }) => body.recipient.id);
    assert.deepEqual(sent.sort(), ['1', '3']);
  });

  it('frees threads and recipients', async () => {
    const client = new Client(platform.settings());
    const controller = new AbortController();
    const { signal } = controller;
    const sends = Array.from({ length: 64 }, (_, n) => client.send(`${n}`, message, { signal }));
    await platform.received(64);
    platform.answer = async () => ({});
    controller.abort();
    const deliveries = (await Promise.all(sends.map(rejection))).map(({ delivery }) => delivery);
    assert.deepEqual(new Set(deliveries), new Set(['unknown']));
    // The first requests are still without an answer.
    await Promise.all(['0', '1', '99'].map((to) => client.send(to, message)));
    assert.equal(platform.requests.length, 67);
  });

  it('lets other things have their turn while it gives up many', async () => {
    const client = new Client(platform.settings({ workers: 1 }));
    const controller = new AbortController();
    const { signal } = controller;
    const sends = Array.from({ length: 5000 }, (_, n) => client.send(`${n}`, message, { signal }));
    await platform.received(1);
    let turns = 0;
    const turn = () => {
      turns += 1;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    controller.abort();
    const errors = await Promise.all(sends.map(rejection));
    clearImmediate(timer);
    assert.ok(errors.every(({ reason }) => reason === 'aborted'));
    // Each of them has 128 outcomes at most.
    assert.ok(turns >= 5000 / 128 - 1, `${turns} turns`);
  });

  it('may be that of each of many, and is left alone in the end', async () => {
    held.open();
    const client = new Client(platform.settings());
    const { signal } = new AbortController();
    const items = Array.from({ length: 30 }, (_, n) => ({
      to: `${n}`,
      message,
      options: { signal },
    }));
    let most = 0;
    for await (const { receipt } of client.sendMany(items, { signal, pace: Infinity })) {
      assert.ok(receipt);
      most = Math.max(most, listeners(signal));
    }
    assert.ok(most <= 2, `${most} listeners`);
    assert.equal(listeners(signal), 0);
  });

  it('gives up at once what is being sent', async () => {
    const client = new Client(platform.settings());
    const controller = new AbortController();
    const sent = client.send(PSID, message, { signal: controller.signal });
    await platform.received(1);
    controller.abort('why');
    const error = await rejection(sent);
    assert.deepEqual([error.reason, error.delivery], ['aborted', 'unknown']);
    assert.equal(error.cause, 'why');
    assert.equal(listeners(controller.signal), 0);
    // The answer that comes after all settles nothing any more.
    held.open();
    await client.send(PSID, message);
  });

  it('has no listener left when a send is settled', async () => {
    held.open();
    const client = new Client(platform.settings());
    const { signal } = new AbortController();
    await client.send(PSID, message, { signal });
    await rejection(client.send(PSID, { ...message, text: '' }, { signal }));
    await rejection(client.send(PSID, 'wrong', { signal }));
    assert.equal(listeners(signal), 0);
  });

  it('has one listener for many sends', async () => {
    const client = new Client(platform.settings());
    const warnings = [];
    const listen = (warning) => warnings.push(warning);
    process.on('warning', listen);
    const controller = new AbortController();
    const { signal } = controller;
    const sends = Array.from({ length: 100 }, (_, n) => client.send(`${n}`, message, { signal }));
    assert.equal(listeners(signal), 1);
    await platform.received(64);
    controller.abort();
    const errors = await Promise.all(sends.map(rejection));
    const deliveries = errors.map((error) => error.delivery);
    assert.equal(deliveries.filter((delivery) => delivery === 'unknown').length, 64);
    assert.equal(deliveries.filter((delivery) => delivery === 'not_sent').length, 36);
    assert.equal(listeners(signal), 0);
    await new Promise(setImmediate);
    process.off('warning', listen);
    assert.deepEqual(warnings, []);
  });

  it('works with a time limit', async () => {
    const client = new Client(platform.settings());
    const error = await rejection(client.send(PSID, message, { signal: AbortSignal.timeout(20) }));
    assert.equal(error.kind, 'cancelled');
    assert.equal(error.cause.name, 'TimeoutError');
  });
});
