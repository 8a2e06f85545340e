// Whatever the source of many messages does, the loop ends, and tells what was known first.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, beforeEach, describe, it } from 'node:test';

import { CallCtaError, Client } from 'callcta';

import { message, Platform, PSID } from './platform.mjs';

describe('a source of many messages', () => {
  let platform;
  let client;

  before(async () => {
    platform = await Platform.start();
    client = new Client(platform.settings());
  });
  beforeEach(() => (platform.requests = []));
  after(() => platform.stop());

  const item = { to: PSID, message };
  const mine = new Error('the file ends here');
  const fail = () => {
    throw mine;
  };

  /** Gives items by itself, and then does what it is told. */
  function iterator(count, then, others = {}) {
    let given = 0;
    const next = () => (given++ < count ? { done: false, value: item } : then());
    return { next, ...others };
  }
  const iterable = (...args) => ({ [Symbol.iterator]: () => iterator(...args) });
  const asynchronous = (...args) => ({ [Symbol.asyncIterator]: () => iterator(...args) });
  const done = () => ({ done: true });

  /** What a loop over all outcomes came to. */
  async function loop(items, options) {
    const receipts = [];
    try {
      for await (const { receipt } of client.sendMany(items, options)) receipts.push(receipt);
      return { count: receipts.length };
    } catch (error) {
      return { count: receipts.length, error };
    }
  }

  function* broken() {
    for (const row of undefined) yield row;
  }
  async function* breaking() {
    yield item;
    throw mine;
  }
  const failing = {
    'throws at once': [0, () => iterable(0, fail)],
    'throws later': [2, () => iterable(2, fail)],
    'rejects at once': [0, () => asynchronous(0, () => Promise.reject(mine))],
    'rejects later': [2, () => asynchronous(2, () => Promise.reject(mine))],
    'throws although it is asynchronous': [2, () => asynchronous(2, fail)],
    'is a generator that throws': [1, breaking],
    'throws when it is asked for an iterator': [0, () => ({ [Symbol.asyncIterator]: fail })],
    'throws when it is looked at': [
      0,
      () => Object.defineProperty({}, Symbol.asyncIterator, { get: fail }),
    ],
    'throws when its end is looked for': [
      1,
      () => iterable(1, () => Object.defineProperty({}, 'done', { get: fail })),
    ],
    'has a promise that is rejected': [1, () => [Promise.resolve(item), Promise.reject(mine)]],
  };

  for (const [what, [count, source]] of Object.entries(failing)) {
    it(`that ${what}`, async () => {
      assert.deepEqual(await loop(source()), { count, error: mine });
    });
  }

  it('that is broken', async () => {
    const { count, error } = await loop(broken());
    assert.equal(count, 0);
    assert.ok(error instanceof TypeError, error);
  });

  it('that is a stream which fails', async () => {
    // It may drop what it has.
    assert.equal((await loop(Readable.from(breaking()))).error, mine);
  });

  const wrong = [
    [undefined, /^items must be iterable/],
    [null, /^items must be iterable/],
    [5, /^items must be iterable/],
    [{}, /^items must be iterable/],
    [iterator(1, done), /^items must be iterable/],
    [{ [Symbol.iterator]: 5 }, /^items must be iterable/],
    [{ [Symbol.iterator]: () => 5 }, /^items must give an iterator/],
    [{ [Symbol.iterator]: () => ({}) }, /^items must give an iterator/],
    [iterable(1, () => 5), /^items must give an object for each item/],
    [asynchronous(1, async () => undefined), /^items must give an object for each item/],
  ];

  for (const [source, text] of wrong) {
    it(`that is none is refused: ${text.source}`, async () => {
      const { error } = await loop(source);
      assert.ok(error instanceof CallCtaError);
      assert.equal(error.kind, 'invalid_argument');
      assert.match(error.message, text);
    });
  }

  const working = {
    'an array': [item, item],
    'an array of promises': [Promise.resolve(item), item],
    'an iterator': [item, item].values(),
    'a set': new Set([item, { ...item }]),
    'a stream': Readable.from([item, item]),
    'a web stream': new ReadableStream({
      start(controller) {
        controller.enqueue(item);
        controller.enqueue(item);
        controller.close();
      },
    }),
    'an asynchronous generator': (async function* () {
      yield item;
      yield item;
    })(),
    'an iterator without return': iterable(2, done),
    'an iterator that says nothing of done': asynchronous(2, done),
  };

  for (const [what, source] of Object.entries(working)) {
    it(`that is ${what}`, async () => assert.deepEqual(await loop(source), { count: 2 }));
  }

  it('yields what is no message, and the loop goes on', async () => {
    const kinds = [];
    for await (const { error, receipt } of client.sendMany([5, item, undefined, 'x'])) {
      kinds.push(receipt ? 'sent' : error.kind);
    }
    assert.deepEqual(kinds.sort(), [...Array(3).fill('invalid_argument'), 'sent']);
  });

  it('that never ends is told that the loop is left', async () => {
    let returned = 0;
    const give = () => ({ done: false, value: item });
    const source = iterable(0, give, { return: () => ((returned += 1), {}) });
    let seen = 0;
    for await (const { receipt } of client.sendMany(source, { lookAhead: 2 })) {
      assert.ok(receipt);
      if ((seen += 1) === 5) break;
    }
    assert.equal(returned, 1);
    await assert.rejects(async () => {
      for await (const _ of client.sendMany(source, { lookAhead: 2 })) throw mine;
    }, mine);
    assert.equal(returned, 2);
  });

  it('that fails when it is told so', async () => {
    for (const end of [fail, () => Promise.reject(mine)]) {
      const source = iterable(0, () => ({ done: false, value: item }), { return: end });
      await assert.rejects(async () => {
        for await (const _ of client.sendMany(source)) break;
      }, mine);
    }
  });

  it('that failed is not told anything, and neither is one that ended', async () => {
    const told = [];
    const others = { return: () => told.push('return') };
    await loop(iterable(1, fail, others));
    await loop(asynchronous(1, async () => fail(), others));
    assert.deepEqual(await loop(iterable(1, done, others)), { count: 1 });
    assert.deepEqual(told, []);
  });

  it('is not asked again after it failed', async () => {
    let asked = 0;
    const source = iterable(0, () => ((asked += 1), asked === 1 ? fail() : done()));
    assert.deepEqual(await loop(source), { count: 0, error: mine });
    assert.equal(asked, 1);
  });

  it('fails only after the outcomes of what it gave', async () => {
    let answer;
    const answered = new Promise((resolve) => (answer = resolve));
    platform.answer = async () => {
      await answered;
      return {};
    };
    const outcomes = client.sendMany(iterable(2, fail));
    const first = outcomes.next();
    await platform.received(1);
    answer();
    assert.ok((await first).value.receipt);
    assert.ok((await outcomes.next()).value.receipt);
    await assert.rejects(outcomes.next(), mine);
    assert.deepEqual(await outcomes.next(), { done: true, value: undefined });
    platform.answer = async () => ({});
  });

  it('that has nothing but wrong items leaves time for other things', async () => {
    const controller = new AbortController();
    const wrong = { to: PSID, message: { raw: { n: NaN } } };
    const source = iterable(0, () => ({ done: false, value: wrong }));
    const timer = setTimeout(() => controller.abort(), 5);
    let seen = 0;
    for await (const { error } of client.sendMany(source, { signal: controller.signal })) {
      assert.ok(error);
      seen += 1;
    }
    assert.ok(seen > 0);
    clearTimeout(timer);
  });

  it('loses no item that comes when all is given up', async () => {
    const controller = new AbortController();
    let give;
    const late = new Promise((resolve) => (give = resolve));
    let answer;
    const answered = new Promise((resolve) => (answer = resolve));
    platform.answer = () => answered;
    const source = asynchronous(1, () => late);
    const outcomes = client.sendMany(source, { signal: controller.signal });
    const first = outcomes.next();
    await platform.received(1);
    give({ done: false, value: { ...item, to: '2' } });
    controller.abort();
    const told = [(await first).value];
    for await (const outcome of outcomes) told.push(outcome);
    assert.deepEqual(told.map(({ item, error }) => [item.to, error.delivery]).sort(), [
      [PSID, 'unknown'],
      ['2', 'not_sent'],
    ]);
    answer({});
    platform.answer = async () => ({});
  });
});
