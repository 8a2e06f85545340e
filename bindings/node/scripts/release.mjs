// Makes the packages of a release: `node scripts/release.mjs FOLDER PROFILE NOTICES [TARGET]`. One
// holds the native part for this platform, with the notices of others; `callcta` itself names
// those of all platforms, and has no install script; `callcta-source` is for others and
// compiles it.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, workspace } from './build.mjs';
import { platforms } from './platforms.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const top = join(here, '../..');
const [folder, profile, notices, zig] = process.argv.slice(2);
const out = resolve(folder);
const stage = mkdtempSync(join(tmpdir(), 'callcta-'));
const npm = (cwd, ...args) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** Packs a folder, and tells the file. */
function pack(from, to) {
  const [name] = npm(from, 'pack', '--silent', '--pack-destination', to)
    .trim()
    .split('\n')
    .slice(-1);
  return join(to, name);
}

/** A folder that becomes a package: its manifest, the licences, and what is given. */
function staged(manifest, ...files) {
  const at = join(stage, manifest.name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of readdirSync(top).filter((name) => name.startsWith('LICENSE'))) {
    cpSync(join(top, name), join(at, name));
  }
  for (const file of files) cpSync(file, join(at, basename(file)), { recursive: true });
  return at;
}

try {
  mkdirSync(out, { recursive: true });
  npm(here, 'run', '--silent', 'compile');
  const addon = join(stage, 'callcta.node');
  build({ manifest: workspace, profile, zig, addon });

  const {
    private: _,
    scripts,
    devDependencies,
    files,
    ...common
  } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  const { version, license, engines } = common;
  const { prebuilt } = createRequire(import.meta.url)('../dist/unloadable.cjs');
  const name = prebuilt();
  const optionalDependencies = Object.fromEntries(
    platforms.map((platform) => [prebuilt(platform), version]),
  );
  if (!(name in optionalDependencies)) throw new Error(`platforms.mjs doesn't list ${name}`);
  const platform = { os: [process.platform], cpu: [process.arch] };
  if (name.endsWith('-gnu')) platform.libc = ['glibc'];
  const description = `The native part of callcta for ${process.platform}-${process.arch}.`;
  const own = { name, version, description, license, main: 'callcta.node', engines, ...platform };
  pack(staged(own, addon, resolve(notices)), out);

  const main = staged({ ...common, optionalDependencies }, join(here, 'README.md'));
  const isMine = (from) => !from.endsWith('.node');
  cpSync(join(here, 'dist'), join(main, 'dist'), { recursive: true, filter: isMine });
  pack(main, out);

  renameSync(pack(here, stage), join(out, `callcta-source-${version}.tgz`));
} finally {
  rmSync(stage, { recursive: true, force: true });
}
