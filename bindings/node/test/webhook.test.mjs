// What is taken for a webhook and what isn't, and what events are.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

import { CallCtaError } from 'callcta';
import * as webhook from 'callcta/webhook';

const { Deduplicator, parseUnverified, Secrets, verifyAndParse, WebhookError } = webhook;

const top = fileURLToPath(new URL('../../..', import.meta.url));
const PSID = '1254477777772919';
const secrets = new Secrets('hidden secret');
const call = {
  id: 'c_1',
  to: '1',
  from: PSID,
  event: 'connect',
  timestamp: 1671644824,
  call_direction: 'user_initiated',
};
const body = Buffer.from(JSON.stringify({ object: 'page', entry: [{ id: '1', calls: [call] }] }));
const header = secrets.sign(body);

/** The kind and status with which something is refused. */
function refusal(run) {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof WebhookError, error);
    return [error.kind, error.httpStatus];
  }
  return assert.fail('it was taken');
}

/** The text with which an argument is refused. */
function unusable(run) {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CallCtaError, error);
    assert.equal(error.kind, 'invalid_argument');
    return error.message;
  }
  return assert.fail('it was taken');
}

const parse = (...messaging) =>
  parseUnverified(JSON.stringify({ entry: [{ id: '1', messaging }] })).events;

describe('webhooks', () => {
  it('are read when their signature fits', () => {
    assert.deepEqual(verifyAndParse(body, header, secrets), {
      object: 'page',
      secret: 0,
      events: [
        {
          type: 'call',
          pageId: '1',
          psid: PSID,
          time: 1671644824000,
          standby: false,
          identity: 'call:c_1:connect',
          id: 'c_1',
          event: 'connect',
          direction: 'user_initiated',
          order: [1671644824000, 0, 0],
          raw: call,
        },
      ],
    });
    assert.ok(!('secret' in parseUnverified(body)));
  });

  it('come as bytes or as a text', () => {
    const text = body.toString().replace('page', 'pägé 😀');
    const bytes = Buffer.from(text);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const within = Buffer.concat([Buffer.from('x'), bytes]).subarray(1);
    const forms = [
      bytes,
      text,
      new Uint8Array(bytes),
      Uint8Array.from(bytes).buffer,
      shared,
      within,
    ];
    for (const form of forms) {
      assert.equal(verifyAndParse(form, secrets.sign(form), secrets).object, 'pägé 😀');
    }
    assert.deepEqual(
      refusal(() => verifyAndParse('\ud800', header, secrets)),
      ['wrong_signature', 401],
    );
  });

  it('are refused when they were parsed, with what helps', () => {
    for (const parsed of [JSON.parse(body), [1], {}, null, undefined, 5, new Map()]) {
      for (const run of [
        () => verifyAndParse(parsed, header, secrets),
        () => parseUnverified(parsed),
        () => webhook.likelyCause(parsed, header, secrets),
        () => secrets.sign(parsed),
        () => secrets.verify(parsed, header),
      ]) {
        const text = unusable(run);
        assert.match(text, /not (a parsed |null|undefined).*express\.raw.*parseAs.*arrayBuffer/);
        assert.doesNotMatch(text, /c_1/);
      }
    }
    assert.match(
      unusable(() => verifyAndParse(Promise.resolve(body), header, secrets)),
      /await it/,
    );
  });

  it('are refused with another header', () => {
    const malformed = [
      [header, header],
      `${header}, ${header}`,
      header.slice(7),
      header.slice(0, -1),
      `sha1=${'0'.repeat(40)}`,
      `sha256=${'ü'.repeat(64)}`,
      '\ud800',
    ];
    for (const other of malformed) {
      assert.deepEqual(
        refusal(() => verifyAndParse(body, other, secrets)),
        ['malformed_signature', 401],
      );
      assert.deepEqual(refusal(() => secrets.verify(body, other))[0], 'malformed_signature');
    }
    for (const none of [undefined, null, '', []]) {
      assert.deepEqual(refusal(() => verifyAndParse(body, none, secrets))[0], 'missing_signature');
    }
    const wrong = `sha256=${'0'.repeat(64)}`;
    assert.deepEqual(refusal(() => verifyAndParse(body, wrong, secrets))[0], 'wrong_signature');
    assert.equal(verifyAndParse(body, [header], secrets).secret, 0);
    for (const other of [5, { 'x-hub-signature-256': header }, [5], new Headers()]) {
      assert.match(
        unusable(() => verifyAndParse(body, other, secrets)),
        /X-Hub-Signature-256/,
      );
    }
  });

  it('need a secret', () => {
    for (const none of ['', [], ['', 'x'], ['x', '']]) {
      unusable(() => verifyAndParse(body, header, none));
      unusable(() => new Secrets(none));
    }
    for (const other of [undefined, null, 5, {}, [undefined], new Map([['app', 'x']])]) {
      assert.match(
        unusable(() => verifyAndParse(body, header, other)),
        /secret/,
      );
    }
    assert.equal(verifyAndParse(body, header, ['old', 'hidden secret']).secret, 1);
    assert.equal(new Secrets(new Set(['old', 'hidden secret'])).verify(body, header), 1);
  });

  it('take the old header only when asked to', () => {
    const old = 'sha1=a18991ff7e4513a1c2d2ee51e3a8e99ca891d9cd'; // of `body` with the key `secret`
    assert.equal(new Secrets('secret', { acceptSha1: true }).verify('body', old), 0);
    assert.equal(
      refusal(() => new Secrets('secret').verify('body', old))[0],
      'malformed_signature',
    );
  });

  it('are refused when they can’t be read', () => {
    const signed = (text) => () => verifyAndParse(text, secrets.sign(text), secrets);
    assert.deepEqual(refusal(signed('[]')), ['invalid_body', 400]);
    assert.deepEqual(refusal(signed('{"a":1,"a":2}')), ['invalid_body', 400]);
    assert.deepEqual(refusal(signed('['.repeat(100_000))), ['invalid_body', 400]);
    assert.deepEqual(refusal(signed(' '.repeat(webhook.BODY_MAX + 1))), ['too_large', 413]);
  });

  it('tell nothing in errors and prints', () => {
    const expected = secrets.sign(`${body}\n`).slice(7);
    try {
      verifyAndParse(`${body}\n`, header, secrets);
      assert.fail('it was taken');
    } catch (error) {
      const shown = [error.stack, inspect(error), JSON.stringify(error), inspect(secrets)].join();
      assert.match(shown, /WebhookError: the signature does not fit/);
      assert.equal(error.code, 'CALLCTA_WRONG_SIGNATURE');
      for (const hidden of ['hidden secret', expected, header.slice(7), 'c_1', PSID]) {
        assert.ok(!shown.includes(hidden), hidden);
      }
    }
  });

  it('keep what is in them as it came', () => {
    const raw =
      '{"message":{"mid":"m_1","big":9007199254740993,"tiny":1e-7,"__proto__":{"a_b":null}}}';
    const [event] = parseUnverified(`{"entry":[{"id":"1","messaging":[${raw}]}]}`).events;
    assert.equal(event.raw.message.big, 9007199254740993n);
    const own = Object.getOwnPropertyDescriptor(event.raw.message, '__proto__');
    assert.deepEqual(own.value, { a_b: null });
    const settings = { audio_enabled: true, call_hours: { week_days: null } };
    const text = JSON.stringify({ entry: [{ call_settings: settings }] });
    assert.deepEqual(parseUnverified(text).events[0].callHours, { week_days: null });
  });

  it('keep events that can’t be read beside the others', () => {
    const events = parse(5, { message: { mid: 'm_1', text: 'Hi' } });
    assert.deepEqual(
      events.map(({ type, reason, raw, text }) => [type, reason ?? text, raw]),
      [
        ['unknown', 'the event is not an object', 5],
        ['message', 'Hi', { message: { mid: 'm_1', text: 'Hi' } }],
      ],
    );
  });

  it('are put into order', () => {
    const steps = ['terminate', 'connect', 'media_update', 'call_status'];
    const calls = steps.map((event) => ({ ...call, event }));
    const { events } = parseUnverified(JSON.stringify({ entry: [{ calls: [...calls, {}] }] }));
    const sorted = webhook.sort(new Set(events));
    const names = sorted.map(({ event = 'none' }) => event);
    assert.deepEqual(names, ['none', 'connect', 'call_status', 'media_update', 'terminate']);
    assert.equal(events[0].event, 'terminate');
  });

  it('are told once', () => {
    const [event, other] = parse({ message: { mid: 'm_1' } }, { message: { mid: 'm_2' } });
    const seen = new Deduplicator(100);
    assert.deepEqual(
      [event, event, other].map((each) => seen.isNew(each)),
      [true, false, true],
    );
    assert.ok(!seen.isNew(event.identity));
    seen.forget(event);
    assert.ok(seen.isNew(event.identity));
    const small = new Deduplicator(1);
    assert.deepEqual(
      [...'aba'].map((each) => small.isNew(each)),
      [true, true, true],
    );
    for (const count of [0, -1, 1.5, NaN, undefined, '5', 2 ** 32]) {
      assert.match(
        unusable(() => new Deduplicator(count)),
        /capacity/,
      );
    }
    for (const nothing of [undefined, {}, 5]) unusable(() => seen.isNew(nothing));
  });

  it('know every kind of refusal', () => {
    assert.equal(webhook.refusalKinds.length, 7);
    assert.ok(Object.isFrozen(webhook.refusalKinds));
  });

  it('are read alike in all languages', () => {
    const command = `node=${process.execPath} ${top}bindings/node/test/webhooks_runner.mjs`;
    const said = execFileSync('python3', [`${top}tests/conformance/webhooks.py`, command]);
    assert.match(String(said), / 0 differences/);
  });

  it('have samples of every type of event', () => {
    const found = new Set();
    const folder = `${top}tests/vectors/webhooks`;
    for (const name of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
      for (const { body, webhook } of JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'))) {
        if (webhook) for (const { type } of parseUnverified(body).events) found.add(type);
      }
    }
    const source = readFileSync(new URL('../lib/events.cts', import.meta.url), 'utf8');
    const declared = [...source.matchAll(/^ {2}type: '(\w+)';$/gm)].map(([, type]) => type);
    assert.deepEqual([...found].sort(), declared.sort());
  });
});

describe('challenges', () => {
  const query = 'hub.mode=subscribe&hub.verify_token=my+token&hub.challenge=1%2B1';

  it('are answered with their text', () => {
    for (const form of [query, `?${query}`, new URLSearchParams(query)]) {
      assert.equal(webhook.answerChallenge(form, 'my token'), '1+1');
    }
    assert.equal(webhook.challenge('subscribe', 't', '1', 't'), '1');
  });

  it('are told from other requests', () => {
    const wrong = ['wrong_verify_token', 403];
    const none = ['no_challenge', 400];
    assert.deepEqual(
      refusal(() => webhook.answerChallenge(query, 'other')),
      wrong,
    );
    assert.deepEqual(
      refusal(() => webhook.answerChallenge(query, '')),
      wrong,
    );
    assert.deepEqual(
      refusal(() => webhook.answerChallenge('', 't')),
      none,
    );
    assert.deepEqual(
      refusal(() => webhook.challenge('subscribe', 't', ['1', '2'], 't')),
      none,
    );
    assert.deepEqual(
      refusal(() => webhook.challenge(undefined, null, undefined, 't')),
      none,
    );
    assert.match(
      unusable(() => webhook.answerChallenge({}, 't')),
      /challenge\(\)/,
    );
    assert.match(
      unusable(() => webhook.answerChallenge(query, undefined)),
      /verifyToken/,
    );
  });
});

describe('help', () => {
  it('decodes what a gateway hands on', () => {
    assert.deepEqual(Buffer.from(webhook.decodeBody('e30=', true)), Buffer.from('{}'));
    assert.deepEqual(Buffer.from(webhook.decodeBody('ä', false)), Buffer.from('ä'));
    assert.deepEqual(
      refusal(() => webhook.decodeBody('{}', true)),
      ['invalid_body', 400],
    );
    assert.match(
      unusable(() => webhook.decodeBody(undefined, true)),
      /string/,
    );
  });

  it('names the likely cause', () => {
    const { likelyCause } = webhook;
    const spaced = JSON.stringify(JSON.parse(body), null, 1);
    assert.equal(likelyCause(spaced, header, secrets).kind, 'reserialized');
    const cause = likelyCause(body, header, ['mine', 'hidden secret']);
    assert.deepEqual([cause.kind, cause.secret], ['other_secret', 1]);
    assert.match(cause.advice, /app's secret/);
    assert.equal(likelyCause(body, header, secrets).kind, 'none');
  });
});
