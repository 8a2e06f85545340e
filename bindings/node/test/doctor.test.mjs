import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';

import { Client } from 'callcta';
import { Emulator } from 'callcta/testing';
import { answerChallenge, verifyAndParse } from 'callcta/webhook';

const VERIFY = 'a-verify-token';
const HOUR = 3_600_000;

/** With an emulator whose clock is this machine's. */
async function emulated(use) {
  const emulator = new Emulator();
  const client = emulator.client({ appSecret: emulator.appSecret });
  try {
    const { now } = await emulator.control('GET', 'clock');
    await emulator.control('POST', 'clock', { advance_ms: Date.now() - now });
    await use(emulator, client);
  } finally {
    client.close();
    emulator.stop();
  }
}

/** A server on this event loop: it answers only as long as that goes on. */
async function served(answer, use) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A good receiver, but for https. */
const receiver = (secret) => async (request, response) => {
  try {
    if (request.method === 'GET') {
      response.end(answerChallenge(request.url.split('?')[1], VERIFY));
      return;
    }
    const body = Buffer.concat(await request.toArray());
    verifyAndParse(body, request.headers['x-hub-signature-256'], secret);
    response.end();
  } catch (error) {
    response.writeHead(error.httpStatus ?? 500).end();
  }
};

function silent(diagnosis, ...words) {
  const told = inspect(diagnosis, { depth: 9 }) + JSON.stringify(diagnosis);
  for (const word of words) assert.ok(!told.includes(word));
}

describe('the doctor', () => {
  it('finds nothing wrong with a healthy Page, while the event loop goes on', () =>
    emulated(async (emulator, client) => {
      const healthy = await client.doctor();
      assert.equal(healthy.status, 'ok', healthy.text);
      assert.equal(healthy.cause, undefined);
      assert.deepEqual([...new Set(healthy.checks.map(({ status }) => status))], ['ok']);
      assert.deepEqual(await emulator.messages(), []);
      const written = { type: 'message', text: 'Hi' };
      await emulator.control('POST', `people/${emulator.psids[0]}/actions`, written);
      await served(receiver(emulator.appSecret), async (webhook) => {
        const diagnosis = await client.doctor({
          person: emulator.psids[0],
          lastAction: new Date(Date.now() - HOUR),
          webhook,
          verifyToken: VERIFY,
          sendTest: true,
          timeoutMs: 30_000,
        });
        const others = diagnosis.checks.filter(({ status }) => status !== 'ok');
        assert.deepEqual(
          others.map(({ id, status }) => [id, status]),
          [['challenge', 'warn']],
          diagnosis.text,
        );
        assert.match(others[0].result, /https/);
        const { appSecret, accessToken, psids } = emulator;
        silent(diagnosis, appSecret, accessToken, psids[0], VERIFY);
      });
      assert.equal((await emulator.messages()).length, 1);
    }));

  it('names first that audio calling is off', () =>
    emulated(async (emulator, client) => {
      const pages = { [emulator.pageId]: { audio_enabled: false } };
      await emulator.control('PATCH', 'state', { pages });
      const { status, verdict, checks, cause, text } = await client.doctor();
      assert.deepEqual([status, cause.id], ['fail', 'audio']);
      assert.equal(
        cause,
        checks.find(({ id }) => id === 'audio'),
      );
      assert.ok(cause.fix);
      assert.ok(checks.some(({ status, because }) => status === 'skipped' && because === 'audio'));
      assert.ok(text.includes(`\nfail     ${cause.title}: ${cause.result}\n`), text);
      assert.ok(text.endsWith(`\nfail     ${verdict}`), text);
    }));

  it('shows no token', () =>
    emulated(async ({ pageId, url, psids }) => {
      const client = new Client({ pageId, accessToken: 'secret-token', baseUrl: url });
      const diagnosis = await client.doctor({ person: psids[0], verifyToken: VERIFY });
      client.close();
      assert.equal(diagnosis.cause.id, 'token');
      silent(diagnosis, 'secret-token', psids[0], VERIFY);
    }));

  it('takes dates and Unix milliseconds', () =>
    emulated(async (emulator, client) => {
      const window = async (lastAction) => {
        const { checks } = await client.doctor({ person: emulator.psids[0], lastAction });
        return checks.find(({ id }) => id === 'window').status;
      };
      const now = Date.now();
      for (const [at, status] of [
        [now - HOUR, 'ok'],
        [now - 25 * HOUR, 'fail'],
        [now + HOUR, 'unknown'],
      ]) {
        assert.equal(await window(at), status);
        assert.equal(await window(new Date(at)), status);
      }
      assert.equal(await window(undefined), 'unknown');
      for (const wrong of ['yesterday', new Date(Number.NaN), -1]) {
        await assert.rejects(window(wrong), { kind: 'invalid_argument', message: /last_?action/i });
      }
    }));

  it('refuses an option that there is none of', () =>
    emulated(async (_, client) => {
      const unknown = { kind: 'invalid_argument', message: /did you mean person\?/ };
      await assert.rejects(client.doctor({ persn: '1' }), unknown);
      for (const wrong of [{ timeoutMs: 'soon' }, { sendTest: 1 }, { signal: 7 }]) {
        await assert.rejects(client.doctor(wrong), { kind: 'invalid_argument' });
      }
    }));

  it('is given up with its signal', async () => {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    await served(
      () => controller.abort(reason),
      async (baseUrl) => {
        const client = new Client({ pageId: '1', accessToken: 't', baseUrl });
        const { signal } = controller;
        const cancelled = { kind: 'cancelled', delivery: 'not_sent', reason: 'aborted' };
        const given = { signal, timeoutMs: 60_000 };
        await assert.rejects(client.doctor(given), { ...cancelled, cause: reason });
        await assert.rejects(client.doctor(given), cancelled);
        client.close();
      },
    );
  });
});
