// What the page knows of the emulator: all conversations in short, and of everything else what is
// looked at. Events keep it fresh.

import { api, listen, path, soon } from "./api.js";
import { setClock } from "./time.js";

export const store = {
  /** `complete`: all conversations are known, not only the first. */
  ready: false, complete: false, online: false, state: null, faults: [],
  /** Conversations by "PAGE/PSID". */
  rows: new Map(),
  /** Calls and webhooks that were told or asked for. */
  calls: new Map(), webhooks: new Map(),
  counts: { requests: 0, webhooks: 0 },
};

/** So many conversations are read before all others. */
const FIRST = 50;

/** At most so many calls, webhooks and details are remembered here; the emulator has them. */
const KEPT = 300;

export const keyOf = (page, psid) => `${page}/${psid}`;

let redraw = () => {};
let scheduled = false;
/** No earlier than then is drawn again: drawing takes a quarter of the time at most. */
let rested = 0;

/** Calls back when something has changed, at most once for each frame. */
export function onChange(listener) {
  redraw = listener;
}

export function changed() {
  if (scheduled) return;
  scheduled = true;
  const frame = () => requestAnimationFrame((began) => {
    scheduled = false;
    redraw();
    rested = performance.now() + 3 * (performance.now() - began);
  });
  const rest = rested - performance.now();
  if (rest > 16) setTimeout(frame, rest);
  else frame();
}

const hearers = {};

/** Tells about an event, as soon as it is heard. */
export function onEvent(name, handle) {
  (hearers[name] ??= []).push(handle);
}

export function remember(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > KEPT) map.delete(map.keys().next().value);
}

/** Raised with each change of the rows. */
let version = 0;
const touch = () => {
  version += 1;
  changed();
};

let sorted = { version: -1, list: [], people: null };

/** All conversations, those last heard of first. */
export function rows() {
  if (sorted.version !== version) {
    const list = [...store.rows.values()].sort((a, b) => (b.last?.seq ?? 0) - (a.last?.seq ?? 0));
    sorted = { version, list, people: null };
  }
  return sorted.list;
}

/** A conversation of somebody's, by the PSID alone. */
export function personOf(psid) {
  const list = rows();
  sorted.people ??= new Map(list.map((row) => [row.psid, row]));
  return sorted.people.get(psid);
}

/** The conversation with somebody. It may not be known yet. */
export const rowOf = (page, psid) => store.rows.get(keyOf(page, psid));

function rowFor(page_id, psid) {
  const key = keyOf(page_id, psid);
  if (!store.rows.has(key)) {
    store.rows.set(key, fresh({
      page_id, psid, name: "", known: false, blocked: false, window_closes_at: null, read_until: null,
      messages: 0, actions: 0, typing: false, seen_at: null, seen_seq: null, last: null,
    }));
  }
  return store.rows.get(key);
}

const fresh = (row) => ({ ...row, key: keyOf(row.page_id, row.psid), name: row.name || `PSID ${row.psid}` });

/** What comes while something is being read may be newer than the answer. */
let reading = 0;
let meanwhile = [];

function apply(change) {
  change();
  if (reading) meanwhile.push(change);
}

async function read(...names) {
  reading += 1;
  try {
    const answers = await Promise.all(names.map((name) => api("GET", PATHS[name])));
    names.forEach((name, at) => TAKE[name](answers[at]));
    for (const change of meanwhile) change();
  } finally {
    reading -= 1;
    if (!reading) meanwhile = [];
  }
  touch();
}

const PATHS = {
  clock: "clock",
  conversations: "conversations",
  first: `conversations?limit=${FIRST}`,
  faults: "faults",
  state: "state?without=attachments,comments,people,user_refs",
};

const TAKE = {
  clock: setClock,
  conversations: ({ conversations, total }) => {
    store.rows = new Map(conversations.map((row) => [keyOf(row.page_id, row.psid), fresh(row)]));
    store.complete = conversations.length === total;
  },
  first: (answer) => TAKE.conversations(answer),
  faults: ({ faults }) => { store.faults = faults; },
  state: ({ logs, ...state }) => {
    store.state = state;
    for (const list of Object.keys(store.counts)) store.counts[list] = logs[list].kept;
  },
};

const stale = new Set();
const refresh = soon(() => {
  const names = [...stale];
  stale.clear();
  return read(...names);
});

function reread(...names) {
  for (const name of names) stale.add(name);
  refresh();
}

/** Something happened: the newest thing in its conversation. */
function heard(page, psid, kind, seq, at, text, change) {
  apply(() => {
    const row = rowFor(page, psid);
    if (row.last && row.last.seq >= seq && row.last.kind === kind && kind !== "call") return;
    change?.(row);
    if (!row.last || row.last.seq <= seq) row.last = { kind, seq, at, text };
    touch();
  });
}

let newest = { requests: 0, webhooks: 0 };

/** The same number may be told more than once. */
function count(list, id) {
  if (id > newest[list]) {
    newest[list] = id;
    store.counts[list] += 1;
  }
  changed();
}

export const callWords = (call) => ({ ringing: "Ringing…", accepted: "Connected", completed: "Call ended", failed: "Not answered" })[call.status];

/** A send that brought no message. */
export const isLost = (request) => Boolean((request.refusal || request.fault) && request.recipient
  && !request.message_id && request.method === "POST" && request.path.endsWith("/messages"));

/** The Page that a lost send was for. */
export function pageOf(request) {
  const person = personOf(request.recipient);
  if (person?.known) return person.page_id;
  return request.path.split("/").find((part) => Object.hasOwn(store.state.pages, part)) ?? defaultPage();
}

export const defaultPage = () => (Object.hasOwn(store.state.pages, store.state.default_page)
  ? store.state.default_page : Object.keys(store.state.pages)[0] ?? "");

const HANDLERS = {
  message: (item) => heard(item.page_id, item.recipient, "message", item.seq, item.sent_at, item.summary, (row) => {
    row.messages += 1;
    row.typing = false;
  }),
  action: (item) => heard(item.page_id, item.psid, "action", item.seq, item.at, item.summary, (row) => { row.actions += 1; }),
  call: (item) => {
    remember(store.calls, item.id, item);
    heard(item.page_id, item.psid, "call", item.seq, item.started_at, callWords(item));
  },
  request: (item) => {
    count("requests", item.id);
    if (isLost(item)) heard(pageOf(item), item.recipient, "refusal", item.seq, item.received_at, item.summary ?? "");
  },
  webhook: (item) => {
    remember(store.webhooks, item.id, item);
    count("webhooks", item.id);
  },
  person: ({ page_id, psid, ...facts }) => apply(() => {
    const row = rowFor(page_id, psid);
    store.rows.set(row.key, fresh({ ...row, ...facts }));
    touch();
  }),
  presence: ({ page_id, psid, ...facts }) => apply(() => {
    const row = rowFor(page_id, psid);
    store.rows.set(row.key, { ...row, ...facts });
    touch();
  }),
  clock: (clock) => apply(() => {
    setClock(clock);
    changed();
  }),
  state: () => reread("state", "conversations"),
  faults: ({ faults }) => apply(() => {
    store.faults = faults;
    changed();
  }),
  messages_deleted: () => reread("conversations"),
  requests_deleted: () => {
    store.counts.requests = 0;
    reread("conversations");
  },
  webhooks_deleted: () => {
    store.counts.webhooks = 0;
    store.webhooks.clear();
    changed();
  },
  reset: () => {
    meanwhile = [];
    newest = { requests: 0, webhooks: 0 };
    store.calls.clear();
    store.webhooks.clear();
    return all();
  },
  hello: () => all(),
};

/** Until what is there was painted; a hidden page paints nothing and doesn't wait for it. */
const shown = () => new Promise((done) => {
  setTimeout(done, 200);
  requestAnimationFrame(() => setTimeout(done));
});

/** What fills the screen first, then the rest. */
async function all() {
  try {
    await read("clock", "state", "faults", store.complete ? "conversations" : "first");
    store.ready = store.online = true;
    changed();
    if (!store.complete) {
      await shown();
      await read("conversations");
    }
  } catch {
    // The next connection tries again.
  }
}

const NAMES = [...Object.keys(HANDLERS), "webhooks_disabled", "webhooks_failing"];

export function connect() {
  const handlers = NAMES.map((name) => [name, (data) => {
    const done = HANDLERS[name]?.(data);
    for (const handle of hearers[name] ?? []) handle(data);
    return done;
  }]);
  listen(Object.fromEntries(handlers), () => {
    store.online = false;
    changed();
  });
}
