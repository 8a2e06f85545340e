// Campaigns whose journal is in PostgreSQL, which any number of processes share.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

import { Campaign } from 'callcta/campaign';
import { Emulator } from 'callcta/testing';

import { other, page, people, tokens } from './people.mjs';

const script = fileURLToPath(new URL('../../../tests/postgres/server.sh', import.meta.url));
const program = fileURLToPath(new URL('../../../target/debug/callcta', import.meta.url));
const message = JSON.stringify({ text: 'Dear {{ name }}' });

let folder, url, campaign, emulator;
let number = 0;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'callcta-postgres-'));
  url = execFileSync(script, ['start', join(folder, 'server')], { encoding: 'utf8' }).trim();
  execFileSync(program, ['campaign', 'migrate', '--journal', url], { stdio: 'ignore' });
});

after(() => {
  execFileSync(script, ['stop', join(folder, 'server')]);
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  campaign = new Campaign(url, { campaign: `campaign-${++number}` });
  const pages = Object.entries(tokens).map(([id, token]) => [id, { tokens: [{ token }] }]);
  emulator = new Emulator({ state: { pages: Object.fromEntries(pages), strangers: 'welcome' } });
});

afterEach(() => emulator.stop());

test('rows are added, and tokens are asked for when Pages come', async () => {
  await campaign.create(message, ['psid', 'key', 'page', 'name']);
  await assert.rejects(campaign.create('{"text": "Another"}', ['psid', 'key', 'page']), {
    kind: 'changed',
  });
  assert.equal((await campaign.plan(people(20), message)).ok, true);
  const asked = [];
  const token = async (of) => {
    if (asked.length === 0) await campaign.plan(people(5, other), message);
    asked.push(of);
    return tokens[of];
  };
  const baseUrl = emulator.url;
  const standing = await campaign.run(token, { pace: 20, leaseTimeMs: 5000, baseUrl });
  assert.equal(standing.ended, 'finished');
  assert.deepEqual([standing.rows, standing.states.sent], [25, 25]);
  assert.deepEqual(asked, [page, other]);
  assert.equal((await emulator.messages()).length, 25);
  await assert.rejects(async () => campaign.run(tokens, { leaseTimeMs: 1000, baseUrl }), {
    message: /from 2 to 3600/,
  });
});

test('what a provider throws ends the run, and a Page without a token is paused', async () => {
  await campaign.plan(people(5), message);
  const none = () => {
    throw new Error('the vault is closed');
  };
  const baseUrl = emulator.url;
  await assert.rejects(async () => campaign.run(none, { baseUrl }), { message: /vault/ });
  const standing = await campaign.run({}, { baseUrl });
  assert.equal(standing.ended, 'held');
  assert.match(standing.paused[page], /no access token/);
  assert.equal((await emulator.messages()).length, 0);
});

test('a pause holds until somebody resumes', async () => {
  await campaign.plan(people(5), message);
  assert.equal(await campaign.pause(), 0);
  const options = { pace: Infinity, baseUrl: emulator.url };
  assert.equal((await campaign.run(tokens, options)).ended, 'drained');
  assert.equal((await emulator.messages()).length, 0);
  await campaign.resume();
  assert.equal((await campaign.run(tokens, options)).ended, 'finished');
  assert.equal((await emulator.messages()).length, 5);
});

test('no password is shown', async () => {
  const secret = new Campaign('postgresql://me:hunter2@127.0.0.1:1/x?campaign=autumn');
  assert.doesNotMatch(inspect(secret, { depth: 9, showHidden: true }), /hunter2/);
  const error = await secret.status().catch((error) => error);
  assert.equal(error.kind, 'journal');
  assert.doesNotMatch(inspect(error), /hunter2/);
});
