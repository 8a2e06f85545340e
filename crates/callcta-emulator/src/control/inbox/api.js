// The control API, and a copy of what the emulator knows that server-sent events keep fresh.

/** Newest things kept here, at most; the emulator itself keeps fewer by default. */
const KEPT = 1000;
const LISTS = ["messages", "requests", "calls", "webhooks", "actions"];

export const store = { ready: false, online: false, state: null, clock: null, faults: [] };
for (const list of LISTS) store[list] = new Map();

const listeners = new Set();
let scheduled = false;

/** Calls back when something has changed, at most once for each frame. */
export function onChange(listener) {
  listeners.add(listener);
}

export function changed() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    for (const listener of listeners) listener();
  });
}

/** The emulator's time, which a running clock carries on between two events. */
export function now() {
  const { clock } = store;
  return clock ? clock.now + (clock.running ? performance.now() - clock.read : 0) : 0;
}

/** Calls the control API. Throws an Error whose message can be shown. */
export async function api(method, path, body) {
  const response = await fetch(`_emulator/${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const json = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error(json?.error ?? `${method} ${path}: ${response.status}`);
  return json;
}

function put(list, item) {
  const map = store[list];
  map.set(item.id, list === "requests" ? withParams(item) : item);
  if (map.size > KEPT) map.delete(map.keys().next().value);
}

/** A request's parameters as one object: those of JSON are its body. */
function withParams(item) {
  if (item.params) return item;
  try {
    return { ...item, params: JSON.parse(item.body) };
  } catch {
    return item;
  }
}

function setClock(clock) {
  store.clock = { ...clock, read: performance.now() };
}

/** Events that come while lists are being read: the answer may be older than they are. */
let reading = 0;
let meanwhile = [];

async function load(...names) {
  reading += 1;
  const loaded = await Promise.all(names.map((name) => api("GET", name))).finally(() => {
    reading -= 1;
  });
  names.forEach((name, at) => {
    const value = loaded[at];
    if (name === "clock") setClock(value);
    else if (name === "state") store.state = value;
    else if (name === "faults") store.faults = value.faults;
    else {
      store[name].clear();
      value[name].forEach((item) => put(name, item));
    }
  });
  for (const [list, item] of meanwhile) put(list, item);
  if (!reading) meanwhile = [];
  changed();
}

/** Reads these again; many calls in a row become one. */
const stale = new Set();
function reload(name) {
  if (stale.size === 0) {
    setTimeout(() => {
      const names = [...stale];
      stale.clear();
      load(...names).catch(() => {}); // the next event, or the next connection, tries again
    }, 30);
  }
  stale.add(name);
}

/** Listens; comes back by itself when the connection breaks. */
export function connect() {
  const events = new EventSource("_emulator/events");
  const on = (name, handle) => events.addEventListener(name, (event) => handle(JSON.parse(event.data || "null")));
  const all = () => load("clock", "state", "faults", ...LISTS).then(() => {
    store.ready = store.online = true;
    changed();
  }, () => {});
  on("hello", all);
  on("reset", () => {
    meanwhile = [];
    all();
  });
  for (const list of ["messages", "requests", "webhooks"]) on(`${list}_deleted`, () => reload(list));
  for (const list of LISTS) {
    on(list.slice(0, -1), (item) => {
      put(list, item);
      if (reading) meanwhile.push([list, item]);
      if (list === "actions" || list === "calls") reload("state");
      changed();
    });
  }
  on("clock", (clock) => {
    setClock(clock);
    changed();
  });
  on("state", () => reload("state"));
  on("faults", ({ faults }) => {
    store.faults = faults;
    changed();
  });
  events.onerror = () => {
    store.online = false;
    changed();
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  };
}
