// One conversation: the order of all that happened in it, and of that what was looked at.

import { api, path, soon } from "./api.js";
import { changed, isLost, keyOf, onEvent, pageOf } from "./store.js";

/** So many items are read at once, and remembered at most. */
const CHUNK = 100;
const KEPT = 1500;
/** Longer conversations lose their beginning here. */
const LONGEST = 50_000;

const nothing = (key, q) => ({ key, q, state: "loading", order: [], items: new Map(), live: new Set() });

export let thread = nothing(null, "");

/** Shows a conversation, or what a search finds in it. */
export function openThread(page, psid, q) {
  const key = keyOf(page, psid);
  if (thread.key === key && thread.q === q) return;
  thread = { ...nothing(key, q), page, psid };
  again();
}

export function closeThread() {
  thread = nothing(null, "");
}

async function load(from) {
  const mine = thread;
  if (!mine.key) return;
  const place = `conversations/${encodeURIComponent(mine.page)}/${encodeURIComponent(mine.psid)}`;
  try {
    const { order, items } = await api("GET", path(place, { q: mine.q, from, limit: CHUNK }));
    if (thread !== mine) return;
    mine.order = order;
    for (const item of items) mine.items.set(item.seq, item);
    for (const seq of mine.live) if (mine.items.has(seq)) insert(mine.order, seq);
    mine.live.clear();
    mine.state = "here";
  } catch {
    if (thread === mine && mine.state === "loading") mine.state = "gone";
  }
  changed();
}

const reload = soon(() => load());
const again = () => (thread.state === "loading" ? load() : reload());

/** Reads what is missing of a range that is drawn. */
let loading = false;
export function need(first, last) {
  const { order, items } = thread;
  if (items.size > KEPT) {
    for (const seq of items.keys()) if (seq < (order[first - 2 * CHUNK] ?? 0) || seq > (order[last + 2 * CHUNK] ?? Infinity)) items.delete(seq);
  }
  const missing = order.slice(Math.max(0, first), last + 1).findIndex((seq) => !items.has(seq));
  if (missing < 0 || loading) return;
  loading = true;
  load(order[Math.max(0, first + missing - Math.floor(CHUNK / 3))]).finally(() => {
    loading = false;
  });
}

function insert(order, seq) {
  let at = order.length;
  while (at > 0 && order[at - 1] > seq) at -= 1;
  if (order[at - 1] !== seq) order.splice(at, 0, seq);
}

function happened(page, psid, kind, seq, at, item) {
  if (thread.key !== keyOf(page, psid)) return;
  if (thread.q) return again();
  const known = thread.items.get(seq);
  thread.items.set(seq, { kind, seq, at, fault: null, read_at: null, ...known, item });
  insert(thread.order, seq);
  thread.live.add(seq);
  if (thread.order.length > LONGEST) thread.order.splice(0, LONGEST / 10);
}

onEvent("message", (item) => happened(item.page_id, item.recipient, "message", item.seq, item.sent_at, item));
onEvent("action", (item) => {
  if (item.action.type === "read" && thread.key === keyOf(item.page_id, item.psid)) {
    for (const [seq, each] of thread.items) {
      if (each.kind === "message" && each.read_at === null && seq < item.seq) thread.items.set(seq, { ...each, read_at: item.at });
    }
  }
  happened(item.page_id, item.psid, "action", item.seq, item.at, item);
});
onEvent("call", (item) => happened(item.page_id, item.psid, "call", item.seq, item.started_at, item));
onEvent("request", (item) => {
  if (isLost(item)) happened(pageOf(item), item.recipient, "refusal", item.seq, item.received_at, item);
  else if (item.fault && item.message_id) {
    for (const [seq, each] of thread.items) {
      if (each.kind === "message" && each.item.message_id === item.message_id) thread.items.set(seq, { ...each, fault: item.fault });
    }
  }
});
for (const name of ["hello", "reset", "messages_deleted", "requests_deleted", "state"]) {
  onEvent(name, () => {
    if (!thread.key) return;
    if (name !== "state") thread.live.clear();
    if (name === "reset") thread.items.clear();
    reload();
  });
}
