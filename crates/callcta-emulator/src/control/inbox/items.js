// What happened in a conversation, each thing as a row.

import { draw } from "./cards.js";
import { clickable } from "./countdown.js";
import { reactions } from "./composer.js";
import { openRing } from "./ring.js";
import { callWords, store } from "./store.js";
import { duration, hourOf, stamp } from "./time.js";
import { bdi, h, icon, to } from "./util.js";

/** A row. `here` has the conversation, the day if it begins there, whether details of the row are
    open, what others reacted with, and what taps and acts do. */
export function row({ kind, item, fault, read_at }, here) {
  const { conversation, heading, open } = here;
  const link = (name, id, label) => h("a.more", {
    href: to("inbox", conversation.page_id, conversation.psid, name, id), "data-focus": `${name}-${id}`, "aria-current": open ? "true" : null,
  }, label);
  const parts = { message, refusal, call, action }[kind](item, { ...here, link, fault, read_at });
  const mine = kind === "action" || (kind === "call" && item.direction === "user_initiated");
  return h(`li.${kind}${mine ? ".mine" : ""}`, {}, heading && h("h3.day", {}, heading),
    h("span.sr", {}, mine ? [bdi(conversation.name), ": "] : "The Page: "), parts);
}

/** Stands there until the row is read. */
export const placeholder = () => h("li.placeholder", {}, h("p.bubble.muted", {}, "…"));

function message(item, { tap, act, link, fault, read_at, reacted }) {
  const read = read_at ? `, read ${hourOf(read_at)}` : "";
  return [
    draw(item, { tap, page: store.state.pages[item.page_id]?.name, clickable: clickable(item) }),
    reacted && h("p.reacted", {}, h("span.sr", {}, "Reaction: "), reacted),
    h("div.meta", {}, "Delivered ", stamp(item.sent_at), read, item.body.tag && [" · ", bdi(String(item.body.tag))],
      fault && ` · fault: ${fault}`, " · ", link("message", item.id, "Details"), reactions(item, reacted, act)),
  ];
}

const refusal = (item, { link }) => [
  h("div.refused", {}, icon("alert"), h("div", {},
    h("strong", {}, item.refusal ? "Not delivered" : "Lost to a fault"),
    item.summary && h("p", { dir: "auto" }, item.summary),
    h("p", { dir: "auto" }, item.refusal?.detail ?? `Fault: ${item.fault}`), item.refusal && h("code", {}, item.refusal.rule))),
  h("p.meta", {}, stamp(item.received_at), " · ", link("request", item.id, "Why"))];

function call(item, { link }) {
  const words = item.status === "completed" ? `Ended after ${duration(item.ended_at - item.accepted_at)}` : callWords(item);
  return [
    h("div.bubble.called", {}, icon("phone"), h("div", {},
      h("strong", {}, item.direction === "user_initiated" ? "Audio call" : "Call from the Page"), h("span", {}, words))),
    h("p.meta", {}, stamp(item.started_at), " · ", link("call", item.id, "Details"),
      ["ringing", "accepted"].includes(item.status) && [" · ", h("button.more", { type: "button", "data-focus": `ring-${item.id}`, onclick: () => openRing(item.id) }, "Answer or end")])];
}

const KINDS = { image: "Picture", audio: "Recording", video: "Film", file: "File" };

function action(item, { link, seen_at }) {
  const { type, text, kind, url } = item.action;
  const said = {
    message: () => h("p.bubble", { dir: "auto" }, text),
    ad_message: () => h("p.bubble", { dir: "auto" }, text),
    quick_reply: () => h("p.bubble", { dir: "auto" }, item.action.title),
    sticker: () => h("p.bubble.sticker", {}, icon("thumb"), h("span.muted", {}, `Sticker ${item.action.sticker_id}`)),
    attachment: () => h("div.bubble.called", {}, icon(kind === "image" ? "image" : "file"), h("div", {}, h("strong", {}, KINDS[kind] ?? kind), h("span.url", {}, url))),
  }[type];
  return [
    said?.() ?? h("p.event", { dir: "auto" }, item.summary),
    h("p.meta", {}, type === "quick_reply" && "Quick reply · ", stamp(item.at), seen_at && `, seen by the Page ${hourOf(seen_at)}`, " · ",
      item.webhook_id ? link("webhook", item.webhook_id, "Webhook") : h("span.why", {}, `No webhook: ${item.no_webhook}`))];
}
