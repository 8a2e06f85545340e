// What would get lost on the way to the wire is refused, and the rest arrives as it is.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import vm from 'node:vm';

import * as callcta from 'callcta';

import { callButton, message, Platform, PSID, rejection } from './platform.mjs';

const { CallCtaError, Client, fromWire, toWire, validate, validateRequest } = callcta;

/** Lets the text through to the server and back. */
const wired = (value) => toWire({ raw: { value } }).value;

function refusal(body) {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof CallCtaError, error);
    assert.deepEqual([error.kind, error.delivery], ['invalid_argument', 'not_sent']);
    return error.message;
  }
  return assert.fail('it was taken');
}

describe('wire forms', () => {
  class Money {
    amount = 5;
    get currency() {
      return 'EUR';
    }
  }
  const cyclic = {};
  cyclic.self = cyclic;
  const sparse = [1, 2];
  sparse[3] = 4;

  const lost = [
    new Map([['a', 1]]),
    new Set([1]),
    new WeakMap(),
    Promise.resolve(1),
    new Uint8Array(2),
    Buffer.from('a'),
    new ArrayBuffer(2),
    new DataView(new ArrayBuffer(2)),
    new Date(NaN),
    /a/,
    new Error('a'),
    new URLSearchParams('a=1'),
    new AbortController().signal,
    [1, 2].values(),
    new Money(),
    Object.create({ inherited: 1 }),
    () => {},
    class {},
    Symbol('a'),
    NaN,
    Infinity,
    -Infinity,
    [1, undefined],
    [undefined],
    sparse,
    [() => {}],
    cyclic,
    Object(Symbol('a')),
    { toJSON: () => new Map() },
    vm.runInNewContext('new Map()'),
  ];
  for (const value of lost) {
    it(`refuse ${inspect(value, { breakLength: Infinity })}`, () => {
      const text = refusal(() => wired(value));
      assert.match(text, /^raw\.value[\w.[\]]* must be made of what JSON can hold$/);
      const inside = { ...message, buttons: [{ ...callButton, fields: { a: [{ b: value }] } }] };
      assert.match(
        refusal(() => validate(inside)),
        /^buttons\[0\]\.fields\.a\[0\]\.b[\w.[\]]* must be made of what JSON can hold$/,
      );
      assert.match(
        refusal(() => fromWire({ value })),
        /^json\.value/,
      );
      assert.match(
        refusal(() => validateRequest(PSID, message, { fields: { value } })),
        /^options\.fields\.value/,
      );
    });
  }

  const exact = 'must be a bigint to be exact';
  const others = [
    [2 ** 53, exact],
    [-(2 ** 53), exact],
    [2 ** 63, exact],
    [2n ** 64n, 'must be within 64 bits'],
    [-(2n ** 63n) - 1n, 'must be within 64 bits'],
    ['a\ud800', 'must be without halves of surrogate pairs'],
    ['\udfffa', 'must be without halves of surrogate pairs'],
    [Object('\ud800'), 'must be without halves of surrogate pairs'],
  ];
  for (const [value, text] of others) {
    it(`refuse ${inspect(value)}`, () => {
      assert.equal(
        refusal(() => wired(value)),
        `raw.value ${text}`,
      );
      assert.equal(
        refusal(() => wired([value])),
        `raw.value[0] ${text}`,
      );
    });
  }

  it('refuse names that are no texts, without telling them', () => {
    const text = refusal(() => wired({ 'secret\ud800': 1 }));
    assert.equal(text, 'the names in raw.value must be without halves of surrogate pairs');
  });

  it('refuse what is nested too deeply, and say what', () => {
    const nested = (depth) => {
      let value = 'a';
      for (let level = 0; level < depth; level += 1) value = { value };
      return value;
    };
    assert.deepEqual(wired(nested(50)), nested(50));
    for (const depth of [110, 127, 128, 200, 5000, 100_000]) {
      const raw = nested(depth);
      const text = 'must be less deeply nested';
      assert.equal(
        refusal(() => validate({ raw })),
        `raw ${text}`,
      );
      assert.equal(
        refusal(() => validateRequest(PSID, { raw })),
        `message ${text}`,
      );
      assert.equal(
        refusal(() => validateRequest(PSID, message, { fields: raw })),
        `options ${text}`,
      );
      assert.equal(
        refusal(() => fromWire(raw)),
        `json ${text}`,
      );
    }
  });

  const kept = [
    [9007199254740993n, 9007199254740993n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [-(2n ** 63n), -(2n ** 63n)],
    [5n, 5],
    [1e20, 1e20],
    [1.5e300, 1.5e300],
    [0.1, 0.1],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [Object(5), 5],
    [Object('a'), 'a'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new URL('https://example.com/a'), 'https://example.com/a'],
    [{ toJSON: () => ({ a: 1 }) }, { a: 1 }],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [vm.runInNewContext('({ a: [1, { b: 2 }] })'), { a: [1, { b: 2 }] }],
    [Object.freeze([Object.freeze({})]), [{}]],
    [{ a: undefined, b: null }, { b: null }],
    ['\\ud800 \u0001 \u2028 "\\', '\\ud800 \u0001 \u2028 "\\'],
    ['☎️', '☎️'],
    [
      { '\u0001a': '\u0001a', big: 2n ** 60n },
      { '\u0001a': '\u0001a', big: 2n ** 60n },
    ],
    [
      ['\u0001', '\u00015', '1234567890123456'],
      ['\u0001', '\u00015', '1234567890123456'],
    ],
    [
      ['"1234567890123456789', 2n ** 60n, '\\'],
      ['"1234567890123456789', 2n ** 60n, '\\'],
    ],
  ];
  for (const [value, same] of kept) {
    it(`keep ${inspect(value, { breakLength: Infinity })}`, () => {
      assert.deepEqual(wired(value), same);
      assert.deepEqual(wired([value]), [same]);
      assert.deepEqual(toWire(fromWire({ value })), { value: same });
    });
  }

  it('are read from texts with nothing lost', () => {
    const text = '{"a": 9007199254740993, "b": [-9223372036854775808, 1e16, 1e20], "c": "\\u0001"}';
    const { raw } = fromWire(text);
    assert.deepEqual(raw, {
      a: 9007199254740993n,
      b: [-9223372036854775808n, 10000000000000000n, 1e20],
      c: '\u0001',
    });
    assert.deepEqual(toWire({ raw }), raw);
    assert.deepEqual(fromWire(Buffer.from(text)), { raw });
    assert.deepEqual(fromWire(new TextEncoder().encode('{"text": "\u00e9"}')), {
      raw: { text: '\u00e9' },
    });
  });

  it('are not read from what is no text', () => {
    const wrong = [
      [Buffer.from([0x7b, 0xff]), 'json must be in UTF-8'],
      [new Uint16Array(2), 'json must be made of what JSON can hold'],
      [new ArrayBuffer(2), 'json must be made of what JSON can hold'],
      ['{"a": "\ud800"}', 'json must be without halves of surrogate pairs'],
    ];
    for (const [json, text] of wrong) {
      assert.equal(
        refusal(() => fromWire(json)),
        text,
      );
    }
    for (const none of [undefined, null, 5, true]) {
      assert.throws(() => fromWire(none), CallCtaError);
    }
  });
});

describe('objects of classes', () => {
  let platform;

  before(async () => (platform = await Platform.start()));
  beforeEach(() => (platform.requests = []));
  after(() => platform.stop());

  /** Fields that only an object's class has, and others that have nothing to do with it. */
  function withGetters(fields) {
    class Base {
      get unrelated() {
        throw new Error('it is asked for');
      }
      title() {}
    }
    class Given extends Base {
      #fields = fields;
      static read = (given, name) => given.#fields[name];
    }
    for (const name of Object.keys(fields)) {
      const get = function () {
        return Given.read(this, name);
      };
      Object.defineProperty(Given.prototype, name, { get });
    }
    return new Given();
  }

  it('are read by name', async () => {
    const told = [];
    const settings = withGetters({
      ...platform.settings(),
      userAgent: 'shop/1.0',
      retry: withGetters({ attempts: 2, baseDelayMs: 0 }),
      onRetry: ({ attempt }) => told.push(attempt),
    });
    const limited = { status: 429, body: { error: { code: 4 } } };
    platform.answer = async () => (platform.requests.length === 1 ? limited : {});
    const client = new Client(settings);
    const button = withGetters({ type: 'audio_call', title: 'Call', expiresInDays: 3 });
    const card = withGetters({ template: 'button', text: 'T', buttons: [button] });
    const { signal } = new AbortController();
    const options = withGetters({
      messagingType: 'RESPONSE',
      deadline: new Date(Date.now() + 60_000),
      signal,
    });
    await client.send(withGetters({ userRef: 'r' }), card, options);
    assert.deepEqual(told, [1]);
    const { headers, body } = platform.requests[1];
    assert.equal(headers['user-agent'], 'shop/1.0');
    assert.deepEqual([body.recipient, body.messaging_type], [{ user_ref: 'r' }, 'RESPONSE']);
    const [sent] = body.message.attachment.payload.buttons;
    assert.deepEqual(sent, { type: 'audio_call', title: 'Call', expires_in_days: 3 });
    const past = withGetters({ deadline: new Date(1) });
    assert.equal((await rejection(client.send(PSID, card, past))).kind, 'deadline_passed');
    const item = withGetters({ to: PSID, message, options: withGetters({ personaId: '7' }) });
    for await (const { receipt } of client.sendMany([item], withGetters({ lookAhead: 1 }))) {
      assert.ok(receipt);
    }
    assert.equal(platform.requests.at(-1).body.persona_id, '7');
  });

  it('are refused like others', async () => {
    const client = new Client(platform.settings());
    const own = Object.assign(withGetters({}), { tags: 'x' });
    assert.equal(
      refusal(() => validateRequest(PSID, message, own)),
      'options.tags is not a field of this object; did you mean tag?',
    );
    const map = new Map([['tag', 'HUMAN_AGENT']]);
    assert.match(
      refusal(() => validateRequest(PSID, message, map)),
      /^options must be made of what JSON can hold$/,
    );
    const date = withGetters({ deadline: new Date(NaN) });
    assert.match(
      refusal(() => validateRequest(PSID, message, date)),
      /^options\.deadline must be a valid Date$/,
    );
    const { signal } = new AbortController();
    assert.match(
      refusal(() => new Client(platform.settings({ signal }))),
      /^signal /,
    );
    const wrong = withGetters({ pace: 'fast' });
    const error = await rejection(client.sendMany([], wrong).next());
    assert.match(error.message, /^pace must be a number$/);
  });
});

describe('null', () => {
  it("is as nothing for everything that needn't be given", async () => {
    const platform = await Platform.start();
    const names = (text) => Object.fromEntries(text.split(/\s+/).map((name) => [name, null]));
    const settings = names(
      `version useMe appSecret tokenPlacement timeoutMs connectTimeoutMs bodyLimit
      maxIdleConnections userAgent proxy proxyFromEnv extraCaPem retry onRetry
      callingNotEnabledCodes workers capacity`,
    );
    const client = new Client(platform.settings(settings));
    const retry = names('attempts baseDelayMs maxDelayMs retryUnknown');
    new Client(platform.settings({ retry }));
    const view = 'webviewHeightRatio messengerExtensions fallbackUrl webviewShareButton fields';
    const url = 'https://example.com';
    const buttons = [
      { type: 'audio_call', title: 'A', ...names('expiresInDays fields') },
      { type: 'web_url', title: 'A', url, ...names(view) },
      { type: 'game_play', title: 'A', ...names('payload gameMetadata fields') },
    ];
    const element = { title: 'T', buttons, ...names('imageUrl defaultAction fields') };
    const generic = { template: 'generic', elements: [{ ...element, subtitle: 'S' }] };
    const others = names('sharable metadata fields messageFields');
    const options = names(
      `messagingType tag notificationType personaId replyTo metadata deadline unchecked fields
      signal`,
    );
    await client.send(PSID, { ...generic, ...others }, options);
    await client.send(PSID, generic);
    await client.send(PSID, { template: 'call_prompt', ttlDays: null }, null);
    const [one, other] = platform.requests;
    assert.deepEqual(one, other);
    assert.equal(one.url, '/v26.0/1234567890/messages');
    const items = [{ to: PSID, message, options: null }];
    for (const how of [null, names('pace lookAhead signal')]) {
      for await (const { receipt } of client.sendMany(items, how)) assert.ok(receipt);
    }
    platform.stop();
  });

  it('is nothing where something must be given', () => {
    assert.match(
      refusal(() => new Client({ pageId: null, accessToken: 't' })),
      /^pageId must be given$/,
    );
    assert.match(
      refusal(() => validate({ template: 'button', text: null, buttons: [] })),
      /^text must be given$/,
    );
    assert.match(
      refusal(() => validateRequest(null, message)),
      /^to must be a PSID/,
    );
  });

  it('is kept in wire forms', () => assert.equal(wired(null), null));
});

it('the package can be written as JSON', () => {
  const { version, errorKinds } = callcta;
  assert.deepEqual(JSON.parse(JSON.stringify(callcta)), { version, errorKinds });
});
