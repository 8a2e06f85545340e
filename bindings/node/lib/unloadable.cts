import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package with the native part for a platform, as napi names them; this one unless told. */
export function prebuilt(platform = `${process.platform}-${process.arch}`): string {
  const abi = { linux: '-gnu', win32: '-msvc' }[platform.split('-')[0]!] ?? '';
  return `@callcta/binding-${platform}${abi}`;
}

/** Why the native part isn't loaded, and what to do about it. */
export function whyNot(thrown: unknown): string {
  const { code, message = '' }: { code?: string; message?: string } = Object(thrown);
  if (code === 'ERR_DLOPEN_DISABLED' || code === 'ERR_ACCESS_DENIED') {
    const flags = '--allow-addons and --allow-fs-read for its folder';
    return `Node was told so: start it without --no-addons, and beside --permission with ${flags}`;
  }
  if ('Deno' in globalThis && /--allow-ffi|NotCapable/.test(`${thrown}`)) {
    return 'Deno was not told that it may: start it with --allow-ffi';
  }
  const folder = ownFolder();
  if (folder === undefined) {
    const settings =
      'external in esbuild, webpack and Rollup, ssr.external in Vite, serverExternalPackages in Next';
    return (
      'a bundler took the JavaScript away from it: leave callcta out of the bundle ' +
      `(${settings}) and install it where the bundle runs`
    );
  }
  const here = `${process.platform}-${process.arch}`;
  const { version, optionalDependencies: others } = manifest(folder);
  const again =
    others === undefined
      ? `compile it where it runs: ${cure(folder)}; that needs Rust`
      : `install callcta-source-${version}.tgz of the release instead, which compiles it where ` +
        'it runs; that needs Rust';
  if (code === 'MODULE_NOT_FOUND') {
    if (others === undefined) {
      const what = 'it is not there, since the install script, which compiles it, did not run';
      return `${what} or failed: ${cure(folder)}; that needs Rust`;
    }
    if (!(prebuilt() in others)) return `there is none for ${here}: ${again}`;
    return (
      `it is in the package ${prebuilt()}, which is not there: install that too, ` +
      'without --omit=optional or --no-optional'
    );
  }
  if (/GLIBC|musl|ld-linux|relocating|symbol not found/.test(message)) {
    return `it was compiled for another C library than that of this system; ${again}`;
  }
  if (/ELF|format|Mach-O|architecture|Win32|slice/i.test(message)) {
    return `it was compiled for another system than ${here}; ${again}`;
  }
  return `the system refuses it, see the cause; if it came from another one, ${again}`;
}

interface Manifest {
  name?: string;
  version?: string;
  optionalDependencies?: Record<string, string>;
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** The package's folder, unless this code was taken out of it. */
function ownFolder(): string | undefined {
  // There is no such name in a bundle that is an ES module.
  const folder = typeof __dirname === 'string' ? dirname(__dirname) : undefined;
  try {
    return manifest(folder!).name === 'callcta' ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** What has the install script run, by whose lock file is nearest. */
const CURES = {
  'pnpm-lock.yaml': '"pnpm approve-builds", then "pnpm rebuild callcta"',
  'bun.lock': '"bun pm trust callcta"',
  'bun.lockb': '"bun pm trust callcta"',
  'deno.lock': '"deno install --allow-scripts=npm:callcta"',
  '.yarnrc.yml':
    'set dependenciesMeta.callcta.built in package.json to true, then "yarn rebuild callcta"',
  'yarn.lock': '"yarn install --force"',
  'package-lock.json':
    '"npm install-scripts approve callcta" if npm blocks it, then ' +
    '"npm rebuild callcta --ignore-scripts=false"',
};

function cure(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    for (const [name, cure] of Object.entries(CURES)) {
      if (existsSync(join(at, name))) return cure;
    }
    if (at === dirname(at)) return CURES['package-lock.json'];
  }
}
