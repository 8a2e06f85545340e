import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';

import {
  CallCtaError,
  Client,
  errorKinds,
  fromWire,
  toWire,
  validate,
  validateRequest,
} from 'callcta';

import { callButton, message, Platform, PSID, rejection, TOKEN } from './platform.mjs';

describe('errors', () => {
  let platform;
  let client;

  before(async () => {
    platform = await Platform.start();
    client = new Client(platform.settings());
  });
  beforeEach(() => {
    platform.requests = [];
    platform.answer = async () => ({});
  });
  after(() => platform.stop());

  it('arrive whole when the platform refuses', async () => {
    const error = {
      message: `(#10) ${PSID} ${TOKEN}`,
      type: 'OAuthException',
      code: 10,
      error_subcode: 2018278,
      is_transient: false,
      error_user_title: 'Title',
      error_user_msg: 'Text',
      fbtrace_id: 'Trace1',
    };
    const usage = { call_count: 1, total_time: 2, total_cputime: 3 };
    platform.answer = async () => ({
      status: 400,
      headers: { 'x-app-usage': JSON.stringify(usage), 'retry-after': '7' },
      body: { error },
    });
    const caught = await rejection(client.send(PSID, message));
    assert.ok(caught instanceof CallCtaError);
    assert.ok(caught instanceof Error);
    assert.equal(caught.name, 'CallCtaError');
    assert.equal(caught.kind, 'outside_window');
    assert.equal(caught.code, 'CALLCTA_OUTSIDE_WINDOW');
    assert.equal(caught.delivery, 'rejected');
    assert.equal(caught.httpStatus, 400);
    assert.equal(caught.retryAfterMs, 7000);
    assert.equal(caught.mayRetry, false);
    assert.equal(caught.attempts, 1);
    assert.equal(caught.usage.highest, 3);
    assert.match(caught.advice, /window/);
    assert.deepEqual(caught.violations, []);
    const { graph } = caught;
    assert.deepEqual(
      { ...graph },
      {
        code: 10,
        subcode: 2018278,
        type: 'OAuthException',
        isTransient: false,
        traceId: 'Trace1',
      },
    );
    assert.equal(graph.message, `(#10) ${PSID} [redacted]`);
    assert.deepEqual([graph.userTitle, graph.userMsg], ['Title', 'Text']);
  });

  it('print neither credentials nor people nor texts', async () => {
    const secret = 'the-app-secret';
    const text = 'a text for one person';
    const careful = new Client(platform.settings({ appSecret: secret, tokenPlacement: 'query' }));
    const told = `${TOKEN} ${secret} ${PSID} ${text}`;
    const answers = [
      { status: 400, body: { error: { code: 100, message: told, error_user_msg: told } } },
      { status: 500, body: told },
      { body: told },
    ];
    const errors = [];
    for (const answer of answers) {
      platform.answer = async () => answer;
      errors.push(await rejection(careful.send(PSID, { ...message, text })));
    }
    errors.push(await rejection(careful.send(PSID, { ...message, text: text.repeat(99) })));
    const dead = await Platform.start();
    const nobody = new Client(dead.settings({ tokenPlacement: 'query' }));
    dead.stop();
    errors.push(await rejection(nobody.send(PSID, { ...message, text })));
    assert.deepEqual(
      errors.map((error) => error.kind),
      ['invalid_request', 'service', 'invalid_response', 'invalid_message', 'connect'],
    );
    for (const error of errors) {
      const printed = [error.stack, inspect(error, { depth: 9 }), JSON.stringify(error)].join();
      for (const hidden of [TOKEN, secret, PSID, text]) {
        assert.ok(!printed.includes(hidden), `${hidden} in ${printed}`);
      }
    }
    const shown = inspect(careful, { depth: 9, showHidden: true });
    assert.ok(!shown.includes(TOKEN) && !shown.includes(secret), shown);
  });

  it('say what is beneath them', async () => {
    const dead = await Platform.start();
    const nobody = new Client(dead.settings());
    dead.stop();
    const error = await rejection(nobody.send(PSID, message));
    assert.deepEqual([error.kind, error.delivery, error.mayRetry], ['connect', 'not_sent', true]);
    assert.ok(error.cause instanceof Error);
    assert.ok(!Object.keys(error).includes('cause'));
  });

  it('show who called', async () => {
    platform.answer = async () => ({ status: 400, body: { error: { code: 551 } } });
    async function placeOrder() {
      await client.send(PSID, message);
    }
    function startOrder() {
      return client.send(PSID, message);
    }
    async function placeOrders() {
      for await (const { error } of client.sendMany([{ to: PSID, message }])) throw error;
    }
    for (const caller of [placeOrder, startOrder, placeOrders]) {
      const { stack } = await rejection(caller());
      assert.match(stack, /^CallCtaError: the person can't be reached.*\n {4}at /);
      assert.match(stack, new RegExp(`\n {4}at .*${caller.name} .*errors\\.test\\.mjs`));
      assert.ok(!stack.includes('client.cjs'), stack);
    }
    const error = await rejection(placeOrder());
    assert.match(inspect(error), /at .*placeOrder/);
    error.stack = 'other';
    assert.equal(error.stack, 'other');
  });

  it('can be written as JSON', async () => {
    const error = await rejection(client.send(PSID, { ...message, buttons: [] }));
    const written = JSON.parse(JSON.stringify(error));
    assert.equal(written.name, 'CallCtaError');
    assert.equal(written.message, error.message);
    assert.equal(written.kind, 'invalid_message');
    assert.equal(written.delivery, 'not_sent');
    assert.deepEqual(written.violations, error.violations);
    assert.equal(platform.requests.length, 0);
  });

  it('have a type for every kind of the core', () => {
    const types = readFileSync(new URL('../lib/types.d.cts', import.meta.url), 'utf8');
    const [, union] = /type ErrorKind =(.*?);/s.exec(types);
    const known = [...union.matchAll(/'(\w+)'/g)].map(([, kind]) => kind);
    assert.deepEqual(known, [...errorKinds]);
    assert.ok(Object.isFrozen(errorKinds));
  });

  it('know the codes that the user adds', async () => {
    const callingNotEnabledCodes = [{ code: 100, subcode: 42 }, { code: 7 }];
    const taught = new Client(platform.settings({ callingNotEnabledCodes }));
    platform.answer = async () => ({
      status: 400,
      body: { error: { code: 100, error_subcode: 42 } },
    });
    assert.equal((await rejection(taught.send(PSID, message))).kind, 'calling_not_enabled');
    assert.equal((await rejection(client.send(PSID, message))).kind, 'invalid_request');
  });

  it('name the setting or option that is likely meant', async () => {
    const cases = [
      [() => new Client({ ...platform.settings(), timeout: 5 }), 'timeout', 'timeoutMs'],
      [() => new Client({ ...platform.settings(), base_url: 'x' }), 'base_url', 'baseUrl'],
      [() => new Client({ ...platform.settings(), retry: { attempt: 1 } }), 'attempt', 'attempts'],
      [() => client.send(PSID, message, { messaging_type: 'RESPONSE' }), 'type', 'messagingType'],
      [() => validateRequest(PSID, message, { tags: 'HUMAN_AGENT' }), 'options.tags', 'tag'],
      [() => client.sendMany([], { lookahead: 5 }).next(), 'lookahead', 'lookAhead'],
      [() => client.send({ user_ref: 'x' }, message), 'to', 'userRef'],
    ];
    for (const [wrong, given, meant] of cases) {
      const error = await rejection((async () => wrong())());
      assert.equal(error.kind, 'invalid_argument');
      assert.ok(error.message.includes(given) && error.message.includes(meant), error.message);
      assert.match(error.stack, /errors\.test\.mjs/, error.stack);
      assert.ok(!error.stack.includes('json.cjs'), error.stack);
    }
    assert.throws(() => new Client({ ...platform.settings(), nothing: 1 }), {
      message: 'nothing is not a field of this object',
    });
  });

  it('of a closed client speak of the client', async () => {
    const closed = new Client(platform.settings());
    closed.close();
    const many = async () => {
      for await (const { error } of closed.sendMany([{ to: PSID, message }])) throw error;
    };
    for (const error of [await rejection(closed.send(PSID, message)), await rejection(many())]) {
      assert.match(error.message, /^the client is closed; nothing was sent/);
      assert.match(error.stack, /errors\.test\.mjs/);
    }
  });

  const cyclic = {};
  cyclic.self = cyclic;
  const wrongMessages = [
    [undefined, /^must be an object$/],
    ['text', /^must be an object$/],
    [[], /^must be an object$/],
    [{}, /^must be an object with template or raw; fromWire makes one of a wire form$/],
    [{ template: 'media' }, /^template must be generic, button or call_prompt/],
    [{ template: 'generic' }, /^elements must be given$/],
    [{ template: 'generic', elements: {} }, /^elements must be a list$/],
    [{ template: 'generic', elements: [null] }, /^elements\[0\] must be an object$/],
    [{ ...message, text: 5 }, /^text must be a text$/],
    [{ ...message, buttons: [callButton, { type: 'x' }] }, /^buttons\[1\]\.type must be a type/],
    [{ ...message, buttons: [{ type: 'audio_call' }] }, /^buttons\[0\]\.title must be given$/],
    [
      with_({ expires_in_days: 5 }),
      /^buttons\[0\]\.expires_in_days is not a field.*; did you mean expiresInDays\? .*fromWire$/,
    ],
    [
      { ...message, buttons: [{ type: 'audio_call', titel: 'Call' }] },
      /^buttons\[0\]\.title must be given; did you mean it by titel\?$/,
    ],
    [with_({ url: 'https://example.com' }), /^buttons\[0\]\.url is not a field/],
    [with_({ expiresInDays: 1.5 }), /^buttons\[0\]\.expiresInDays must be a whole number$/],
    [with_({ expiresInDays: '5' }), /^buttons\[0\]\.expiresInDays must be a number$/],
    [
      with_({ expiresInDays: 1e300 }),
      /^buttons\[0\]\.expiresInDays must be a whole number within 64/,
    ],
    [
      with_({ expiresInDays: 2 ** 63 }),
      /^buttons\[0\]\.expiresInDays must be a whole number within/,
    ],
    [with_({ title: null }), /^buttons\[0\]\.title must be given$/],
    [with_({ fields: { f() {} } }), /^buttons\[0\]\.fields\.f must be made of what JSON can hold$/],
    [with_({ fields: cyclic }), /^buttons\[0\]\.fields\.self must be made of what JSON can hold$/],
    [with_({ fields: { x: [1, { y: NaN }] } }), /^buttons\[0\]\.fields\.x\[1\]\.y must be made/],
    [with_({ fields: { x: [Symbol('s')] } }), /^buttons\[0\]\.fields\.x\[0\] must be made of what/],
    [with_({ fields: [1] }), /^buttons\[0\]\.fields must be an object$/],
    [{ ...message, 0: 1 }, /^0 is not a field/],
    [{ raw: {}, sharable: true }, /^sharable is not a field/],
  ];

  function with_(others) {
    return { ...message, buttons: [{ ...callButton, ...others }] };
  }

  for (const [wrong, text] of wrongMessages) {
    it(`refuse ${inspect(wrong, { depth: 1, breakLength: Infinity })}`, () => {
      const expected = { kind: 'invalid_argument', delivery: 'not_sent', message: text };
      assert.throws(() => validate(wrong), expected);
      assert.throws(() => toWire(wrong), CallCtaError);
    });
  }

  const wrongSettings = [
    [undefined, /^must be an object$/],
    [{ accessToken: 't' }, /^pageId must be given$/],
    [{ pageId: 5 }, /^pageId must be a text$/],
    [{ pageId: 'page' }, /digits/],
    [{ timeout: 5 }, /^timeout is not a field/],
    [{ timeout_ms: 5 }, /^timeout_ms is not a field/],
    [{ timeoutMs: -1 }, /^timeoutMs must be a number of milliseconds, 0 or more$/],
    [{ bodyLimit: -1 }, /^bodyLimit must be a whole number, 0 or more$/],
    [{ tokenPlacement: 'cookie' }, /^tokenPlacement must be header, query or body$/],
    [{ retry: { attempts: 'many' } }, /^retry\.attempts must be a whole number, 0 or more$/],
    [{ retry: { attempt: 2 } }, /^retry\.attempt is not a field/],
    [{ retry: 2 }, /^retry must be an object$/],
    [{ onRetry: true }, /^onRetry must be a function$/],
    [{ callingNotEnabledCodes: [7] }, /^callingNotEnabledCodes must be a list of objects/],
    [{ baseUrl: 'http://example.com' }, /https/],
    [{ extraCaPem: 'no certificate' }, /certificate/],
  ];

  for (const [index, [wrong, text]] of wrongSettings.entries()) {
    it(`refuse settings ${inspect(wrong, { breakLength: Infinity })}`, () => {
      const settings = index < 2 ? wrong : platform.settings(wrong);
      const expected = { name: 'CallCtaError', kind: 'invalid_argument', message: text };
      assert.throws(() => new Client(settings), expected);
    });
  }

  it('reject promises for wrong arguments of send', async () => {
    const to = /^to must be a PSID or an object with id/;
    const wrong = [
      [[5, message], to],
      [[{}, message], to],
      [[{ id: PSID, userRef: 'r' }, message], /^to\.userRef is not a field/],
      [[PSID, 'text'], /^message must be an object$/],
      [[PSID, message, { metadata: 5 }], /^options\.metadata must be a text$/],
      [[PSID, message, { tags: 'x' }], /^options\.tags is not a field/],
      [[PSID, message, { reply_to: 'x' }], /^options\.reply_to is not a field/],
      [[PSID, message, { unchecked: 1 }], /^options\.unchecked must be true or false$/],
      [[PSID, message, { deadlineMs: 5 }], /^options\.deadlineMs is not a field/],
      [
        [PSID, message, { fields: { n: 2n ** 64n } }],
        /^options\.fields\.n must be within 64 bits$/,
      ],
      [[PSID, message, 5], /^options must be an object$/],
      [[PSID, { ...message, text: () => 'hi' }], /^message\.text must be made of what JSON/],
      [[PSID, { raw: { list: [NaN] } }], /^message\.raw\.list\[0\] must be made of what JSON/],
      [[PSID, message, { signal: {} }], /^options\.signal must be an AbortSignal$/],
      [[PSID, message, { signal: new AbortController() }], /^options\.signal must be an AbortS/],
      [[PSID, message, { deadline: 5 }], /^options\.deadline must be a valid Date$/],
      [[PSID, message, { deadline: new Date(NaN) }], /^options\.deadline must be a valid Date$/],
    ];
    for (const [given, text] of wrong) {
      const error = await rejection(client.send(...given));
      assert.equal(error.kind, 'invalid_argument');
      assert.match(error.message, text);
    }
    assert.equal(platform.requests.length, 0);
  });

  it('say what threw while it was read', async () => {
    const thrown = new RangeError('mine');
    const trap = (name) => ({
      get [name]() {
        throw thrown;
      },
    });
    const client = new Client(platform.settings());
    const traps = [
      [() => validate(trap('template')), "template can't be read"],
      [() => validate({ raw: trap('a') }), "raw.a can't be read"],
      [() => validate({ toJSON: () => trap('a').a }), "can't be read"],
      [
        () => client.send(PSID, { raw: { list: [trap('b')] } }),
        "message.raw.list[0].b can't be read",
      ],
      [() => client.send(trap('id'), message), "to.id can't be read"],
      [() => client.send(PSID, message, trap('signal')), "options can't be read"],
      [() => client.sendMany([], trap('pace')).next(), "options can't be read"],
      [() => new Client(trap('onRetry')), "settings can't be read"],
    ];
    for (const [failing, text] of traps) {
      const error = await rejection((async () => failing())());
      assert.deepEqual([error.kind, error.message], ['invalid_argument', text]);
      assert.equal(error.cause, thrown);
    }
    const { value: outcome } = await client.sendMany([trap('to')]).next();
    assert.equal(outcome.error.message, "the item can't be read");
  });

  it('refuse a text that is no JSON object', () => {
    for (const text of ['{', '[]', '']) {
      assert.throws(() => fromWire(text), { kind: 'invalid_message', delivery: 'not_sent' });
    }
  });

  it('say that no file is left for a connection', async () => {
    const client = new Client(platform.settings({ retry: { attempts: 1 } }));
    const files = [];
    try {
      for (;;) files.push(openSync('/dev/null'));
    } catch (error) {
      assert.equal(error.code, 'EMFILE');
    }
    const errors = [await rejection(client.send(PSID, message))];
    for await (const { error } of client.sendMany([{ to: PSID, message }])) errors.push(error);
    for (const file of files) closeSync(file);
    assert.equal(errors.length, 2);
    for (const error of errors) {
      assert.deepEqual(
        [error.kind, error.delivery, error.mayRetry],
        ['out_of_resources', 'not_sent', true],
      );
      assert.match(error.advice, /ulimit -n/);
    }
  });

  it('come when the deadline has passed', async () => {
    const error = await rejection(client.send(PSID, message, { deadline: new Date(0) }));
    assert.deepEqual([error.kind, error.delivery], ['deadline_passed', 'not_sent']);
    assert.equal(platform.requests.length, 0);
  });
});
