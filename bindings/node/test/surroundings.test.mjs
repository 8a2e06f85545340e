// What tests and their frameworks put around the package.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it, mock } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import vm from 'node:vm';

import { Client } from 'callcta';

import { message, Platform, rejection } from './platform.mjs';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

describe('the package', () => {
  it('uses nothing of what is replaced in tests', async () => {
    const fixture = fileURLToPath(new URL('fixtures/replaced.mjs', import.meta.url));
    const nowhere = 'http://127.0.0.1:9';
    const proxies = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy'];
    const env = {
      ...process.env,
      ...Object.fromEntries(proxies.map((name) => [name, nowhere])),
      NODE_USE_ENV_PROXY: '1',
    };
    const { stdout } = await promisify(execFile)(process.execPath, [fixture], { env });
    assert.deepEqual(JSON.parse(stdout), [200, 100, ['rate_limited'], 301, []]);
  });

  it('works while the clock of node:test stands still', async () => {
    const platform = await Platform.start();
    const client = new Client(platform.settings());
    mock.timers.enable();
    try {
      const sends = Array.from({ length: 200 }, (_, n) => client.send(`${n}`, message));
      assert.equal((await Promise.all(sends)).length, 200);
      platform.answer = () => new Promise(() => {});
      const controller = new AbortController();
      const hanging = client.send('201', message, { signal: controller.signal });
      await platform.received(201);
      controller.abort();
      assert.equal((await rejection(hanging)).reason, 'aborted');
    } finally {
      mock.timers.reset();
      platform.stop();
    }
  });

  it('works in a realm of its own that has nothing of Node', async () => {
    // As in jest, where the global object is that of a browser.
    const context = vm.createContext({});
    const known = new Map();
    const load = (path) => {
      if (known.has(path)) return known.get(path).exports;
      const module = { exports: {} };
      known.set(path, module);
      const names = ['module', 'exports', 'require'];
      const source = readFileSync(path, 'utf8');
      const body = vm.compileFunction(source, names, { filename: path, parsingContext: context });
      const outside = createRequire(path);
      const require = (id) => (id.endsWith('.cjs') ? load(join(dirname(path), id)) : outside(id));
      body.call(module.exports, module, module.exports, require);
      return module.exports;
    };
    const { CallCtaError, Client, fromWire, validate } = load(join(dist, 'index.cjs'));
    const { Emulator } = load(join(dist, 'testing.cjs'));
    const inside = (code) => vm.runInContext(`(${code})`, context);

    const emulator = new Emulator();
    const settings = inside(JSON.stringify({ retry: { attempts: 1 } }));
    const client = emulator.client(settings);
    const [to] = emulator.psids;
    const card = inside(JSON.stringify(message));
    const sends = Array.from({ length: 100 }, () => client.send(to, card));
    assert.equal((await Promise.all(sends)).length, 100);
    assert.equal(validate(card).length, 0);
    const bytes = inside('new Uint8Array([123, 125])');
    assert.equal(JSON.stringify(fromWire(bytes)), '{"raw":{}}');
    // Its own kind of signal.
    const signal = inside(`{
      aborted: false, reason: undefined, listeners: new Set(),
      addEventListener(_, listener) { this.listeners.add(listener); },
      removeEventListener(_, listener) { this.listeners.delete(listener); },
      abort(reason) {
        Object.assign(this, { aborted: true, reason });
        for (const listener of this.listeners) listener({ target: this });
      },
    }`);
    const aborted = client.send(to, card, { signal });
    signal.abort('why');
    const error = await rejection(aborted);
    assert.ok(error instanceof CallCtaError && !(error instanceof Error));
    assert.deepEqual([error.delivery, error.cause], ['not_sent', 'why']);
    assert.equal(signal.listeners.size, 0);
    assert.throws(() => new Client(inside('{}')), { name: 'CallCtaError' });
    emulator.stop();
  });
});
