// Single messages, requests, calls and webhooks, read when they are looked at.

import { api, path } from "./api.js";
import { changed, onEvent, remember, store } from "./store.js";

const known = new Map();

/** What is known of one: `null` if the emulator no longer has it, `undefined` while it is asked. */
export function record(kind, id) {
  const key = `${kind} ${id}`;
  if (!known.has(key)) {
    remember(known, key, undefined);
    read(kind, id).catch(() => null).then((item) => {
      if (known.get(key) === undefined) known.set(key, item);
      changed();
    });
  }
  return known.get(key);
}

async function read(kind, id) {
  if (kind !== "call") return api("GET", `${kind}s/${id}`);
  const { calls } = await api("GET", "calls");
  return calls.find((call) => call.id === id) ?? null;
}

for (const kind of ["request", "call", "webhook"]) {
  onEvent(kind, (item) => known.has(`${kind} ${item.id}`) && known.set(`${kind} ${item.id}`, item));
}
for (const name of ["hello", "reset", "messages_deleted", "requests_deleted", "webhooks_deleted"]) onEvent(name, () => known.clear());

const asked = new Set();

/** The webhooks that speak of a call. */
export function webhooksOf(call) {
  if (!asked.has(call.call_id)) {
    asked.add(call.call_id);
    api("GET", path("webhooks", { q: call.call_id, limit: 20 })).then(({ webhooks }) => {
      for (const webhook of webhooks) if (!store.webhooks.has(webhook.id)) remember(store.webhooks, webhook.id, webhook);
      changed();
    }, () => asked.delete(call.call_id));
  }
  return [...store.webhooks.values()]
    .filter((webhook) => webhook.field === "calls" && webhook.body.includes(`"${call.call_id}"`))
    .sort((a, b) => a.id - b.id);
}
onEvent("reset", () => asked.clear());

/** Requests as they are used here: with their parameters as one object; those of JSON are the body. */
export function parametersOf(item) {
  if (item.params) return item.params;
  try {
    return JSON.parse(item.body);
  } catch {
    return undefined;
  }
}
