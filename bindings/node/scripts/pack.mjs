// Makes the package ready to be packed: the compiled JavaScript, and the Rust
// sources as a workspace of their own, from which the addon is built where the
// package gets installed. With --clean, takes the latter away again.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const top = join(here, '../..');
const rust = join(here, 'rust');
const crates = [
  'crates/callcta',
  'crates/callcta-campaign',
  'crates/callcta-cli',
  'crates/callcta-emulator',
  'bindings/node',
];
const licences = readdirSync(top).filter((name) => name.startsWith('LICENSE'));

function clean() {
  rmSync(rust, { recursive: true, force: true });
  for (const name of licences) rmSync(join(here, name), { force: true });
}

/** The sections that building the addon needs: what is tested stays behind. */
function manifest(text) {
  const kept = text
    .split(/^(?=\[)/m)
    .filter((section) => !/^\[(\[(bench|example|test)\]|dev-dependencies)/.test(section));
  return kept.join('');
}

clean();
if (!process.argv.includes('--clean')) {
  execFileSync('npm', ['run', '--silent', 'compile'], { cwd: here, stdio: 'inherit' });
  const left = new Set(['tests', 'benches', 'examples', 'fuzz']);
  for (const crate of crates) {
    const names =
      crate === 'bindings/node' ? ['Cargo.toml', 'build.rs', 'src'] : readdirSync(join(top, crate));
    mkdirSync(join(rust, crate), { recursive: true });
    for (const name of names.filter((name) => !left.has(name))) {
      cpSync(join(top, crate, name), join(rust, crate, name), { recursive: true });
    }
    const path = join(rust, crate, 'Cargo.toml');
    writeFileSync(path, manifest(readFileSync(path, 'utf8')));
  }
  const workspace = readFileSync(join(top, 'Cargo.toml'), 'utf8')
    .replace(/^members = .*$/m, `members = ${JSON.stringify(crates)}`)
    .replace(/^(default-members|exclude) = .*\n/gm, '');
  writeFileSync(join(rust, 'Cargo.toml'), workspace);
  cpSync(join(top, 'Cargo.lock'), join(rust, 'Cargo.lock'));
  // Takes out of the lock file what only others need.
  const args = ['metadata', '--format-version', '1', '--manifest-path', join(rust, 'Cargo.toml')];
  execFileSync('cargo', args, { stdio: ['ignore', 'ignore', 'inherit'], maxBuffer: 1 << 28 });
  for (const name of licences)
    if (!existsSync(join(here, name))) cpSync(join(top, name), join(here, name));
}
