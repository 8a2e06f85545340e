// The control API, and the events that tell what is new.

const ROOT = "_emulator/"; // beside the page, wherever that is

/** Calls the control API. Throws an Error whose message can be shown. */
export async function api(method, path, body) {
  const response = await fetch(ROOT + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const json = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error(json?.error ?? `${method} ${path}: ${response.status}`);
  return json;
}

/** A path with its query; parameters without a value are left out. */
export function path(name, parameters) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== ""));
  return query.size ? `${name}?${query}` : name;
}

/** Listens; comes back by itself when the connection breaks. */
export function listen(handlers, lost) {
  const events = new EventSource(`${ROOT}events`);
  for (const [name, handle] of Object.entries(handlers)) {
    events.addEventListener(name, (event) => handle(JSON.parse(event.data || "null")));
  }
  events.onerror = () => {
    lost();
    if (events.readyState === EventSource.CLOSED) setTimeout(() => listen(handlers, lost), 1000);
  };
}

/** A function that does some work soon. However often it is called, the work is done once at a
    time, and rests after that for twice as long as it took. */
export function soon(work, least = 30) {
  let state = "idle";
  const run = async () => {
    state = "running";
    const began = performance.now();
    await work().catch(() => {}); // the next event, or the next connection, tries again
    const again = state === "again";
    state = "idle";
    if (again) start(2 * (performance.now() - began));
  };
  const start = (rest) => {
    state = "waiting";
    setTimeout(run, Math.max(least, rest));
  };
  return () => {
    if (state === "idle") start(0);
    else if (state === "running") state = "again";
  };
}
