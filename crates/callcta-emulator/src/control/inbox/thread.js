// The list of conversations, and one conversation as the person sees it.

import { api, now, store } from "./api.js";
import { draw, summary } from "./cards.js";
import { getStarted, menu, profileOf } from "./profile.js";
import { expectRing, openRing } from "./ring.js";
import { $, dayOf, duration, frame, h, icon, keep, matches, stamp, to, toast } from "./util.js";

const keyOf = (page, psid) => `${page}/${psid}`;

/** Everybody who is known or was written to, with all that happened (that matches the search), oldest
    first; `missed` are those whom the search missed. */
export function conversations(search) {
  const { state } = store;
  const fallback = state.default_page || Object.keys(state.pages)[0] || "";
  const found = new Map();
  const at = (page, psid) => {
    const key = keyOf(page, psid);
    if (!found.has(key)) {
      const person = state.people[psid];
      found.set(key, { key, page, psid, person, name: person?.name || `PSID ${psid}`, items: [] });
    }
    return found.get(key).items;
  };
  for (const [psid, person] of Object.entries(state.people)) at(person.page || fallback, psid);
  for (const item of store.messages.values()) {
    const fault = store.requests.get(item.request_id)?.fault;
    at(item.page_id, item.recipient).push({ kind: "message", at: item.sent_at, item, fault });
  }
  for (const item of store.actions.values()) at(item.page_id, item.psid).push({ kind: "action", at: item.at, item });
  for (const item of store.calls.values()) at(item.page_id, item.psid).push({ kind: "call", at: item.started_at, item });
  for (const item of store.requests.values()) {
    const lost = item.refusal || item.fault;
    if (!lost || !item.recipient || item.message_id || !item.path.endsWith("/messages")) continue;
    const person = state.people[item.recipient];
    const page = person ? person.page : item.path.split("/").find((part) => Object.hasOwn(state.pages, part));
    at(page || fallback, item.recipient).push({ kind: "refusal", at: item.received_at, item });
  }
  for (const one of found.values()) one.items.sort((a, b) => a.item.seq - b.item.seq);
  const all = [...found.values()];
  if (!search) return all;
  return all.map((one) => {
    if (matches(`${one.name} ${one.psid}`, search)) return one;
    const items = one.items.filter(({ item }) => matches(item, search));
    return { ...one, items, missed: !items.length };
  });
}

export function drawPeople(all, route, search) {
  const pages = [...new Set(all.filter((one) => !one.missed).map((one) => one.page))];
  const items = pages.map((page) => {
    const here = all.filter((one) => one.page === page && !one.missed)
      .sort((a, b) => (b.items.at(-1)?.at ?? 0) - (a.items.at(-1)?.at ?? 0));
    const info = store.state.pages[page];
    return {
      key: page,
      stamp: JSON.stringify([info?.name, info?.audio_enabled, route.page, route.psid, here.map((one) => [one.key, one.name, one.items.at(-1), windowOf(one.person)])]),
      make: () => h("section", { "aria-label": info?.name ?? page },
        h("h3", {}, info?.name ?? page, info && !info.audio_enabled && h("span.chip", {}, "calling off")),
        h("ul.plain", {}, here.map((one) => h("li", {}, personLink(one, route))))),
    };
  });
  if (!items.length) items.push({ key: "", stamp: search, make: () => h("p.empty", {}, search ? "Nobody found." : "Nobody here.") });
  keep($("people-list"), items);
}

function personLink(one, route) {
  const last = one.items.at(-1);
  const current = route.page === one.page && route.psid === one.psid;
  return h("a.person", {
    href: to("inbox", one.page, one.psid), "aria-current": current ? "page" : null, "data-focus": `person-${one.key}`,
  }, avatar(one),
  h("span.who", {}, h("strong", {}, one.name),
    h("span.muted.preview", {}, last ? preview(last) : windowOf(one.person).text)),
  last && h("span.muted", {}, stamp(last.at)));
}

function preview({ kind, item }) {
  if (kind === "message") return summary(item);
  if (kind === "refusal") return "Not delivered";
  if (kind === "call") return callState(item);
  return actionText(item);
}

const avatar = (one) => h(`span.avatar.tint${[...one.psid].reduce((sum, digit) => sum + digit.codePointAt(0), 0) % 5}`,
  { "aria-hidden": "true" }, [...one.name][0]);

/** Whether a person may be written to now. */
function windowOf(person) {
  if (!person) return { open: true, text: "Not in the state" };
  if (person.blocked) return { open: false, text: "Blocked the Page" };
  const left = person.last_action === null ? 0 : person.last_action + person.window_ms - now();
  return left > 0 ? { open: true, text: `Window open, ${duration(left)} left` } : { open: false, text: "Window closed" };
}

export function drawThread(main, all, route, search) {
  const one = all.find((each) => each.page === route.page && each.psid === route.psid);
  if (!one) return frame(main, `welcome ${store.messages.size > 0}`, welcome);
  const profile = profileOf(store.state.pages[one.page], one.person);
  const fresh = !search && one.items.every(({ kind }) => kind !== "action");
  const wrote = main.querySelector(".composer")?.contains(document.activeElement);
  if (frame(main, JSON.stringify([one.key, one.name, store.state.pages[one.page]?.name, profile, fresh]), () => [
    threadHead(one), h("ol.thread.plain", { "aria-label": "Messages", tabindex: "0" }), composer(one, profile, fresh)])) {
    main.dataset.shown = "";
    if (wrote) main.querySelector(".composer :is(input, button)")?.focus();
  }
  const window = windowOf(one.person);
  $("window-state").textContent = window.text;
  $("window-state").className = `chip ${window.open ? "good" : "bad"}`;
  const thread = main.querySelector(".thread");
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  let day = "";
  const items = one.items.map(({ kind, at, item, fault }) => {
    const heading = dayOf(at) === day ? "" : (day = dayOf(at));
    const open = route.id === item.id && (route.kind === kind || (route.kind === "request" && kind === "refusal"));
    return { key: `${kind}-${item.id}`, stamp: JSON.stringify([item, heading, open, fault]), make: () => row(kind, item, heading, one, open, fault) };
  });
  if (fresh && profile.greeting) items.unshift({ key: "greeting", stamp: profile.greeting, make: () => h("li.empty", {}, profile.greeting) });
  if (!items.length) items.push({ key: "empty", stamp: search, make: () => h("li.empty", {}, search ? "Nothing found here." : "No messages yet.") });
  keep(thread, items);
  const newest = items.at(-1).key;
  if (main.dataset.shown !== newest && (atEnd || !main.dataset.shown)) thread.scrollTop = thread.scrollHeight;
  main.dataset.shown = newest;
}

const threadHead = (one) => h("div.head", {},
  h("a.tool.back", { href: to("inbox"), "aria-label": "Back to the conversations" }, icon("back")),
  avatar(one),
  h("div.who", {}, h("h2", { id: "main-title", tabindex: "-1" }, one.name),
    h("span.muted", {}, `${store.state.pages[one.page]?.name ?? one.page} · PSID ${one.psid}`)),
  h("span.chip", { id: "window-state" }),
  one.person && h("button.tool", { type: "button", popovertarget: "person-panel", "aria-label": "This person" }, icon("more")));

/** The person's side of the conversation can be played, too. */
function composer(one, profile, fresh) {
  if (!one.person) return h("p.composer.muted", {}, "Somebody who is not in the state can be written to, but does nothing.");
  const acts = (action) => act(one.psid, action);
  if (fresh && profile.start !== undefined) return getStarted(profile.start, acts);
  const write = !profile.menu?.composer_input_disabled && writer(one);
  return h("div", {}, profile.menu?.call_to_actions.length > 0 && menu(profile.menu, acts), write);
}

function writer(one) {
  const field = h("input", { name: "text", "aria-label": `Write as ${one.name}`, placeholder: `Write as ${one.name}`, autocomplete: "off", required: true });
  return h("form.composer", {
    onsubmit: (event) => {
      event.preventDefault();
      act(one.psid, { type: "message", text: field.value });
      field.value = "";
    },
  }, field, h("button", {}, "Send"));
}

export const act = (psid, action) => api("POST", `people/${psid}/actions`, action).catch((error) => toast(error.message, "bad"));

function row(kind, item, heading, one, open, fault) {
  const link = (name, id, label) => h("a.more", {
    href: to("inbox", one.page, one.psid, name, id), "data-focus": `${name}-${id}`, "aria-current": open ? "true" : null,
  }, label);
  const body = {
    message: () => [draw(item, (target) => tap(item, target)),
      h("p.meta", {}, stamp(item.sent_at), item.body.tag && ` · ${item.body.tag}`, fault && ` · fault: ${fault}`, " · ", link("message", item.id, "Details"))],
    refusal: () => [h("div.refused", {}, icon("alert"), h("div", {},
      h("strong", {}, item.refusal ? "Not delivered" : "Lost to a fault"),
      h("p", {}, item.refusal?.detail ?? `Fault: ${item.fault}`), item.refusal && h("code", {}, item.refusal.rule))),
    h("p.meta", {}, stamp(item.received_at), " · ", link("request", item.id, "Why"))],
    call: () => [h("div.bubble.called", {}, icon("phone"), h("div", {},
      h("strong", {}, item.direction === "user_initiated" ? "Audio call" : "Call from the Page"), h("span", {}, callState(item)))),
    h("p.meta", {}, stamp(item.started_at), " · ", link("call", item.id, "Details"),
      ["ringing", "accepted"].includes(item.status) && [" · ", h("button.more", { type: "button", "data-focus": `ring-${item.id}`, onclick: () => openRing(item.id) }, "Answer or end")])],
    action: () => [h(item.action.text ? "p.bubble" : "p.event", {}, actionText(item)),
      h("p.meta", {}, stamp(item.at), " · ", item.webhook_id
        ? link("webhook", item.webhook_id, "Webhook") : `No webhook: ${item.no_webhook}`)],
  };
  const mine = kind === "action" || (kind === "call" && item.direction === "user_initiated");
  return h(`li.${kind}${mine ? ".mine" : ""}`, {}, heading && h("h3.day", {}, heading),
    h("span.sr", {}, mine ? `${one.name}: ` : "The Page: "), body[kind]());
}

function callState(call) {
  const took = call.ended_at - call.accepted_at;
  return { ringing: "Ringing…", accepted: "Connected", completed: `Ended after ${duration(took)}`, failed: "Not answered" }[call.status];
}

function actionText({ action }) {
  return action.text ?? {
    postback: () => `Tapped “${action.title}”`,
    quick_reply: () => `Tapped the quick reply “${action.title}”`,
    attachment: () => `Sent a ${{ image: "picture", audio: "recording", video: "film", file: "file" }[action.kind]} (${action.url})`,
    sticker: () => `Sent the sticker ${action.sticker_id}`,
    reaction: () => (action.remove ? `Took back ${action.reaction}` : `Reacted with ${action.reaction}`),
    read: () => "Read everything",
    referral: () => `Followed a link (${action.ref})`,
    comment: () => "Commented on a post",
    visitor_post: () => "Posted on the Page",
    call_permission: () => (action.approve ? "Allowed calls" : "Declined calls"),
    block: () => (action.blocked ? "Blocked the Page" : "Unblocked the Page"),
  }[action.type]?.() ?? action.type;
}

async function tap(message, target) {
  if ("approve" in target) return act(message.recipient, { type: "call_permission", approve: target.approve });
  expectRing(message.message_id);
  try {
    await api("POST", "tap", { message_id: message.message_id, ...target });
  } catch (error) {
    expectRing(undefined);
    toast(`The tap did nothing: ${error.message}`, "bad");
  }
}

function welcome() {
  const some = store.messages.size > 0;
  return h("div.empty", {}, h("h2", { id: "main-title", tabindex: "-1" }, some ? "Choose a conversation" : "Nothing sent yet"),
    h("p", {}, some ? "Messages appear here as people see them." : "Messages that your program sends to this address appear here as people see them:"),
    !some && h("code", {}, location.origin));
}
