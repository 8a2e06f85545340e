// The logs of requests and webhooks, newest first: when, who and what.

import { api, path, soon } from "./api.js";
import { eventOf, statusChip, webhookChip } from "./inspect.js";
import { changed, onEvent, personOf } from "./store.js";
import { exactStamp, today } from "./time.js";
import { bdi, frame, h, to, told } from "./util.js";
import { Windowed } from "./windowed.js";

/** So many are read at once, and kept at most. */
const CHUNK = 200;
const KEPT = 5000;

const nothing = () => ({ q: "", state: "none", items: [], complete: false });
const logs = { requests: nothing(), webhooks: nothing() };
let list;

async function read(view, before) {
  const log = logs[view];
  const { q } = log;
  log.state = "loading";
  const answer = await api("GET", path(view, { q, before, limit: CHUNK })).catch(() => null);
  if (logs[view] !== log || log.q !== q) return;
  log.state = answer ? "here" : "none";
  for (const item of answer?.[view] ?? []) put(log, item);
  log.complete = answer !== null && answer[view].length < CHUNK;
  changed();
}

/** Newest first, each number once. */
function put(log, item) {
  const { items } = log;
  let at = 0;
  while (at < items.length && items[at].id > item.id) at += 1;
  items.splice(at, items[at]?.id === item.id ? 1 : 0, item);
  if (items.length > KEPT) {
    items.pop();
    log.complete = false;
  }
}

/** What a search finds is looked up anew when there is news. */
const again = soon(async () => {
  for (const [view, log] of Object.entries(logs)) {
    if (log.state === "none") continue;
    logs[view] = { ...nothing(), q: log.q, state: "loading", was: log.items };
    await read(view);
  }
});

for (const [view, name] of [["requests", "request"], ["webhooks", "webhook"]]) {
  onEvent(name, (item) => {
    const log = logs[view];
    if (log.state === "none") return;
    if (log.q) again();
    else put(log, item);
  });
  onEvent(`${view}_deleted`, () => { logs[view] = nothing(); });
}
for (const name of ["hello", "reset"]) onEvent(name, () => Object.keys(logs).forEach((view) => { logs[view] = nothing(); }));

export function drawLog(main, route, search) {
  const { view } = route;
  const title = view === "requests" ? "Requests" : "Webhooks";
  const release = () => told(api("POST", "webhooks/release", {}));
  if (frame(main, view, () => [
    h("div.head", {}, h("h2", { id: "main-title", tabindex: "-1" }, title),
      view === "webhooks" && h("button", { type: "button", onclick: release }, "Release held")),
    h("ol.log.plain", { "aria-label": title, tabindex: "0" })])) list = new Windowed(main.querySelector(".log"), { estimate: 44 });
  if (logs[view].q !== search) logs[view] = { ...nothing(), q: search, was: logs[view].items };
  const log = logs[view];
  if (log.state === "none") read(view);
  const items = log.items.length || log.state === "here" ? log.items : log.was ?? [];
  const empty = !items.length && (log.state === "here" ? (search ? "Nothing found." : `No ${view} yet.`) : "…");
  const day = today();
  const make = view === "requests" ? request : webhook;
  const who = (item) => nameOf(view === "requests" ? item.recipient : sender(item));
  list.update({
    count: items.length + (empty ? 1 : 0),
    keyOf: (at) => items[at]?.id ?? "empty",
    stampOf: (at) => (empty ? empty : JSON.stringify([items[at], route.id === items[at].id, who(items[at]), day])),
    make: (at) => (empty ? h("li.empty", {}, empty) : h("li", {}, h("a.entry", {
      href: to(view, items[at].id), "data-focus": `${view}-${items[at].id}`, "aria-current": route.id === items[at].id ? "true" : null,
    }, make(items[at], who(items[at]))))),
    drawn: (first, last) => {
      if (last > items.length - 30 && log.state === "here" && !log.complete) read(view, items.at(-1)?.id);
    },
  });
}

/** Somebody's name, by PSID. */
const nameOf = (psid) => (psid ? personOf(psid)?.name ?? `PSID ${psid}` : "");

const who = (name) => h("span.whom", { dir: "auto" }, name || "–");

const request = (item, name) => [
  h("span.muted.when", {}, exactStamp(item.received_at)), who(name),
  h("span.what", {}, item.summary && h("span.words", { dir: "auto" }, item.summary),
    h("code", {}, h("b", {}, item.method), ` ${item.path}`)),
  h("span.notes", {}, item.modelled && item.refusal && h("span.muted", {}, item.refusal.rule), item.fault && h("span.chip.warn", {}, item.fault),
    !item.modelled && h("span.chip.warn", {}, "not modelled"), statusChip(item))];

const webhook = (item, name) => [
  h("span.muted.when", {}, exactStamp(item.created_at)), who(name),
  h("span.what", {}, h("span.words", {}, WORDS[item.field] ?? item.field, said(item) && [": ", bdi(said(item))]), h("code", {}, h("b", {}, item.field), ` ${eventOf(item) ?? ""}`)),
  h("span.notes", {}, item.redelivery_of && h("span.muted", {}, `again ${item.redelivery_of}`), webhookChip(item))];

/** What somebody said in it, or tapped. */
function said({ body }) {
  try {
    const { message, postback, reaction } = JSON.parse(body).entry[0].messaging[0];
    return message?.text ?? postback?.title ?? reaction?.reaction;
  } catch {
    return ""; // calls, and what was cut
  }
}

const WORDS = {
  calls: "A call", call_permission_reply: "Answer to a call request", call_settings_update: "Call settings changed", messages: "A message",
  message_deliveries: "Delivered", message_echoes: "Echo of a message", message_reactions: "A reaction", message_reads: "Read",
  messaging_postbacks: "A tap", messaging_referrals: "A link followed",
};

/** Whom a webhook is about: whoever in it is known as a person. */
function sender({ body }) {
  for (const [, id] of body.matchAll(/"(?:id|from|to|recipient_id)":"(\d+)"/g)) if (personOf(id)) return id;
  return "";
}
