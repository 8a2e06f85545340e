// Runs the shared vectors against the server in CALLCTA_VECTORS_URL and prints a
// report per line; tests/vectors/README.md at the top describes it.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { Client, fromWire, toWire, validateRequest } from 'callcta';

const { CALLCTA_VECTORS_DIR: folder, CALLCTA_VECTORS_URL: url } = process.env;

/** Fields that hold wire forms, in which nothing is renamed. */
const WIRE = new Set(['raw', 'fields', 'game_metadata']);

function renamed(value) {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, field]) => [
    value.type === 'phone_number' && key === 'payload'
      ? 'number'
      : key.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
    WIRE.has(key) ? field : renamed(field),
  ]);
  return Object.fromEntries(entries);
}

function present(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function settings(given = {}) {
  const { calling_not_enabled: codes, ...others } = given;
  const pairs = codes?.map(([code, subcode]) => (subcode === null ? { code } : { code, subcode }));
  return present({ ...renamed(others), callingNotEnabledCodes: pairs });
}

function options({ deadline_in_s: seconds, ...others } = {}) {
  const deadline = seconds === undefined ? undefined : new Date(Date.now() + seconds * 1000);
  return present({ ...renamed(others), deadline });
}

function reportedError(error) {
  return present({
    kind: error.kind,
    delivery: error.delivery,
    may_retry: error.mayRetry,
    code: error.graph?.code,
    subcode: error.graph?.subcode,
    trace_id: error.graph?.traceId,
    http_status: error.httpStatus,
    retry_after: error.retryAfterMs === undefined ? undefined : error.retryAfterMs / 1000,
    text: error.message,
    violations: error.violations.length > 0 ? error.violations : undefined,
  });
}

async function report(file, given) {
  const { name } = given;
  let message = renamed(given.message);
  try {
    if ('json' in message) message = fromWire(message.json);
  } catch (error) {
    return { file, name, violations: error.violations, error: reportedError(error) };
  }
  const client = new Client({
    pageId: '1234567890',
    accessToken: 'test-token',
    baseUrl: `${url}/${file}/${name}`,
    retry: { attempts: 1 },
    ...settings(given.client),
  });
  const to = renamed(given.to ?? '1254477777772919');
  const how = options(given.options);
  const found = {
    file,
    name,
    violations: validateRequest(to, message, how),
    message: toWire(message),
  };
  try {
    const receipt = await client.send(to, message, how);
    found.receipt = present({ message_id: receipt.messageId, recipient_id: receipt.recipientId });
  } catch (error) {
    found.error = reportedError(error);
  } finally {
    client.close();
  }
  return found;
}

for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith('.json')) continue;
  for (const given of JSON.parse(readFileSync(join(folder, name), 'utf8'))) {
    console.log(JSON.stringify(await report(basename(name, '.json'), given)));
  }
}
