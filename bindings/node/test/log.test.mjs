import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Client } from 'callcta';

import { message, Platform, PSID, rejection, TOKEN } from './platform.mjs';

describe('what is logged of a send', () => {
  it('goes to those who subscribe, and only then', async () => {
    const platform = await Platform.start();
    const client = new Client(platform.settings());
    const lines = [];
    const listen = ({ line }, name) => lines.push([name, line]);
    await client.send(PSID, message);
    diagnostics.subscribe('callcta:send', listen);
    await client.send(PSID, message);
    const error = { code: 551, message: `${PSID} ${TOKEN}`, fbtrace_id: 'Trace1' };
    platform.answer = async () => ({ status: 400, body: { error } });
    await rejection(client.send(PSID, message));
    for await (const outcome of client.sendMany([{ to: PSID, message }])) assert.ok(outcome.error);
    diagnostics.unsubscribe('callcta:send', listen);
    await rejection(client.send(PSID, message));
    const failed =
      /^send: recipient_unavailable, delivery rejected, status 400, attempts 1, \d+ ms, trace id Trace1$/;
    assert.equal(lines.length, 3);
    assert.ok(lines.every(([name]) => name === 'callcta:send'));
    assert.match(lines[0][1], /^send: ok, attempts 1, \d+ ms, message id m_1$/);
    assert.match(lines[1][1], failed);
    assert.match(lines[2][1], failed);
    platform.stop();
  });

  it('is printed when NODE_DEBUG asks for it', async () => {
    const platform = await Platform.start();
    const fixture = fileURLToPath(new URL('fixtures/lifetime.mjs', import.meta.url));
    const printed = async (NODE_DEBUG) => {
      const env = { ...process.env, NODE_DEBUG };
      const child = spawn(process.execPath, [fixture, platform.url, 'idle'], { env });
      let text = '';
      child.stderr.on('data', (more) => (text += more));
      await once(child, 'close');
      return text;
    };
    assert.match(
      await printed('callcta'),
      /^CALLCTA \d+: send: ok, attempts 1, \d+ ms, message id m_1\n$/,
    );
    assert.equal(await printed('other'), '');
    platform.stop();
  });
});
