// Installs the packages of a release from their folder in empty ones, with npm and with pnpm, and
// tries them and the program in them; no Rust is in the PATH then. Prints the seconds from the
// files to the README's first message. Then compiles what is there to be compiled.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  lstatSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { platforms } from '../scripts/platforms.mjs';

const PNPM = 'pnpm@12.21.0';
const { prebuilt } = createRequire(import.meta.url)('../dist/unloadable.cjs');
const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const files = resolve(process.argv[2]);
const packed = (name) => join(files, `callcta${name}-${version}.tgz`);
const [binding] = readdirSync(files).filter((name) => name.startsWith('callcta-binding-'));
const top = mkdtempSync(join(tmpdir(), 'callcta-'));

/** The environment of a machine that has few tools and no Rust. */
function withoutRust() {
  const bin = join(top, 'bin');
  mkdirSync(bin);
  for (const tool of ['sh', 'env', 'sed', 'dirname', 'basename', 'uname', 'cat', 'node', 'npm']) {
    const { stdout } = spawnSync('which', [tool], { encoding: 'utf8' });
    if (stdout !== '') symlinkSync(stdout.trim(), join(bin, tool));
  }
  const kept = Object.entries(process.env).filter(([name]) => !/^(CARGO|RUST|npm_)/.test(name));
  return { ...Object.fromEntries(kept), PATH: bin };
}

const poor = withoutRust();
/** What a command in a folder says, and how it ends. */
function ran(folder, env, command, ...args) {
  const PATH = [join(folder, 'node_modules/.bin'), env.PATH].join(delimiter);
  return spawnSync(command, args, { cwd: folder, env: { ...env, PATH }, encoding: 'utf8' });
}

function said(folder, env, command, ...args) {
  const done = ran(folder, env, command, ...args);
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout.trim();
}

function project(name) {
  const folder = join(top, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  const [, code] = /^```js\n(.*?)^```/ms.exec(readFileSync(join(root, 'README.md'), 'utf8'));
  writeFileSync(join(folder, 'sample.mjs'), code);
  return folder;
}

/** Sends the README's sample to the emulator of the program that came with the package. */
function tried(folder, env) {
  const sent = said(folder, env, 'callcta', 'emulate', '--', 'node', 'sample.mjs');
  assert.match(sent, /^m_\w+$/);
  assert.equal(said(folder, env, 'callcta', '--version'), `callcta ${version}`);
  return sent;
}

/** The package names the native parts of all platforms, and this one what is in it of others. */
function checked(folder) {
  const scope = join(folder, 'node_modules/@callcta');
  const [mine] = readdirSync(scope);
  assert.match(readFileSync(join(scope, mine, 'THIRD-PARTY.txt'), 'utf8'), /^rustls \d/m);
  const path = join(folder, 'node_modules/callcta/package.json');
  const { optionalDependencies } = JSON.parse(readFileSync(path, 'utf8'));
  const all = Object.fromEntries(platforms.map((name) => [prebuilt(name), version]));
  assert.deepEqual(optionalDependencies, all);
  assert.ok(`@callcta/${mine}` in all, mine);
}

function size(folder) {
  const entries = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  // pnpm links.
  const sizes = new Map(entries.map((name) => lstatSync(name)).map(({ ino, size }) => [ino, size]));
  return [...sizes.values()].reduce((sum, one) => sum + one, 0);
}

/** Says no, with a sentence of callcta's. */
function refused(folder, env, words, command, ...args) {
  const { status, stdout, stderr } = ran(folder, env, command, ...args);
  assert.notEqual(status, 0, stdout);
  assert.match(`${stdout}${stderr}`, words);
}

try {
  const quiet = ['--no-audit', '--no-fund'];
  const tools = project('tools');
  said(tools, process.env, 'npm', 'install', ...quiet, PNPM);
  symlinkSync(join(tools, 'node_modules/.bin/pnpm'), join(poor.PATH, 'pnpm'));

  const ways = {
    npm: ['npm', 'install', ...quiet, '--offline'],
    pnpm: ['pnpm', 'add', '--offline'],
  };
  for (const [name, install] of Object.entries(ways)) {
    const folder = project(name);
    const begun = Date.now();
    said(folder, poor, ...install, join(files, binding), packed(''));
    const sent = tried(folder, poor);
    const seconds = (Date.now() - begun) / 1000;
    checked(folder);
    const mebi = size(join(folder, 'node_modules')) / 2 ** 20;
    console.log(`${name}: ${sent} after ${seconds.toFixed(1)} s; installed ${mebi.toFixed(2)} MiB`);
  }
  assert.equal(
    said(join(top, 'npm'), poor, 'npm', 'exec', 'callcta', '--', '--version'),
    `callcta ${version}`,
  );

  const half = project('half');
  said(half, poor, ...ways.npm, packed(''));
  refused(
    half,
    poor,
    /is in the package @callcta\/binding-\S+, which is not there/,
    'node',
    'sample.mjs',
  );

  const source = project('source');
  refused(source, poor, /building needs Rust 1\.89 or later/, ...ways.npm, packed('-source'));
  said(source, process.env, ...ways.npm, packed('-source'));
  tried(source, process.env);

  const linked = project('linked');
  said(linked, process.env, 'npm', 'install', ...quiet, root);
  tried(linked, process.env);

  // Those of the program's tests where being in another process matters: signals, streams, exit
  // codes; with the one that came with the package.
  const names = ['check::', 'emulate::', 'program::', 'ready::', 'send::', 'tls::'];
  const CALLCTA_PROGRAM = join(top, 'npm/node_modules/.bin/callcta');
  const tests = ['test', '--quiet', '--locked', '--package', 'callcta-cli', '--test', 'cli'];
  const env = { ...process.env, CALLCTA_PROGRAM };
  execFileSync('cargo', [...tests, '--', ...names], { cwd: root, env, stdio: 'inherit' });
} finally {
  rmSync(top, { recursive: true, force: true });
}
