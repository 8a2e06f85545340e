import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';

import { CallCtaError, Client } from 'callcta';
import { settingsFromWire, settingsToWire, validateSettings } from 'callcta/calling';
import { Emulator } from 'callcta/testing';
import { parseUnverified } from 'callcta/webhook';

const OFFER = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';

async function emulated(use) {
  const emulator = new Emulator();
  const client = emulator.client();
  try {
    await use(emulator, client.calling, client);
  } finally {
    client.close();
    emulator.stop();
  }
}

/** Is told of each request's number; its answer may take its time. */
async function served(answer, use) {
  let requests = 0;
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    requests += 1;
    const body = await answer(requests, request, response);
    if (body === undefined) response.destroy();
    else response.end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new Client({
    pageId: '1',
    accessToken: 'secret-token',
    baseUrl: `http://127.0.0.1:${server.address().port}`,
    retry: { baseDelayMs: 0 },
  });
  try {
    await use(client.calling, () => requests);
  } finally {
    client.close();
    server.closeAllConnections();
    server.close();
  }
}

const kind =
  (kind, more = {}) =>
  (error) => {
    assert.ok(error instanceof CallCtaError, inspect(error));
    assert.equal(error.kind, kind);
    for (const [name, value] of Object.entries(more)) assert.equal(error[name], value, name);
    return true;
  };

describe('call settings', () => {
  it('are read and changed', () =>
    emulated(async (_, calling) => {
      const settings = {
        audioEnabled: true,
        videoEnabled: true,
        iconEnabled: false,
        callRouting: 'META',
        callHours: {
          timezoneId: 'Africa/Lagos',
          weeklyOperatingHours: [{ dayOfWeek: 'MONDAY', openTime: '0900', closeTime: '1700' }],
        },
      };
      await calling.setSettings(settings);
      assert.deepEqual(await calling.settings(), settings);
      await calling.setSettings({ iconEnabled: true });
      assert.deepEqual(await calling.settings(), { ...settings, iconEnabled: true });
      await assert.rejects(
        calling.setSettings({ callHours: { timezoneId: 'UTC' } }),
        kind('invalid_message', { delivery: 'not_sent' }),
      );
    }));

  it('lose nothing', () => {
    for (const wire of [
      {
        audio_enabled: 'perhaps',
        call_routing: { ring_target: 'META', since: 7 },
        call_hours: { timezone_id: 5, weekly_operating_hours: [{ open: [1] }], note: null },
        new: { a: [1, null] },
      },
      { call_hours: { weekly_operating_hours: [7] } },
      { call_routing: 'META' },
      {},
    ]) {
      const settings = settingsFromWire(wire);
      if (wire.call_routing !== 'META') assert.deepEqual(settingsToWire(settings), wire);
      else assert.equal(settings.fields.call_routing, 'META');
    }
  });

  it('are checked', () => {
    assert.deepEqual(validateSettings({ audioEnabled: true }), []);
    const wrong = validateSettings({ audioEnabled: 'yes', callRouting: 'PARTNER' });
    assert.deepEqual(
      wrong.map(({ rule, severity }) => [rule, severity]),
      [
        ['wrong_type', 'error'],
        ['unknown_name', 'warning'],
      ],
    );
    assert.throws(() => validateSettings(null), kind('invalid_argument'));
  });
});

describe('calling', () => {
  it('accepts a call and ends it', () =>
    emulated(async (emulator, calling, client) => {
      const psid = emulator.psids[0];
      await calling.featureStatus().then(({ status }) => assert.equal(status, 'enabled'));
      await client.send(psid, {
        template: 'button',
        text: 'Contact Support!',
        buttons: [{ type: 'audio_call', title: 'Call Now' }],
      });
      const { messageId } = (await emulator.messages()).at(-1);
      await emulator.tap(messageId);
      const { body } = (await emulator.webhooks()).at(-1);
      const [event] = parseUnverified(body).events;
      // The emulator's clock is behind.
      await assert.rejects(
        calling.accept(event.id, OFFER, { rangAt: event.time }),
        kind('deadline_passed', { delivery: 'not_sent', attempts: 0 }),
      );
      const session = await calling.accept(event.id, OFFER, { rangAt: Date.now() });
      assert.equal(session.callId, event.id);
      assert.ok(session.answer.startsWith('v=0\r\n'));
      const track = { msid: 'a', label: 'default_audio', enabled: false };
      await calling.updateMedia(event.id, { tracks: [track] });
      await calling.terminate(event.id);
      await assert.rejects(calling.reject(event.id), (error) => error.graph.code === 2018396);
      await calling.reportMetrics({
        call_id: event.id,
        end_call_reason: 'Hangup_Call',
        call_ended_time: 2,
        first_audio_packet_received_time: 1,
        audio_stats: {},
      });
    }));

  it('knows what is permitted', () =>
    emulated(async (emulator, calling) => {
      const psid = emulator.psids[0];
      const before = await calling.permissions(psid);
      assert.equal(before.status, 'no_permission');
      assert.equal(before.actions[0].limits[0].maxAllowed, 2);
      await assert.rejects(calling.connect(psid, OFFER), kind('permission_denied'));
      const { recipientId } = await calling.requestPermission(psid);
      assert.equal(recipientId, psid);
      await calling.subscribe(['calls', 'messages']);
      const [app] = await calling.subscriptions();
      assert.deepEqual(app.fields, ['calls', 'messages']);
      await calling.setSettings({ audioEnabled: false });
      await assert.rejects(calling.permissions(psid), kind('calling_not_enabled'));
    }));

  it('makes one request to accept, and ends a call once more if need be', () =>
    served(
      (number) => (number > 2 ? { success: true } : undefined),
      async (calling, requests) => {
        const once = kind('network', { delivery: 'unknown', attempts: 1 });
        await assert.rejects(calling.accept('c_1', OFFER), once);
        assert.equal(requests(), 1);
        await calling.terminate('c_1');
        assert.equal(requests(), 3);
      },
    ));

  it('takes options, and says which there are none of', () =>
    served(
      (_, request) => ({ success: request.headers.traceparent === '00-1' }),
      async (calling) => {
        await calling.reject('c_1', { headers: { traceparent: '00-1' }, timeoutMs: 5000 });
        await assert.rejects(calling.reject('c_1'), kind('api', { delivery: 'rejected' }));
        const past = { deadline: new Date(2020, 1, 1) };
        await assert.rejects(calling.reject('c_1', past), kind('deadline_passed'));
        for (const wrong of [{ timeuotMs: 5 }, { deadline: 7 }, { signal: 7 }, { unchecked: 1 }]) {
          await assert.rejects(calling.reject('c_1', wrong), kind('invalid_argument'));
        }
        for (const wrong of [5, undefined, '\ud83d']) {
          await assert.rejects(calling.reject(wrong), kind('invalid_argument'));
        }
      },
    ));

  it('gives a request up with its signal', () =>
    served(
      () => new Promise(() => {}),
      async (calling, requests) => {
        const controller = new AbortController();
        const ending = calling.settings({ signal: controller.signal });
        while (requests() === 0) await new Promise(setImmediate);
        const reason = new Error('no longer wanted');
        controller.abort(reason);
        const aborted = { delivery: 'unknown', reason: 'aborted', cause: reason };
        await assert.rejects(ending, kind('cancelled', aborted));
        const late = { delivery: 'not_sent', reason: 'aborted' };
        await assert.rejects(calling.settings(controller), kind('cancelled', late));
      },
    ));

  it('shows nothing secret, and who called', () =>
    served(
      () => ({ error: { code: 190, message: 'Malformed secret-token' } }),
      async (calling) => {
        const error = await calling.connect('12544777777', 'v=0 words').catch((error) => error);
        kind('authentication')(error);
        const told = inspect(error) + JSON.stringify(error);
        for (const word of ['secret-token', '12544777777', 'words'])
          assert.ok(!told.includes(word));
        assert.match(error.stack, /calling\.test/);
      },
    ));
});
