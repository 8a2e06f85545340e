// One conversation as the person sees it.

import { api } from "./api.js";
import { act, composer, REACTIONS } from "./composer.js";
import { connectPage } from "./connect.js";
import { placeholder, row as drawRow } from "./items.js";
import { avatar, windowOf } from "./people.js";
import { profileOf } from "./profile.js";
import { record } from "./records.js";
import { expectRing } from "./ring.js";
import { rowOf, rows, store } from "./store.js";
import { closeThread, need, openThread, thread } from "./thread-data.js";
import { dayNumber, dayOf, today } from "./time.js";
import { look } from "./unread.js";
import { frame, h, icon, to, toast } from "./util.js";
import { Windowed } from "./windowed.js";

let list;
let shown;
/** What was brought into view because its details were opened. */
let opened = null;

export function drawThread(main, route, search) {
  const row = route.psid && rowOf(route.page, route.psid);
  if (!row) {
    closeThread();
    list = null;
    return route.psid && !store.complete ? frame(main, "…", () => h("h2.sr", { id: "main-title", tabindex: "-1" }, "…")) : nobody(main, route);
  }
  openThread(row.page_id, row.psid, search);
  look(row);
  const page = store.state.pages[row.page_id];
  const profile = profileOf(page, row);
  const fresh = !search && row.actions === 0;
  const wrote = main.querySelector(".compose, .composer")?.contains(document.activeElement);
  if (frame(main, JSON.stringify([row.key, row.name, row.known, page?.name, profile, fresh]), () => [
    head(row, page), h("ol.thread.plain", { "aria-label": "Messages", tabindex: "0" }), composer(row, profile, fresh)])) {
    list = null;
    if (wrote) main.querySelector(".composer :is(input, button.primary)")?.focus();
  }
  const window = windowOf(row);
  const chip = main.querySelector("#window-state");
  if (chip.textContent !== window.text) chip.textContent = window.text;
  chip.className = `chip ${window.open ? "good" : "bad"}`;
  drawItems(main.querySelector(".thread"), row, route, fresh && profile.greeting, search);
}

function drawItems(element, row, route, greeting, search) {
  const { order, items, state } = thread;
  const toEnd = !list || (shown !== `${thread.key} ${thread.q} ${state}`);
  list ??= new Windowed(element, { estimate: 90, follow: true });
  shown = `${thread.key} ${thread.q} ${state}`;
  const day = today();
  const reacted = reactionsOf(items);
  const seen = seenOf(row, order, items);
  // Around what happened stand what a Page says first, and what it does now.
  const first = greeting ? [["greeting", greeting, () => h("li.empty", { dir: "auto" }, greeting)]] : [];
  const last = [];
  if (!order.length && state !== "loading") {
    const words = search ? "Nothing found here." : "No messages yet.";
    last.push(["empty", words, () => h("li.empty", {}, words)]);
  }
  if (row.typing) last.push(["typing", "", () => h("li.typing", {}, h("span.sr", {}, "The Page is typing"), h("p.bubble", { "aria-hidden": "true" }, h("i"), h("i"), h("i")))]);
  const extra = (at) => (at < first.length ? first[at] : last[at - first.length - order.length]);
  const seqOf = (at) => order[at - first.length];
  const itemOf = (at) => items.get(seqOf(at));
  const beginsDay = (at) => {
    const before = items.get(order[at - first.length - 1]);
    const item = itemOf(at);
    return at === first.length || (before && dayNumber(before.at) !== dayNumber(item.at)) ? dayOf(item.at) : "";
  };
  const here = (at) => {
    const item = itemOf(at);
    const heading = beginsDay(at);
    return {
      heading,
      open: route.id === item.item.id && (route.kind === item.kind || (route.kind === "request" && item.kind === "refusal")),
      reacted: item.kind === "message" ? reacted.get(item.item.message_id) : undefined,
      seen_at: seen === item.seq ? row.seen_at : null,
      day: heading && day,
    };
  };
  list.update({
    show: toShow(route, order, first.length),
    count: first.length + order.length + last.length,
    toEnd,
    keyOf: (at) => extra(at)?.[0] ?? seqOf(at),
    stampOf: (at) => extra(at)?.[1] ?? (itemOf(at) ? JSON.stringify([itemOf(at), here(at)]) : "…"),
    make: (at) => extra(at)?.[2]() ?? (itemOf(at) ? drawRow(itemOf(at), {
      ...here(at), conversation: row, tap: (target) => tap(itemOf(at)?.item, target), act: row.known && ((action) => act(row.psid, action)),
    }) : placeholder()),
    drawn: (from, until) => need(from - first.length, until - first.length),
  });
}

/** The index of the row whose details were just opened. */
function toShow({ kind, id }, order, before) {
  const target = kind && kind !== "webhook" ? `${kind} ${id}` : null;
  if (target === opened) return undefined;
  const at = target ? order.indexOf(record(kind, id)?.seq) : -1;
  if (!target || at >= 0) opened = target;
  return at >= 0 ? at + before : undefined;
}

/** The person's newest reaction to each message, of what is known here. */
function reactionsOf(items) {
  const found = new Map();
  const reactions = [...items.values()].filter(({ kind, item }) => kind === "action" && item.action.type === "reaction");
  for (const { item: { action } } of reactions.sort((a, b) => a.seq - b.seq)) {
    if (action.remove) found.delete(action.message_id);
    else found.set(action.message_id, REACTIONS[action.reaction] ?? action.reaction);
  }
  return found;
}

/** The last thing of the person's that the Page has marked as seen. */
function seenOf(row, order, items) {
  if (row.seen_at === null) return null;
  for (let at = order.length - 1; at >= 0 && at > order.length - 200; at -= 1) {
    if (order[at] <= row.seen_seq && items.get(order[at])?.item.action && items.get(order[at]).item.message_id) return order[at];
  }
  return null;
}

const head = (row, page) => h("div.head", {},
  h("a.tool.back", { href: to("inbox"), "aria-label": "Back to the conversations" }, icon("back")),
  avatar(row),
  h("div.who", {}, h("h2", { id: "main-title", tabindex: "-1", dir: "auto" }, row.name),
    h("span.muted", {}, h("bdi", {}, page?.name ?? row.page_id), ` · PSID ${row.psid}`)),
  h("span.chip", { id: "window-state" }),
  row.known && h("button.tool", { type: "button", popovertarget: "person-panel", "aria-label": "This person" }, icon("more")));

async function tap(message, target) {
  if ("approve" in target) return act(message.recipient, { type: "call_permission", approve: target.approve });
  expectRing(message.message_id);
  try {
    const { no_webhook } = await api("POST", "tap", { message_id: message.message_id, ...target });
    if (no_webhook) toast(`No webhook: ${no_webhook}`);
  } catch (error) {
    expectRing(undefined);
    toast(`The tap did nothing: ${error.message}`, "bad");
  }
}

/** No conversation is shown. */
function nobody(main, route) {
  if (!rows().some((row) => row.messages > 0)) return connectPage(main);
  const unknown = Boolean(route.psid);
  frame(main, `welcome ${unknown}`, () => h("div.empty", {},
    h("h2", { id: "main-title", tabindex: "-1" }, unknown ? "No such conversation" : "Choose a conversation"),
    h("p", {}, unknown ? "Nobody with this PSID is in the state or was written to." : "Messages appear here as people see them.")));
}
