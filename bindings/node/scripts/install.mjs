// Builds what the package lacks after it has been installed: in a packed one the addon, from
// the sources that are in it; in a clone, whose folder npm links, the JavaScript as well.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, workspace } from './build.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const packed = new URL('../rust/Cargo.toml', import.meta.url);
const isPacked = existsSync(packed);
/** Whoever works on the clone itself has `just build`. */
const isOwn = relative(process.env.INIT_CWD ?? here, here) === '';

if (isPacked || !isOwn) {
  const given = process.env.CARGO_TARGET_DIR;
  const target = given ?? (isPacked ? mkdtempSync(join(tmpdir(), 'callcta-')) : undefined);
  const begun = Date.now();
  console.log('callcta: compiling the native part with Cargo, which takes some minutes');
  try {
    const manifest = isPacked ? packed : workspace;
    if (!existsSync(manifest)) {
      throw new Error(
        'its sources are not here: install a packed callcta, or the folder of a clone',
      );
    }
    build({ manifest, target, profile: process.env.CALLCTA_BUILD_PROFILE ?? 'release' });
    if (!isPacked) {
      const npm = { cwd: here, stdio: 'inherit', shell: process.platform === 'win32' };
      execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], npm);
      execFileSync('npm', ['run', '--silent', 'compile'], npm);
    }
    console.log(`callcta: compiled in ${Math.ceil((Date.now() - begun) / 1000)} s`);
  } catch (error) {
    console.error(`callcta: ${error.message}`);
    process.exitCode = 1;
  } finally {
    if (isPacked && given === undefined) rmSync(target, { recursive: true, force: true });
  }
}
