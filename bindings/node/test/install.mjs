// Packs the package, installs it in an empty folder and sends the README's first
// sample with it to the program's emulator.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'callcta-'));
const run = (command, args, cwd, env = {}) =>
  execFileSync(command, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8' });

const cargo = ['run', '--quiet', '--locked', '--package', 'callcta-cli', '--', 'emulate'];
const emulator = spawn('cargo', cargo, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
try {
  const packed = run('npm', ['pack', '--silent', '--pack-destination', folder], root).trim();
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', join(folder, packed.split('\n').at(-1))],
    folder,
  );

  const [, code] = /^```js\n(.*?)^```/ms.exec(readFileSync(join(root, 'README.md'), 'utf8'));
  writeFileSync(join(folder, 'sample.mjs'), code);
  const { value: line } = await createInterface(emulator.stdout)[Symbol.asyncIterator]().next();
  const facts = JSON.parse(line);
  const messageId = run(process.execPath, ['sample.mjs'], folder, {
    CALLCTA_PAGE_ID: facts.page_id,
    CALLCTA_ACCESS_TOKEN: facts.access_token,
    CALLCTA_BASE_URL: facts.url,
    CALLCTA_PSID: facts.psids[0],
  }).trim();
  assert.match(messageId, /^m_\w+$/);
  console.log(messageId);
} finally {
  emulator.kill();
  rmSync(folder, { recursive: true, force: true });
}
