import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Client } from 'callcta';

import { gate, message, Platform, PSID, rejection } from './platform.mjs';

const fixture = fileURLToPath(new URL('fixtures/lifetime.mjs', import.meta.url));

describe('a process', () => {
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

  /** Plays a scene; `during` runs beside it and can speak to it. */
  async function play(scene, during = () => held.open()) {
    const arguments_ = ['--expose-gc', fixture, platform.url, scene];
    const child = spawn(process.execPath, arguments_, { stdio: ['pipe', 'pipe', 'pipe'] });
    // It may end before it reads.
    child.stdin.on('error', () => {});
    let said = '';
    let complained = '';
    child.stdout.on('data', (text) => (said += text));
    child.stderr.on('data', (text) => (complained += text));
    const closed = once(child, 'close');
    await during(child);
    const [code, signal] = await closed;
    return { code, signal, said: said.trim(), complained };
  }

  const ended = (said) => ({ code: 0, signal: null, said, complained: '' });

  it('is not kept by an idle client', async () => {
    assert.deepEqual(await play('idle'), ended('m_1'));
  });

  it('is kept by a pending send', async () => {
    const played = await play('pending', async () => {
      await platform.received(1);
      held.open();
    });
    assert.deepEqual(played, ended('m_1'));
  });

  it('is not kept by a send that was given up', async () => {
    const played = await play('aborted', async (child) => {
      await platform.received(1);
      child.stdin.write('abort');
    });
    assert.deepEqual(played, ended('unknown'));
  });

  it('is not kept by many that were given up', async () => {
    const played = await play('abandoned', async (child) => {
      await platform.received(100);
      child.stdin.write('abort');
      await once(child.stdout, 'data');
      held.open();
    });
    assert.deepEqual(played, ended('aborted'));
  });

  it('may collect a client whose onRetry refers to it', async () => {
    assert.deepEqual(await play('owned'), ended('true'));
  });

  it('keeps an emulator as long as its client', async () => {
    assert.deepEqual(await play('emulator'), ended('sent'));
  });

  it('may collect a client whose send is pending', async () => {
    const played = await play('collected', async (child) => {
      await platform.received(1);
      // Some rounds of the garbage collector later.
      const other = new Client(platform.settings());
      platform.answer = async () => ({});
      for (let round = 0; round < 20; round += 1) await other.send(PSID, message);
      held.open();
      child.stdin.write('enough');
    });
    assert.deepEqual(played, ended('m_1'));
  });

  it('can exit while it sends', async () => {
    const played = await play('exit', async (child) => {
      await platform.received(64);
      child.stdin.write('exit');
    });
    assert.deepEqual(played, { ...ended(''), code: 7 });
  });

  it('can fail while it sends', async () => {
    const played = await play('throw', async (child) => {
      await platform.received(64);
      child.stdin.write('throw');
    });
    assert.deepEqual([played.code, played.signal], [1, null]);
    assert.match(played.complained, /Error: on purpose/);
  });

  it('can terminate a worker while it sends', async () => {
    const played = await play('terminate', async (child) => {
      await platform.received(128);
      child.stdin.write('terminate');
    });
    assert.deepEqual(played, ended('still here'));
  });

  it('can send from several threads', async () => {
    const played = await play('workers');
    assert.deepEqual(played, ended('[ [ 0 ], [ 0 ] ]'));
    assert.equal(platform.requests.length, 300);
  });

  it('can close a client while it sends', async () => {
    const played = await play('close', async (child) => {
      await platform.received(64);
      child.stdin.write('close');
    });
    const kinds = '["cancelled not_sent","cancelled unknown"] cancelled not_sent';
    assert.deepEqual(played, ended(kinds));
  });
});

describe('disposing of a client', () => {
  it('closes it', async () => {
    const platform = await Platform.start();
    const client = new Client(platform.settings());
    client[Symbol.dispose]();
    assert.equal((await rejection(client.send(PSID, message))).kind, 'cancelled');
    platform.stop();
  });

  for (const end of ['drain', Symbol.asyncDispose]) {
    it(`waits for what is pending when it may: ${String(end)}`, async () => {
      const platform = await Platform.start();
      const held = gate();
      platform.answer = async () => {
        await held.opened;
        return {};
      };
      const client = new Client(platform.settings({ workers: 1 }));
      assert.equal(client.pending, 0);
      const sends = ['1', '2'].map((to) => client.send(to, message));
      assert.equal(client.pending, 2);
      await platform.received(1);
      let drained = false;
      const ending = client[end]().then(() => (drained = true));
      const { kind, reason, delivery } = await rejection(client.send('3', message));
      assert.deepEqual([kind, reason, delivery], ['cancelled', 'closed', 'not_sent']);
      assert.ok(!drained);
      assert.equal(client.pending, 2);
      held.open();
      assert.equal((await Promise.all(sends)).length, 2);
      await ending;
      assert.equal(client.pending, 0);
      assert.equal((await rejection(client.send(PSID, message))).reason, 'closed');
      assert.equal(platform.requests.length, 2);
      platform.stop();
    });
  }

  it('counts those of sendMany as well', async () => {
    const platform = await Platform.start();
    const held = gate();
    platform.answer = () => held.opened;
    const client = new Client(platform.settings());
    const outcomes = client.sendMany([{ to: '1', message }]);
    const first = outcomes.next();
    await platform.received(1);
    assert.equal(client.pending, 1);
    held.open({});
    assert.ok((await first).value.receipt);
    assert.equal(client.pending, 0);
    await client.drain();
    platform.stop();
  });
});
