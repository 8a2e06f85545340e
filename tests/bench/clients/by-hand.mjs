// What people write who have no campaign: `by-hand.mjs URL TOKEN AT_ONCE FILE`.
// undici, p-limit, and everything in memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import pLimit from "p-limit";
import { Pool } from "undici";

const [url, token, atOnce, file] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const [heads, ...rows] = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => line.split(","));
const pool = new Pool(origin, { connections: Number(atOnce) });
const limit = pLimit(Number(atOnce));

async function send(values) {
  const row = Object.fromEntries(heads.map((head, at) => [head, values[at]]));
  const element = {
    title: `Hello ${row.name}!`,
    subtitle: `Your order ${row.order} is ready.`,
    buttons: [{ type: "audio_call", title: "Call Now", expires_in_days: 5 }],
  };
  const payload = { template_type: "generic", elements: [element] };
  const { body } = await pool.request({
    path: pathname,
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ recipient: { id: row.psid }, message: { attachment: { type: "template", payload } } }),
  });
  return body.json();
}

const results = await Promise.all(rows.map((row) => limit(send, row)));
assert.equal(results.length, rows.length);
await pool.close();
