import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Client, Outboxes } from 'callcta';

import { gate, message, Platform, rejection } from './platform.mjs';

const PAGES = 500;

/** The threads of this process that callcta named. */
function threads() {
  const names = readdirSync('/proc/self/task').map((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/comm`, 'utf8');
    } catch {
      return '';
    }
  });
  return names.filter((name) => name.startsWith('callcta')).length;
}

describe('outboxes of many Pages', () => {
  let platform;
  let held;

  beforeEach(async () => {
    platform = await Platform.start();
    held = gate();
  });
  afterEach(() => {
    held.open();
    platform.stop();
  });

  const clients = (count, settings = {}) => {
    const first = new Client(platform.settings({ pageId: '1', ...settings }));
    const others = Array.from({ length: count - 1 }, (_, n) => {
      const own = { pageId: `${n + 2}`, shareConnections: first, ...settings };
      return new Client(platform.settings(own));
    });
    return [first, ...others];
  };
  const page = ({ url }) => url.split('/')[2];
  const tally = (things) => {
    const counts = {};
    for (const thing of things) counts[thing] = (counts[thing] ?? 0) + 1;
    return counts;
  };
  const collected = async (outcomes) => {
    const all = [];
    for await (const outcome of outcomes) all.push(outcome);
    return all;
  };

  it('share a few threads, and connections', async () => {
    const outboxes = new Outboxes({ workers: 8 });
    const all = clients(PAGES).map((client) => outboxes.outbox(client, { pace: Infinity }));
    const before = threads();
    let most = 0;
    function* items() {
      for (const to of ['1', '2']) for (const outbox of all) yield { outbox, to, message };
    }
    const told = [];
    for await (const outcome of outboxes.sendMany(items())) {
      told.push(outcome);
      most = Math.max(most, threads() - before);
    }
    assert.equal(told.filter(({ receipt }) => receipt).length, 2 * PAGES);
    const sent = tally(platform.requests.map(page));
    assert.equal(Object.keys(sent).length, PAGES);
    assert.deepEqual([...new Set(Object.values(sent))], [2]);
    assert.deepEqual(tally(told.map(({ item }) => item.outbox.client.pageId)), sent);
    // The feeder, and those that look after connections.
    assert.ok(most >= 1 && most <= 8 + 3, `${most} threads`);
    await outboxes.drain();
    const { sent: count, queued, inFlight, kinds } = outboxes.counts();
    assert.deepEqual([count, queued, inFlight, kinds], [2 * PAGES, 0, 0, []]);
  });

  it('share threads for promises, too', async () => {
    const outboxes = new Outboxes({ workers: 4 });
    const all = clients(50).map((client) => outboxes.outbox(client, { pace: Infinity }));
    const before = threads();
    const sends = all.flatMap((outbox) => ['1', '2'].map((to) => outbox.send(to, message)));
    assert.equal(outboxes.pending, 100);
    await Promise.all(sends);
    assert.ok(threads() - before <= 4 + 3);
    await outboxes.drain();
    assert.equal(outboxes.counts().sent, 100);
    const error = await rejection(all[0].send('3', message));
    assert.deepEqual([error.kind, error.delivery], ['cancelled', 'not_sent']);
  });

  it('keep a pace for each Page', async () => {
    const outboxes = new Outboxes({ workers: 2 });
    const [slow, quick] = clients(2).map((client) => outboxes.outbox(client));
    slow.setPace(0.001);
    quick.setPace(Infinity);
    const first = slow.send('1', message);
    const second = rejection(slow.send('2', message));
    const others = Array.from({ length: 40 }, (_, n) => quick.send(`${n}`, message));
    await Promise.all([first, ...others]);
    assert.equal(outboxes.cancel(), 1);
    assert.equal((await second).delivery, 'not_sent');
    assert.deepEqual(tally(platform.requests.map(page)), { 1: 1, 2: 40 });
    for (const pace of [0, -1, NaN, '4']) {
      assert.throws(() => quick.setPace(pace), { kind: 'invalid_argument' });
      const [client] = clients(1);
      assert.throws(() => outboxes.outbox(client, { pace }), { kind: 'invalid_argument' });
    }
  });

  it("keep each person's order", async () => {
    const outboxes = new Outboxes({ workers: 16 });
    const all = clients(3).map((client) => outboxes.outbox(client, { pace: Infinity }));
    function* items() {
      for (let n = 0; n < 20; n += 1) {
        for (const outbox of all) yield { outbox, to: '7', message, options: { metadata: `${n}` } };
      }
    }
    await collected(outboxes.sendMany(items(), { lookAhead: 60 }));
    for (const outbox of all) {
      const own = platform.requests.filter((seen) => page(seen) === outbox.client.pageId);
      const order = own.map(({ body }) => body.message.metadata);
      assert.deepEqual(
        order,
        Array.from({ length: 20 }, (_, n) => `${n}`),
      );
    }
    outboxes.close();
  });

  it('tell what became of messages', async () => {
    platform.answer = async ({ body }) =>
      body.recipient.id === '2' ? { status: 400, body: { error: { code: 551 } } } : {};
    const [client] = clients(1);
    const outboxes = new Outboxes();
    const outbox = outboxes.outbox(client, { pace: Infinity });
    const deadline = new Date(Date.now() - 1000);
    const items = [
      { to: '1', message, options: { metadata: 'own' } },
      { to: '2', message },
      { to: '3', message, options: { deadline } },
      null,
    ];
    const told = await collected(outbox.sendMany(items));
    const kinds = told.map(({ item, error }) => [item?.to, error?.kind]);
    assert.deepEqual(Object.fromEntries(kinds), {
      1: undefined,
      2: 'recipient_unavailable',
      3: 'deadline_passed',
      undefined: 'invalid_argument',
    });
    await outbox.settle();
    const counts = outbox.counts();
    assert.deepEqual([counts.sent, counts.rejected, counts.notSent], [1, 1, 1]);
    const failed = counts.kinds.map(({ kind, delivery, count }) => `${kind} ${delivery} ${count}`);
    assert.deepEqual(failed.sort(), [
      'deadline_passed not_sent 1',
      'recipient_unavailable rejected 1',
    ]);
    const one = platform.requests.find(({ body }) => body.recipient.id === '1');
    assert.equal(one.body.message.metadata, 'own');
    assert.deepEqual(outboxes.counts(), counts);
  });

  it('pause alone or all together', async () => {
    platform.answer = async () => {
      await held.opened;
      return {};
    };
    const outboxes = new Outboxes({ workers: 4 });
    const [one, other] = clients(2).map((client) => outboxes.outbox(client, { pace: Infinity }));
    assert.equal(one.pause(), 0);
    const ones = [one.send('1', message), one.send('1', message)].map(rejection);
    const others = [other.send('1', message), other.send('1', message)];
    await platform.received(1);
    assert.equal(outboxes.pause(), 1);
    held.open();
    await others[0];
    await outboxes.settle();
    assert.deepEqual([one.counts().queued, other.counts().queued], [2, 1]);
    outboxes.resume();
    await other.wait();
    assert.deepEqual([one.pending, other.pending], [2, 0]);
    assert.equal(one.cancel(), 2);
    assert.deepEqual(
      (await Promise.all(ones)).map(({ kind }) => kind),
      ['cancelled', 'cancelled'],
    );
    outboxes.close();
  });

  it('drain what is there and take no more', async () => {
    platform.answer = async () => {
      await held.opened;
      return {};
    };
    const outboxes = new Outboxes({ workers: 1 });
    const [client] = clients(1);
    const outbox = outboxes.outbox(client, { pace: Infinity });
    const sends = ['1', '2', '3'].map((to) => outbox.send(to, message));
    const drained = outboxes.drain();
    const refused = await rejection(outbox.send('4', message));
    assert.deepEqual([refused.kind, refused.reason], ['cancelled', 'closed']);
    held.open();
    await Promise.all([drained, ...sends]);
    assert.equal(outboxes.counts().sent, 3);
    // The client is nobody's but its owner's.
    await client.send('5', message);
    assert.equal(platform.requests.length, 4);
  });

  it('close without an outcome getting lost', async () => {
    platform.answer = async () => {
      await held.opened;
      return {};
    };
    const outboxes = new Outboxes({ workers: 1 });
    const outbox = outboxes.outbox(clients(1)[0], { pace: Infinity });
    const first = outbox.send('1', message);
    await platform.received(1);
    const others = ['2', '3'].map((to) => rejection(outbox.send(to, message)));
    outboxes.close();
    held.open();
    await first;
    const kinds = await Promise.all(others);
    assert.deepEqual(
      kinds.map(({ kind, delivery }) => [kind, delivery]),
      Array(2).fill(['cancelled', 'not_sent']),
    );
  });

  it('tell retries to the client that they belong to', async () => {
    let failed = false;
    platform.answer = async (request) => {
      if (page(request) !== '2' || failed) return {};
      failed = true;
      return { status: 400, body: { error: { code: 4 } } };
    };
    const events = [];
    const retry = { attempts: 3, baseDelayMs: 0 };
    const two = clients(2, { retry, onRetry: (event) => events.push(event.to) });
    const outboxes = new Outboxes();
    const all = two.map((client) => outboxes.outbox(client));
    const items = all.map((outbox, n) => ({ outbox, to: `${n}`, message }));
    const told = await collected(outboxes.sendMany(items));
    assert.ok(told.every(({ receipt }) => receipt));
    assert.deepEqual(events, ['1']);
    await outboxes.drain();
    assert.equal(outboxes.counts().retried, 1);
  });

  it('refuse what they can not use', async () => {
    const [client] = clients(1);
    for (const settings of [{ workers: -1 }, { capacity: '5' }, { worker: 1 }]) {
      assert.throws(() => new Outboxes(settings), { kind: 'invalid_argument' });
    }
    const outboxes = new Outboxes();
    for (const wrong of [null, {}, 5]) {
      assert.throws(() => outboxes.outbox(wrong), { kind: 'invalid_argument' });
      const error = await rejection(outboxes.sendMany([{ to: '1', message }], { a: 1 }).next());
      assert.equal(error.kind, 'invalid_argument');
    }
    assert.throws(() => outboxes.outbox(client, { paces: 4 }), { message: /did you mean pace/ });
    assert.throws(() => new Client(platform.settings({ shareConnections: {} })), {
      kind: 'invalid_argument',
    });
    const [{ error }] = await collected(outboxes.sendMany([{ to: '1', message }]));
    assert.match(error.message, /outbox must be an Outbox/);
    assert.equal(platform.requests.length, 0);
  });
});
