// Builds the addon after the package has been installed. In a checkout it does
// nothing: there the sources are elsewhere, and `just build` builds.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from './build.mjs';

const manifest = new URL('../rust/Cargo.toml', import.meta.url);

if (existsSync(manifest)) {
  const target = process.env.CARGO_TARGET_DIR ?? mkdtempSync(join(tmpdir(), 'callcta-'));
  const begun = Date.now();
  console.log('callcta: compiling the native part with Cargo, which takes some minutes');
  try {
    build({ manifest, target, profile: process.env.CALLCTA_BUILD_PROFILE ?? 'release' });
    console.log(`callcta: compiled in ${Math.ceil((Date.now() - begun) / 1000)} s`);
  } catch (error) {
    console.error(`callcta: ${error.message}`);
    process.exitCode = 1;
  } finally {
    if (process.env.CARGO_TARGET_DIR === undefined) {
      rmSync(target, { recursive: true, force: true });
    }
  }
}
