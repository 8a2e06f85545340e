import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Client } from 'callcta';

import { gate, message, Platform, PSID, rejection } from './platform.mjs';

describe('many sends', () => {
  let platform;
  let held;

  // Each test has its own: what was given up in one may arrive later.
  beforeEach(async () => {
    platform = await Platform.start();
    held = gate();
  });
  afterEach(() => {
    held.open();
    platform.stop();
  });

  const items = (count) => Array.from({ length: count }, (_, n) => ({ to: `${n}`, message }));
  const hold = () => {
    platform.answer = async () => {
      await held.opened;
      return {};
    };
  };
  const collected = async (outcomes) => {
    const all = [];
    for await (const outcome of outcomes) all.push(outcome);
    return all;
  };

  it('settle thousands of promises', async () => {
    const client = new Client(platform.settings());
    const sends = items(2500).map(({ to }) => client.send(to, message));
    const receipts = await Promise.all(sends);
    assert.deepEqual(
      receipts.map((receipt) => receipt.recipientId),
      items(2500).map(({ to }) => to),
    );
  });

  it('settle when all of them end at once', async () => {
    hold();
    const client = new Client(platform.settings({ workers: 1 }));
    const kinds = (sends) =>
      Promise.all(sends.map(rejection)).then(
        (errors) => new Set(errors.map(({ kind, reason }) => reason ?? kind)),
      );
    const closed = kinds(items(1000).map(({ to }) => client.send(to, message)));
    const wrong = kinds(items(1000).map(({ to }) => client.send(to, {})));
    await platform.received(1);
    client.close();
    assert.deepEqual([...(await closed)], ['closed']);
    assert.deepEqual([...(await wrong)], ['invalid_argument']);
  });

  it('refuse more than may wait', async () => {
    hold();
    const client = new Client(platform.settings({ workers: 1, capacity: 1 }));
    const first = client.send('1', message);
    await platform.received(1);
    const second = client.send('2', message);
    const error = await rejection(client.send('3', message));
    assert.deepEqual(
      [error.kind, error.delivery, error.mayRetry],
      ['queue_full', 'not_sent', true],
    );
    held.open();
    await Promise.all([first, second]);
  });

  it('yield an outcome for each item', async () => {
    platform.answer = async ({ body }) =>
      body.recipient.id === '3' ? { status: 400, body: { error: { code: 551 } } } : {};
    async function* source() {
      yield* items(5);
      yield { to: '5', message: { ...message, text: '' } };
      yield { to: '6', message, options: { metadata: 'six' } };
    }
    const client = new Client(platform.settings());
    const outcomes = await collected(client.sendMany(source()));
    outcomes.sort((one, other) => one.index - other.index);
    assert.deepEqual(
      outcomes.map(({ item, receipt, error }) => [item.to, receipt?.recipientId ?? error.kind]),
      [
        ['0', '0'],
        ['1', '1'],
        ['2', '2'],
        ['3', 'recipient_unavailable'],
        ['4', '4'],
        ['5', 'invalid_message'],
        ['6', '6'],
      ],
    );
    const six = platform.requests.find(({ body }) => body.recipient.id === '6');
    assert.equal(six.body.message.metadata, 'six');
  });

  it('take no more items than may wait', async () => {
    const client = new Client(platform.settings({ capacity: 3 }));
    const outcomes = await collected(client.sendMany(items(50), { pace: Infinity }));
    assert.deepEqual(
      outcomes.filter(({ error }) => error),
      [],
    );
    assert.equal(platform.requests.length, 50);
  });

  it('yield an error for what is no item, or was given up', async () => {
    const options = { signal: AbortSignal.abort() };
    const client = new Client(platform.settings());
    const wrong = { to: PSID, message, options: { signal: {} } };
    const some = [null, { to: PSID, message, options }, wrong];
    const outcomes = await collected(client.sendMany(some));
    outcomes.sort((one, other) => one.index - other.index);
    assert.deepEqual(
      outcomes.map(({ error }) => [error.kind, error.delivery]),
      [
        ['invalid_argument', 'not_sent'],
        ['cancelled', 'not_sent'],
        ['invalid_argument', 'not_sent'],
      ],
    );
    assert.equal(platform.requests.length, 0);
  });

  it('refuse wrong options', async () => {
    const client = new Client(platform.settings());
    const wrong = [{ pace: '40' }, { pace: NaN }, { lookAhead: NaN }, { lookAhead: '4' }, { a: 1 }];
    for (const options of wrong) {
      const error = await rejection(client.sendMany(items(1), options).next());
      assert.equal(error.kind, 'invalid_argument');
      assert.match(error.message, new RegExp(`^${Object.keys(options)} `));
    }
    assert.equal(platform.requests.length, 0);
  });

  it('yield outcomes as they come', async () => {
    platform.answer = async ({ body }) => {
      if (body.recipient.id === '0') await held.opened;
      return {};
    };
    const client = new Client(platform.settings());
    const order = [];
    for await (const { item } of client.sendMany(items(3), { lookAhead: 2 })) {
      order.push(item.to);
      if (order.length === 2) held.open();
    }
    assert.deepEqual(order, ['1', '2', '0']);
  });

  it('take no more items than they may', async () => {
    let taken = 0;
    let closed = false;
    async function* source() {
      try {
        for (const item of items(100)) {
          taken += 1;
          yield item;
        }
      } finally {
        await new Promise(setImmediate);
        closed = true;
      }
    }
    const client = new Client(platform.settings());
    let seen = 0;
    for await (const { receipt } of client.sendMany(source(), { lookAhead: 4 })) {
      assert.ok(receipt);
      seen += 1;
      assert.ok(taken <= seen + 4, `${taken} taken after ${seen} outcomes`);
      if (seen === 10) break;
    }
    assert.ok(closed);
    assert.ok(taken < 20);
  });

  it('cancel what waits when the loop is left', async () => {
    platform.answer = async ({ body }) => {
      if (body.recipient.id !== '0') await held.opened;
      return {};
    };
    const client = new Client(platform.settings({ workers: 1 }));
    for await (const { item } of client.sendMany(items(5))) {
      assert.equal(item.to, '0');
      break;
    }
    held.open();
    await client.send('9', message);
    // One of them may have been on its way.
    const sent = platform.requests.map(({ body }) => body.recipient.id);
    assert.deepEqual(
      sent.filter((to) => to !== '1'),
      ['0', '9'],
    );
  });

  it('keep a pace', async () => {
    const client = new Client(platform.settings());
    // So slow that only the first one starts.
    for await (const { item } of client.sendMany(items(5), { pace: 0.001 })) {
      assert.equal(item.to, '0');
      break;
    }
    // Single sends keep none: with that of many these would take 25 s.
    const begun = performance.now();
    await Promise.all(items(1000).map(({ to }) => client.send(to, message)));
    assert.ok(performance.now() - begun < 20_000);
    const outcomes = await collected(client.sendMany(items(100), { pace: Infinity }));
    assert.ok(outcomes.every(({ receipt }) => receipt));
    assert.equal(platform.requests.length, 1 + 1000 + 100);
    for (const pace of [0, -1, NaN, -Infinity, 1e-320, 301]) {
      const error = await rejection(client.sendMany(items(1), { pace }).next());
      assert.equal(error.kind, 'invalid_argument');
    }
  });

  it('yield what was sent before their source failed', async () => {
    const reason = new Error('the file ends here');
    async function* source() {
      yield* items(3);
      throw reason;
    }
    const client = new Client(platform.settings());
    const outcomes = [];
    const error = await rejection(
      (async () => {
        for await (const outcome of client.sendMany(source())) outcomes.push(outcome);
      })(),
    );
    assert.equal(error, reason);
    assert.equal(outcomes.length, 3);
  });

  it('stop when they are aborted, even if their source hangs', async () => {
    hold();
    let returned = false;
    const waiting = {
      [Symbol.asyncIterator]: () => ({
        left: items(2),
        next() {
          const value = this.left.shift();
          return value === undefined
            ? new Promise(() => {})
            : Promise.resolve({ done: false, value });
        },
        return() {
          returned = true;
          return new Promise(() => {});
        },
      }),
    };
    const client = new Client(platform.settings());
    const controller = new AbortController();
    const outcomes = collected(client.sendMany(waiting, { signal: controller.signal }));
    await platform.received(2);
    controller.abort('enough');
    assert.deepEqual(
      (await outcomes).map(({ error }) => [error.kind, error.delivery, error.cause]),
      Array(2).fill(['cancelled', 'unknown', 'enough']),
    );
    assert.ok(returned);
  });

  it('leave nothing unhandled when nobody asks for outcomes', async () => {
    const client = new Client(platform.settings());
    const outcomes = client.sendMany(items(3));
    await outcomes.return();
    assert.equal(platform.requests.length, 0);
  });
});
