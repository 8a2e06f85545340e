// Runs the shared vectors of calling and prints a report per line;
// tests/vectors/calling/README.md at the top describes it.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { CallCtaError, Client } from 'callcta';
import { settingsFromWire, settingsToWire } from 'callcta/calling';

const { CALLCTA_VECTORS_DIR: folder, CALLCTA_VECTORS_URL: url } = process.env;
const camelCase = (name) => name.replace(/_(.)/g, (_, next) => next.toUpperCase());

/** What a method's result has, so that what isn't there can be told as null. */
const RESULTS = {
  feature_status: { feature: 'feature', status: 'status' },
  permissions: { status: 'status', expiration: 'expiration', actions: 'actions' },
  request_permission: { message_id: 'messageId', recipient_id: 'recipientId' },
  accept: { call_id: 'callId', answer: 'answer', renegotiation: 'renegotiation', raw: 'raw' },
};
RESULTS.connect = RESULTS.accept;
const ACTION = { name: 'name', can_perform: 'canPerform', limits: 'limits' };
const LIMIT = {
  time_period: 'timePeriod',
  max_allowed: 'maxAllowed',
  current_usage: 'currentUsage',
};
const APP = { app_id: 'appId', name: 'name', fields: 'fields' };

function whole(value, names) {
  return Object.fromEntries(Object.entries(names).map(([name, own]) => [name, value[own] ?? null]));
}

function told(ask, result) {
  if (result === undefined) return null;
  if (ask === 'settings') return settingsToWire(result);
  if (ask === 'subscriptions') return result.map((app) => whole(app, APP));
  const all = whole(result, RESULTS[ask]);
  if (ask === 'permissions') {
    all.actions = all.actions.map((action) => ({
      ...whole(action, ACTION),
      limits: action.limits.map((limit) => whole(limit, LIMIT)),
    }));
  }
  return all;
}

function failed({ kind, delivery, mayRetry, graph, httpStatus, violations }) {
  const known = { kind, delivery, may_retry: mayRetry, http_status: httpStatus };
  if (graph) Object.assign(known, { code: graph.code, subcode: graph.subcode });
  return violations.length > 0 ? { ...known, violations } : known;
}

function ask(calling, { ask, with: given = {}, unchecked }) {
  const method = calling[camelCase(ask)].bind(calling);
  const options = unchecked ? { unchecked } : undefined;
  switch (ask) {
    case 'set_settings':
      return method(settingsFromWire(given.settings), options);
    case 'accept':
      return method(given.call_id, given.offer, { rangAt: given.rang_at, ...options });
    case 'update_media': {
      const { call_id: callId, ...update } = given;
      const named = Object.entries(update).map(([name, value]) => [camelCase(name), value]);
      return method(callId, Object.fromEntries(named), options);
    }
    default:
      return method(...Object.values(given), options);
  }
}

async function run(file, entry) {
  const client = new Client({
    pageId: '1234567890',
    accessToken: 'test-token',
    retry: { attempts: 1 },
    baseUrl: `${url}/${file}/${entry.name}`,
  });
  try {
    return { result: told(entry.ask, await ask(client.calling, entry)) };
  } catch (error) {
    if (!(error instanceof CallCtaError)) throw error;
    return { error: failed(error) };
  }
}

for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith('.json')) continue;
  const file = basename(name, '.json');
  for (const entry of JSON.parse(readFileSync(join(folder, name), 'utf8'))) {
    console.log(JSON.stringify({ file, name: entry.name, ...(await run(file, entry)) }));
  }
}
