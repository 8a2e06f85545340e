// What the Node clients share: the emulator's facts, and where Graph is.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

export const ready = JSON.parse(process.env.EMULATOR);
export const psid = ready.psids[0];
export const call = { type: 'audio_call', title: 'Call Now', expires_in_days: 5 };

/** Sends what a client writes to Meta's own host to the emulator, and nothing else elsewhere. */
export function redirect() {
  const { hostname, port } = new URL(ready.url);
  https.request = (first, ...rest) => {
    const url = typeof first === 'string' || first instanceof URL ? new URL(first) : undefined;
    const options = url
      ? { path: url.pathname + url.search, ...(typeof rest[0] === 'object' ? rest.shift() : {}) }
      : first;
    assert.equal(url?.hostname ?? options.hostname ?? options.host, 'graph.facebook.com');
    return http.request(
      { ...options, protocol: 'http:', hostname, host: hostname, port, agent: undefined, agents: undefined },
      ...rest,
    );
  };
  syncBuiltinESMExports();
}

/** The answer has these members; those of an error are looked for in it. */
export function check(what, answer, expected) {
  console.log(`${what}: ${JSON.stringify(answer)}`);
  const got = Object.keys(expected).map((key) => [key, answer?.[key] ?? answer?.error?.[key]]);
  assert.deepEqual(Object.fromEntries(got), expected, what);
}

export async function state() {
  return (await fetch(`${ready.url}/_emulator/state`)).json();
}

export const firstName = async () => (await state()).people[psid].name.split(' ')[0];
