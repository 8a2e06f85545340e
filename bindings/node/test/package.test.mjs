import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { platforms } from '../scripts/platforms.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

describe('the package', () => {
  for (const name of ['callcta', 'callcta/calling', 'callcta/testing', 'callcta/webhook']) {
    it(`gives the same ${name} to import and to require`, async () => {
      const imported = await import(name);
      const required = require(name);
      assert.deepEqual(Object.keys(required).sort(), Object.keys(imported).sort());
      for (const key of Object.keys(required)) assert.equal(required[key], imported[key], key);
    });
  }

  it('has the version of the native part', () => {
    assert.equal(require('callcta').version, manifest.version);
  });

  it('has no dependencies, and a lock file that names no registry', () => {
    assert.equal(manifest.dependencies, undefined);
    const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'));
    for (const [name, entry] of Object.entries(packages)) assert.ok(!('resolved' in entry), name);
  });

  it('is released for the platforms that the workflow builds', () => {
    const workflow = new URL('../../../.github/workflows/release.yml', import.meta.url);
    const jobs = readFileSync(workflow, 'utf8').matchAll(/name: ([\w-]+),.* recipes: (.*) }/g);
    const built = [...jobs].filter(([, , recipes]) => recipes.split(' ').includes('npm'));
    const names = { macos: 'darwin', windows: 'win32' };
    const node = (name) => name.replace(/^\w+/, (system) => names[system] ?? system);
    assert.deepEqual(
      built.map(([, name]) => node(name)),
      platforms,
    );
  });

  it('has types that refuse what is wrong', () => {
    const args = ['node_modules/typescript/bin/tsc', '--project', 'test/types'];
    for (const others of [[], ['--types', '', '--lib', 'es2022,dom']]) {
      const { status, stdout } = spawnSync(process.execPath, [...args, ...others], {
        cwd: root,
        encoding: 'utf8',
      });
      assert.deepEqual([status, stdout], [0, '']);
    }
  });
});
