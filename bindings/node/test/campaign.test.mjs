// Campaigns: rows of all kinds, runs that end in all ways, and what is known afterwards.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';

import { CallCtaError } from 'callcta';
import { Campaign, CampaignError } from 'callcta/campaign';
import { Emulator } from 'callcta/testing';
import { parseUnverified } from 'callcta/webhook';

import { other, page, people, tokens } from './people.mjs';

const payload = {
  template_type: 'button',
  text: 'Dear {{ name }}',
  buttons: [{ type: 'audio_call', title: 'Call Now' }],
};
const message = JSON.stringify({ attachment: { type: 'template', payload } });

let folder, campaign, emulator;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'callcta-campaign-'));
  campaign = new Campaign(join(folder, 'journal'));
  const pages = Object.entries(tokens).map(([id, token]) => [
    id,
    { tokens: [{ token }], audio_enabled: true },
  ]);
  emulator = new Emulator({
    state: { pages: Object.fromEntries(pages), strangers: 'welcome' },
    keepMessages: 10_000,
    threads: 8,
  });
});

afterEach(async () => {
  emulator.stop();
  rmSync(folder, { recursive: true });
});

const sum = ({ states }) => Object.values(states).reduce((one, two) => one + two);

async function arrived() {
  const counts = new Map();
  for (const { recipient } of await emulator.messages()) {
    counts.set(recipient, (counts.get(recipient) ?? 0) + 1);
  }
  return counts;
}

test('a campaign of two Pages goes out once, with progress that adds up', async () => {
  const rows = [...people(30), ...people(20, other)];
  assert.equal(await campaign.exists(), false);
  const checked = await campaign.plan(rows, message, { checkOnly: true });
  assert.deepEqual([checked.ok, checked.pages], [true, { [page]: 30, [other]: 20 }]);
  assert.deepEqual(readdirSync(folder), []);
  assert.deepEqual(await campaign.plan(rows.values(), message), checked);
  assert.equal((await campaign.status()).status, 'paused');
  const [asked, told] = [[], []];
  const token = async (page) => {
    asked.push(page);
    return tokens[page];
  };
  const options = { pace: Infinity, baseUrl: emulator.url, everyMs: 10 };
  const run = campaign.run(token, { ...options, onProgress: (snapshot) => told.push(snapshot) });
  const seen = [];
  for await (const snapshot of run) seen.push(snapshot);
  const standing = await run;
  assert.deepEqual(asked.sort(), [page, other]);
  assert.deepEqual(
    [standing.status, standing.ended, standing.states.sent],
    ['finished', 'finished', 50],
  );
  for (const snapshots of [told, seen]) {
    assert.deepEqual([snapshots.at(-1).done, snapshots.at(-1).settled], [50, 50]);
    for (const snapshot of snapshots) assert.equal(sum(snapshot), 50);
  }
  assert.deepEqual([...(await arrived()).keys()].sort(), rows.map(({ psid }) => psid).sort());
  assert.equal((await campaign.run({}, { baseUrl: emulator.url })).status, 'finished');
});

test('rows come out as they went in', async () => {
  const rows = people(2500);
  await campaign.plan(rows, message);
  const out = [];
  for await (const row of campaign.rows()) out.push(row);
  const strip = ({ psid, key, page, name }) => ({ psid, key, page, name });
  assert.deepEqual(out.map(strip), rows);
  assert.ok(out.every((row) => row.callcta_state === 'queued'));
  assert.equal(await campaign.count({ states: ['queued'], pageId: page }), 2500);
  assert.equal(await campaign.count({ states: ['sent'] }), 0);
  const path = join(folder, 'out.csv');
  assert.equal(await campaign.export(path), 2500);
  const again = new Campaign(join(folder, 'again'));
  assert.equal((await again.plan(path, message)).ready, 2500);
  const nowhere = join(folder, 'no', 'folder');
  const refused = { name: 'CampaignError', kind: 'output' };
  await assert.rejects(campaign.export(nowhere), refused);
  await assert.rejects(campaign.report(nowhere), refused);
  const report = join(folder, 'out.html');
  await campaign.report(report);
  const text = readFileSync(report, 'utf8');
  assert.match(text, /^<!doctype html>[^]*2,500[^]*<svg/);
  assert.ok(rows.every(({ psid }) => !text.includes(psid)));
});

test('many kinds of rows are read', async () => {
  class Person {
    psid = '1254477777772919';
    name = 'A';
    #hidden = 1;
  }
  async function* some() {
    yield { psid: 1254477777772919n, name: 'A', gone: undefined, nothing: null, nan: NaN };
  }
  const all = [
    [new Person()],
    some(),
    new Set([new Map(Object.entries({ psid: 1254477777772919, name: 'A' }))]),
    [Promise.resolve({ toJSON: () => ({ psid: '1254477777772919', name: 'A' }) })],
  ];
  for (const [index, recipients] of all.entries()) {
    const one = new Campaign(join(folder, `journal-${index}`));
    const plan = await one.plan(recipients, message, { pageId: page });
    assert.ok(plan.ok, JSON.stringify(plan));
    for await (const { psid, name } of one.rows()) {
      assert.deepEqual([psid, name], ['1254477777772919', 'A']);
    }
  }
});

test('an id beyond 2^53 that is a number is refused, as is what no row can be', async () => {
  for (const [row, words] of [
    [{ psid: 2 ** 53 + 2, name: 'A' }, /^row 1: psid is a number beyond 2\^53/],
    [{ psid: '1', name: Infinity }, /^row 1: name must be a text, a number/],
    [{ psid: '1', name: Symbol('x') }, /^row 1: name must be/],
    [{ psid: '1', name: {} }, /^row 1: name must be/],
    [5, /^row 1 can't be read/],
  ]) {
    const refused = campaign.plan([row], message, { pageId: page });
    await assert.rejects(refused, { kind: 'invalid_argument', message: words });
  }
  const plan = await campaign.plan([{ psid: 1254.5, name: 'A' }], message, { pageId: page });
  assert.deepEqual([plan.ok, plan.findings[0].rule], [false, 'excel_changed']);
  await assert.rejects(campaign.plan([], message), { kind: 'input' });
  const broken = (function* () {
    yield* people(1000);
    throw new RangeError('row');
  })();
  await assert.rejects(campaign.plan(broken, message), RangeError);
  assert.deepEqual(readdirSync(folder), []);
});

test('a message has many forms, and the same plan may be made again', async () => {
  const path = join(folder, 'message.json');
  writeFileSync(path, message);
  const buttons = [{ type: 'audio_call', title: 'Call Now' }];
  const model = { template: 'button', text: 'Dear {{ name }}', buttons };
  for (const form of [path, model, message]) {
    assert.ok((await campaign.plan(people(1), form, { checkOnly: true })).ok);
  }
  await assert.rejects(campaign.plan(people(1), '{'), { kind: 'template' });
  const first = await campaign.plan(people(3), message);
  await assert.rejects(campaign.plan(people(3), message), { kind: 'journal' });
  assert.deepEqual(await campaign.plan(people(3), message, { existOk: true }), first);
  const changed = campaign.plan(people(4), message, { existOk: true });
  await assert.rejects(changed, { kind: 'changed', code: 'CALLCTA_CHANGED' });
  const hi = message.replace('Dear', 'Hi');
  assert.deepEqual(await campaign.changeMessage(hi), []);
  assert.ok((await campaign.plan(people(3), hi, { existOk: true })).ok);
});

test('kinds of errors are those of the core, and words show nothing', async () => {
  const { campaignKinds } = createRequire(import.meta.url)('../dist/callcta.node');
  const kinds = ['changed', 'in_use', 'input', 'journal', 'moved', 'output', 'template'];
  assert.deepEqual(
    campaignKinds()
      .filter((kind) => kind !== 'invalid_argument')
      .sort(),
    kinds,
  );
  await campaign.plan(people(1), message);
  for (const wrong of [
    () => new Campaign('postgresql://user:secret@host/x').status(),
    () => campaign.run({ [page]: 'secret\n' }),
    () => campaign.run({ [page]: 5 }),
    () => campaign.run(tokens, { pace: 1000 }),
    () => campaign.run(tokens, { workers: 0 }),
    () => campaign.run(tokens, { baseUrl: 'secret' }),
    () => campaign.count({ states: ['secret'] }),
    () => campaign.retry({ states: ['sent'] }),
    () => campaign.changePace(5),
  ]) {
    await assert.rejects(
      async () => wrong(),
      (error) => {
        assert.ok(error instanceof CallCtaError, `${error}`);
        assert.equal(error.kind, 'invalid_argument');
        return !error.message.includes('secret');
      },
    );
  }
  const words = `there is no access token for the Page ${page}`;
  await assert.rejects(async () => campaign.run({}), { message: words });
});

/** A campaign whose messages hang, so that all of them are under way. */
async function hanging(delay = 2000) {
  await campaign.plan(people(4), message);
  await emulator.arm({ times: null, delay: { type: 'fixed', ms: delay } });
  allArrived = false;
  const all = (await emulator.posts()) + 4;
  const watch = async () => {
    while ((await emulator.posts()) < all) await turn();
    allArrived = true;
  };
  watch().catch(() => {}); // the emulator ends with the test
  return { pace: Infinity, baseUrl: emulator.url, everyMs: 10 };
}

/** What is claimed and has not begun goes back to the queue when a run drains. */
let allArrived = false;
const underWay = (snapshot) => allArrived && snapshot?.states.in_flight === 4;

test('aborting, leaving the loop and a callback that throws drain', async () => {
  const options = await hanging();
  const aborts = new AbortController();
  const reason = new Error('on purpose');
  const onProgress = (snapshot) => underWay(snapshot) && aborts.abort(reason);
  const run = campaign.run(tokens, { ...options, onProgress, signal: aborts.signal });
  await assert.rejects(async () => run, reason);
  assert.equal((await campaign.status()).states.sent, 4);

  campaign = new Campaign(join(folder, 'second'));
  await hanging();
  const left = campaign.run(tokens, options);
  for await (const snapshot of left) if (underWay(snapshot)) break;
  assert.equal((await left).ended, 'drained');
  assert.equal((await campaign.status()).states.sent, 4);

  campaign = new Campaign(join(folder, 'third'));
  await hanging();
  const thrower = (snapshot) => {
    if (underWay(snapshot)) throw reason;
  };
  await assert.rejects(
    async () => campaign.run(tokens, { ...options, onProgress: thrower }),
    reason,
  );
  assert.equal((await campaign.status()).states.sent, 4);
  await assert.rejects(async () => campaign.run(tokens, { signal: aborts.signal }), reason);
});

test('what is broken off is unknown, and two runs at once are refused', async () => {
  const options = await hanging(60_000);
  const run = campaign.run(tokens, options);
  for (;;) {
    const snapshot = run.snapshot();
    if (underWay(snapshot)) break;
    await turn();
  }
  await assert.rejects(async () => campaign.run(tokens, options), { kind: 'in_use' });
  assert.equal((await campaign.status()).status, 'running');
  run.breakOff();
  const standing = await run;
  assert.equal(standing.states.unknown, 4);
  assert.ok(standing.kinds[0].meaning);
  const refused = campaign.retry({ states: ['unknown'] });
  await assert.rejects(refused, { message: /that risk must be accepted/ });
  assert.equal(await campaign.retry({ states: ['unknown'], riskDuplicates: true }), 4);
});

test('a pause waits until nothing more is sent', async () => {
  const options = await hanging();
  const run = campaign.run(tokens, options);
  while (!underWay(run.snapshot())) await turn();
  assert.equal(await campaign.pause(), 4);
  assert.equal((await campaign.status()).states.sent, 4);
  assert.equal((await run).ended, 'drained');
  assert.equal(await campaign.pause(), undefined);
});

test('Pages that somebody must see to are told', async () => {
  await campaign.plan([...people(3), ...people(3, other)], message);
  const options = { baseUrl: emulator.url, pace: Infinity };
  const standing = await campaign.run(
    new Map([
      [page, 'token-1'],
      [other, 'wrong'],
    ]),
    options,
  );
  assert.deepEqual([standing.status, standing.ended], ['paused', 'held']);
  assert.match(standing.paused[other], /^authentication: /);
  assert.deepEqual((await campaign.status()).paused, standing.paused);
});

test('what is unknown is settled by echoes or a word', async () => {
  await campaign.plan(people(4), message);
  await emulator.arm({ action: { type: 'drop' }, apply: 'after', times: 4 });
  const standing = await campaign.run(tokens, { baseUrl: emulator.url, pace: Infinity });
  assert.equal(standing.status, 'finished_needs_attention');
  const bodies = (await emulator.messages()).map(({ recipient, messageId, body }) => {
    const { metadata } = body.message;
    const echo = { mid: messageId, is_echo: true, metadata };
    const [sender, to] = [{ id: page }, { id: recipient }];
    const messaging = [{ sender, recipient: to, timestamp: 1, message: echo }];
    return JSON.stringify({ object: 'page', entry: [{ id: page, time: 1, messaging }] });
  });
  const [event] = parseUnverified(bodies[0]).events;
  const settled = await campaign.settle([event, bodies[1], Buffer.from(bodies[2]), 'x']);
  assert.deepEqual(settled, { settled: { unknown: 3 }, known: 0, strangers: 0, unread: 1 });
  assert.equal(await campaign.assumeSent({ kinds: ['none'] }), 0);
  assert.equal(await campaign.assumeSent(), 1);
  const path = join(folder, 'events');
  writeFileSync(path, bodies.join('\n'));
  assert.deepEqual((await campaign.settle(path)).settled, { assumed_sent: 1 });
});

test('a campaign shows no password', () => {
  const one = new Campaign('postgresql://user:secret@host/x?campaign=autumn');
  assert.ok(!`${inspect(one, { showHidden: true })}${JSON.stringify(one)}`.includes('secret'));
});

test('a process that is killed leaves nothing that is sent twice', async () => {
  await campaign.plan(people(300), message);
  const script = `
    import { Campaign } from 'callcta/campaign';
    const [journal, baseUrl, tokens] = process.argv.slice(1);
    await new Campaign(journal).run(JSON.parse(tokens), { baseUrl, pace: 300 });
  `;
  const given = [campaign.journal, emulator.url, JSON.stringify(tokens)];
  const child = execFile(
    process.execPath,
    ['--input-type=module', '-e', script, ...given],
    () => {},
  );
  while ((await emulator.messages()).length < 100) await turn();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const { states } = await campaign.run(tokens, { baseUrl: emulator.url, pace: Infinity });
  assert.deepEqual([states.queued, states.in_flight, states.sent + states.unknown], [0, 0, 300]);
  const counts = await arrived();
  assert.ok([...counts.values()].every((count) => count === 1));
  for await (const { psid, callcta_state: state } of campaign.rows()) {
    if (state === 'sent') assert.equal(counts.get(psid), 1);
  }
});

test('a start and quiet hours hold what is queued', async () => {
  await campaign.plan([...people(5), ...people(5, other)], message);
  const options = { baseUrl: emulator.url };
  const hour = 3_600_000;
  for (const wrong of [
    { startAt: new Date(Date.now() - 5 * hour) },
    { startAt: new Date(NaN) },
    { startAt: '2999-01-01T12:00' },
    { quietHours: '21-8' },
    { timeZone: 'UTC' },
    { quietHours: '21:00-08:00', timeZone: 'Mars/Olympus' },
  ]) {
    const run = async () => campaign.run(tokens, { ...options, ...wrong });
    await assert.rejects(run, { kind: 'invalid_argument' });
  }
  // Of the other Page nobody knows the time of day, and it isn't quiet for this one.
  const at = (time) => new Date(time).toISOString().slice(11, 16);
  const quietHours = `${at(Date.now() + 3 * hour)}-${at(Date.now() + 4 * hour)}`;
  const held = await campaign.run(tokens, { ...options, quietHours, timeZone: { [page]: 'UTC' } });
  assert.deepEqual([held.ended, held.states.sent, held.states.queued], ['held', 5, 5]);
  assert.match(held.paused[other], /zone is unknown/);
  const startAt = new Date(Date.now() + 2000);
  const told = [];
  const onProgress = (snapshot) => told.push(snapshot);
  const sent = await campaign.run(tokens, { ...options, startAt, onProgress, everyMs: 10 });
  assert.ok(Date.now() >= startAt.getTime());
  assert.deepEqual([sent.ended, sent.states.sent], ['finished', 10]);
  const waits = told[0].held.find((one) => one.page === other);
  assert.ok(waits.startsInMs > 0 && waits.startsInMs <= 2000, `${waits.startsInMs}`);
});
