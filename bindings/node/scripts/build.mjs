// Builds the addon with Cargo and puts it where the package loads it from:
// `node scripts/build.mjs [dev|release]` in a checkout.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const crate = 'callcta-node';
/** Otherwise musl has no shared libraries, and an addon is one. */
const dynamic = 'target."cfg(target_env=\\"musl\\")".rustflags=["-C","target-feature=-crt-static"]';
/** Where the package loads it from. */
const installed = fileURLToPath(new URL('../dist/callcta.node', import.meta.url));
/** In a checkout. */
export const workspace = new URL('../../../Cargo.toml', import.meta.url);

/**
 * `zig` is a target with the version of its C library: cargo-zigbuild links for that.
 * @param {{ manifest: URL, target?: string, profile: string, zig?: string, addon?: string }} options
 */
export function build({ manifest, target, profile, zig, addon = installed }) {
  const args = zig === undefined ? ['build'] : ['zigbuild', '--target', zig];
  args.push('--locked', '--package', crate, '--profile', profile);
  args.push('--manifest-path', fileURLToPath(manifest));
  args.push('--message-format', 'json-render-diagnostics', '--config', dynamic);
  if (target !== undefined) args.push('--target-dir', target);
  const cargo = spawnSync('cargo', args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (cargo.error?.code === 'ENOENT') {
    throw new Error(
      'building needs Rust 1.89 or later and a C compiler, and cargo was not found in PATH: ' +
        'see https://rustup.rs',
    );
  }
  if (cargo.error !== undefined) throw cargo.error;
  if (cargo.status !== 0) throw new Error('cargo could not build the addon, see above');

  const library = cargo.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((message) => message.reason === 'compiler-artifact')
    .filter((message) => message.target.kind.includes('cdylib'))
    .filter((message) => message.manifest_path.replaceAll('\\', '/').endsWith('/node/Cargo.toml'))
    .flatMap((message) => message.filenames)
    .find((name) => /\.(so|dylib|dll)$/.test(name));
  if (library === undefined) throw new Error('cargo did not tell where the addon is');
  mkdirSync(dirname(addon), { recursive: true });
  // A new file: writing into one that a process has loaded would crash that process.
  copyFileSync(library, `${addon}.new`);
  renameSync(`${addon}.new`, addon);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  build({ manifest: workspace, profile: process.argv[2] ?? 'dev' });
}
