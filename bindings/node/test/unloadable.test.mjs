// What is said when the native part can't be loaded: the cause, and its cure.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { prebuilt } = createRequire(import.meta.url)('../dist/unloadable.cjs');

describe("a native part that can't be loaded", () => {
  let top;
  let count = 0;

  before(() => (top = mkdtempSync(join(tmpdir(), 'callcta-'))));
  after(() => rmSync(top, { recursive: true, force: true }));

  /** A project with the package in it, whose native part is what is given, or in `others`. */
  function project({ lock, addon, others, folder = 'node_modules/callcta' }) {
    const project = join(top, `${(count += 1)}`);
    const dist = join(project, folder, 'dist');
    mkdirSync(dist, { recursive: true });
    for (const name of readdirSync(join(root, 'dist'))) {
      if (name.endsWith('.cjs')) cpSync(join(root, 'dist', name), join(dist, name));
    }
    const manifest = { ...own, optionalDependencies: others };
    writeFileSync(join(dirname(dist), 'package.json'), JSON.stringify(manifest));
    if (lock !== undefined) writeFileSync(join(project, lock), '');
    if (addon === 'real') cpSync(join(root, 'dist/callcta.node'), join(dist, 'callcta.node'));
    else if (addon !== undefined) writeFileSync(join(dist, 'callcta.node'), addon);
    return { project, dist };
  }

  function complaint({ project, dist }, ...flags) {
    const code = `require(${JSON.stringify(join(dist, 'index.cjs'))})`;
    const { stderr, status } = spawnSync(process.execPath, [...flags, '-e', code], {
      cwd: project,
      encoding: 'utf8',
    });
    assert.equal(status, 1, stderr);
    return /^Error: (callcta's native part can't be loaded: .*)/m.exec(stderr)?.[1] ?? stderr;
  }

  const cures = {
    'package-lock.json': 'npm rebuild callcta',
    'pnpm-lock.yaml': 'pnpm approve-builds',
    'bun.lock': 'bun pm trust callcta',
    'bun.lockb': 'bun pm trust callcta',
    'deno.lock': 'deno install --allow-scripts=npm:callcta',
    'yarn.lock': 'yarn install --force',
    '.yarnrc.yml': 'dependenciesMeta',
  };
  for (const [lock, cure] of Object.entries(cures)) {
    it(`is not there: ${lock}`, () => {
      const said = complaint(project({ lock }));
      assert.match(said, /it is not there, since the install script/);
      assert.ok(said.includes(cure), said);
    });
  }

  it('is not there, in a project without a lock file', () => {
    assert.match(complaint(project({})), /npm rebuild callcta/);
  });

  it('is in a package that is not there', () => {
    const said = complaint(project({ others: { [prebuilt()]: own.version } }));
    assert.match(
      said,
      /it is in the package @callcta\/binding-\S+, which is not there: install that/,
    );
  });

  it('is in no package, for this platform', () => {
    const said = complaint(project({ others: { '@callcta/binding-none': own.version } }));
    assert.match(said, /there is none for \w+-\w+: install callcta-source-\S+\.tgz .* needs Rust/);
  });

  it('is in a package for another C library', () => {
    const others = { [prebuilt()]: own.version };
    const given = project({ others });
    const other = join(given.project, 'node_modules', prebuilt());
    mkdirSync(other, { recursive: true });
    const code = "throw new Error('version `GLIBC_2.99\\' not found')";
    writeFileSync(join(other, 'index.js'), code);
    assert.match(complaint(given), /another C library than .*; install callcta-source-/);
  });

  it('is that of another system', () => {
    const said = complaint(
      project({ addon: 'MZ not an addon'.padEnd(4096), lock: 'pnpm-lock.yaml' }),
    );
    assert.match(said, /it was compiled for another system than \w+-\w+.*pnpm rebuild callcta/);
  });

  it('was left behind by a bundler', () => {
    const { project: moved, dist } = project({ folder: 'out' });
    rmSync(join(moved, 'out/package.json'));
    assert.match(complaint({ project: moved, dist }), /a bundler.*serverExternalPackages/);
  });

  it('is not allowed', () => {
    const given = project({ addon: 'real' });
    assert.match(complaint(given, '--no-addons'), /start it without --no-addons/);
    const flag = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const said = complaint(given, flag, `--allow-fs-read=${top}*`, '--no-warnings');
    assert.match(said, /--allow-addons/);
  });

  it('is not allowed by Deno', () => {
    const given = project({ addon: 'not an addon' });
    const preload = join(top, 'deno.cjs');
    // As it says it.
    writeFileSync(
      preload,
      `globalThis.Deno = {};
      process.dlopen = () => {
        throw new Error('Requires ffi access to "…", run again with the --allow-ffi flag');
      };`,
    );
    assert.match(complaint(given, '--require', preload), /start it with --allow-ffi/);
  });
});
