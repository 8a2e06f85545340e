// The README's code and the examples run as they are.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Emulator } from 'callcta/testing';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);

/** What the blocks after the first take for granted. */
const given = `
import { Client as GivenClient } from 'callcta';
const psids = (process.env.PSIDS ?? '').split(' ');
const [psid = ''] = psids;
const client = GivenClient.fromEnv();
/** @type {import('callcta').Message} */
const message = { template: 'button', text: 'T', buttons: [{ type: 'audio_call', title: 'Call' }] };
`;

describe('documentation', () => {
  let emulator;
  let folder;

  before(() => {
    emulator = new Emulator();
    // Inside of the package, so that it can import itself.
    folder = mkdtempSync(join(root, 'test', 'readme-'));
  });
  after(() => {
    emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Makes a program of a block. */
  function write(index) {
    const path = join(folder, `block-${index}.mjs`);
    writeFileSync(path, index === 0 ? blocks[0] : given + blocks[index]);
    return path;
  }

  async function run(...args) {
    const env = {
      ...process.env,
      CALLCTA_PAGE_ID: emulator.pageId,
      CALLCTA_ACCESS_TOKEN: emulator.accessToken,
      CALLCTA_BASE_URL: emulator.url,
      CALLCTA_PSID: emulator.psids[0],
      PSIDS: emulator.psids.join(' '),
    };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complained = '';
    child.stdout.on('data', (text) => (said += text));
    child.stderr.on('data', (text) => (complained += text));
    const [code] = await once(child, 'close');
    assert.deepEqual([code, complained], [0, '']);
    return said.trim().split('\n');
  }

  it('has code whose types are right', () => {
    blocks.forEach((_, index) => write(index));
    const compilerOptions = {
      strict: true,
      checkJs: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
    };
    const settings = JSON.stringify({ compilerOptions, include: ['*.mjs'] });
    writeFileSync(join(folder, 'tsconfig.json'), settings);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const args = [tsc, '--project', folder];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, '']);
  });

  const outputs = [
    /^m_/,
    /^m_/,
    /must be 1 to 7 days, is 8/,
    /^c_1 rings\n200 401$/,
    /^\[\]$/,
    /^ok: nothing was found/,
    /^invalid_recipient rejected/,
    /^$/,
    /^\d+ m_/m,
    /^\d+ sent\n/,
    /^finished\norder-1 sent$/m,
    /^1\noutside_window$/,
  ];

  it('has a check for each block', () => assert.equal(blocks.length, outputs.length));

  for (const [index, code] of blocks.entries()) {
    it(`has code that runs: ${code.trim().split('\n')[0]}`, async () => {
      assert.match((await run(write(index))).join('\n'), outputs[index]);
      await emulator.reset();
    });
  }

  it('has an example of one send', async () => {
    const [line, ...others] = await run(join(root, 'examples/send.mjs'), emulator.psids[0]);
    const [stored] = await emulator.messages();
    assert.deepEqual([line, ...others], [stored.messageId]);
    await emulator.reset();
  });

  it('has an example of many sends', async () => {
    const path = join(folder, 'psids.txt');
    writeFileSync(path, `${emulator.psids[0]}\n999999999999999\n`);
    const lines = await run(join(root, 'examples/many.mjs'), path);
    const [stored] = await emulator.messages();
    assert.deepEqual(lines.sort(), [
      `${emulator.psids[0]} ${stored.messageId}`,
      '999999999999999 invalid_recipient (rejected)',
    ]);
    await emulator.reset();
  });

  it('has an example of errors', async () => {
    assert.deepEqual(await run(join(root, 'examples/errors.cjs')), [
      'CALLCTA_INVALID_MESSAGE: not_sent',
      'CALLCTA_INVALID_REQUEST: rejected',
      'CALLCTA_INVALID_RECIPIENT: rejected',
      'CALLCTA_AUTHENTICATION: rejected',
      'CALLCTA_NETWORK: unknown',
      'CALLCTA_CONNECT: not_sent',
    ]);
  });
});
