// The details of a message, a request, a call or a webhook.

import { api, store } from "./api.js";
import { code } from "./cards.js";
import { $, frame, h, icon, keep, matches, timeOf, to, toast } from "./util.js";

/** The webhooks that speak of a call. */
export const webhooksOf = (call) => [...store.webhooks.values()]
  .filter((webhook) => webhook.field === "calls" && webhook.body.includes(`"${call.call_id}"`));

export function drawDetails(route) {
  const aside = $("details");
  const kinds = { message: "messages", request: "requests", call: "calls", webhook: "webhooks" };
  const item = store[kinds[route.kind]]?.get(route.id);
  aside.hidden = !route.kind;
  if (!route.kind) return aside.replaceChildren();
  const stamp = JSON.stringify([item, item && route.kind === "message" && store.requests.get(item.request_id), item && route.kind === "call" && webhooksOf(item)]);
  const key = `${route.kind}-${route.id}`;
  const names = { message: "Message", request: "Request", call: "Call", webhook: "Webhook" };
  keep(aside, [
    { key: "head", stamp: key, make: () => h("div.head", {},
      h("h2", { id: "details-title", tabindex: "-1" }, `${names[route.kind]} ${route.id}`),
      h("a.tool", { href: route.parent, id: "details-close", "aria-label": "Close the details" }, icon("close"))) },
    { key, stamp, make: () => h("div.body", {}, item ? { message, request, call, webhook: webhookParts }[route.kind](item) : h("p.empty", {}, "It is no longer kept.")) },
  ]);
}

function message(item) {
  const from = store.requests.get(item.request_id);
  return [facts({ "Message id": item.message_id, Sent: timeOf(item.sent_at) }),
    from ? request(from) : [h("h3", {}, "Message"), code(item.body), h("p.muted", {}, "Its request is no longer kept.")]];
}

function request(item) {
  const { refusal } = item;
  const type = item.headers.find(([name]) => name === "content-type")?.[1];
  return [
    refusal && item.modelled && h("section.broken", {}, h("h3", {}, icon("alert"), "The rule it broke"),
      h("p", {}, refusal.detail),
      facts({ Rule: h("code", {}, refusal.rule), Where: refusal.path && h("code", {}, refusal.path) }),
      refusal.path && [h("h4", {}, "What was sent there"), sentAt(item, refusal.path)]),
    item.fault && h("p.note", {}, icon("fault"), `Hit by a fault: ${item.fault}`),
    !item.modelled && h("p.note", {}, icon("alert"), "The emulator does not model this method and path."),
    h("h3", {}, "Request"),
    facts({ Received: timeOf(item.received_at), "Part of": item.batch && `batch request ${item.batch}` }),
    h("p.url", {}, h("code", {}, `${item.method} ${item.path}${item.query && `?${item.query}`}`)),
    item.headers.length > 0 && h("details", {}, h("summary", {}, `${item.headers.length} headers`),
      code(item.headers.map((header) => header.join(": ")).join("\n"), "Headers")),
    item.body && code(/urlencoded|multipart/.test(type) && item.params ? item.params : item.body, "Request body"),
    h("div.buttons", {}, h("button", { type: "button", "data-focus": "curl", onclick: () => copy(item.curl) }, "Copy as curl")),
    h("h3", {}, "Response"),
    h("p", {}, statusChip(item)),
    item.answer && code(item.answer, "Response body"),
  ];
}

function call(item) {
  return [facts({
    "Call id": item.call_id, Status: item.status, Started: timeOf(item.started_at),
    Accepted: item.accepted_at && timeOf(item.accepted_at), Ended: item.ended_at && timeOf(item.ended_at),
    "Tapped in": item.message_id,
  }), webhooksOf(item).map((webhook) => h("section", {}, webhookParts(webhook)))];
}

/** A webhook's request, its signature and what the receiver said. */
export function webhookParts(webhook) {
  const event = webhook.body.match(/"event":"(\w+)"/)?.[1];
  const states = { no_target: "no receiver is set", held: "held back", queued: "on its way", delivered: "delivered", failed: "failed" };
  const again = (signature, label) => h("button", {
    type: "button", "data-focus": `again-${webhook.id}-${signature}`,
    onclick: () => api("POST", `webhooks/${webhook.id}/redeliver`, { signature }).then(() => toast("Sent again"), (error) => toast(error.message, "bad")),
  }, label);
  return [
    h("h3", {}, `Webhook ${webhook.field}${event ? `: ${event}` : ""} `, h(`span.chip.${{ delivered: "good", failed: "bad" }[webhook.status] ?? "plain"}`, {}, states[webhook.status])),
    webhook.status === "no_target" && h("p.muted", {}, "Name a receiver in the settings to have it delivered."),
    facts({ Made: timeOf(webhook.created_at), Signature: h("code", {}, webhook.signature ? `X-Hub-Signature-256: ${webhook.signature}` : "left out") }),
    code(webhook.body, "Webhook body"),
    webhook.attempts.map((attempt, at) => [
      h("h4", {}, `Attempt ${at + 1} `, h(`span.chip.${attempt.status === 200 ? "good" : "bad"}`, {}, attempt.status ?? "no answer")),
      h("p.url", {}, h("code", {}, `POST ${attempt.url}`), h("span.muted", {}, ` ${attempt.duration_ms} ms`)),
      (attempt.answer || attempt.error) && code(attempt.answer || attempt.error, "The receiver's answer")]),
    h("div.buttons", {}, again("valid", "Send again"), again("wrong", "Send with a wrong signature"), again("missing", "Send unsigned")),
  ];
}

const facts = (all) => h("dl", {}, Object.entries(all).filter(([, value]) => value)
  .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

const statusChip = ({ status }) => h(`span.chip.${status === null ? "bad" : status < 400 ? "good" : "bad"}`, {}, status ?? "no answer");

/** The value at `message.attachment.payload.elements[0].title`. */
function sentAt(item, path) {
  let value = item.params;
  for (const step of path.match(/[^.[\]]+/g) ?? []) value = value?.[step];
  return value === undefined ? h("p.muted", {}, "Nothing.") : code(JSON.stringify(value), "What was sent there");
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied. It reads the token from CALLCTA_ACCESS_TOKEN.");
  } catch {
    toast("The browser did not allow copying.", "bad");
  }
}

/** The log of requests, or of webhooks, newest first. */
export function drawLog(main, route, search) {
  const view = route.view;
  const title = view === "requests" ? "Requests" : "Webhooks";
  const release = () => api("POST", "webhooks/release", {}).catch((error) => toast(error.message, "bad"));
  frame(main, view, () => [
    h("div.head", {}, h("h2", { id: "main-title", tabindex: "-1" }, title),
      view === "webhooks" && h("button", { type: "button", onclick: release }, "Release held")),
    h("ol.log.plain", { "aria-label": title, tabindex: "0" })]);
  const all = [...store[view].values()].reverse().filter((item) => !search || matches(item, search));
  const make = view === "requests" ? requestRow : webhookRow;
  const items = all.map((item) => ({
    key: String(item.id), stamp: JSON.stringify([item, route.id === item.id]),
    make: () => h("li", {}, h("a.entry", {
      href: to(view, item.id), "data-focus": `${view}-${item.id}`, "aria-current": route.id === item.id ? "true" : null,
    }, make(item))),
  }));
  if (!items.length) items.push({ key: "empty", stamp: "", make: () => h("li.empty", {}, search ? "Nothing found." : `No ${view} yet.`) });
  keep(main.querySelector(".log"), items);
}

const requestRow = (item) => [
  h("span.muted.id", {}, item.id), h("code.what", {}, h("b", {}, item.method), ` ${item.path}`),
  h("span.notes", {}, item.modelled && item.refusal && h("span.muted", {}, item.refusal.rule), item.fault && h("span.chip.warn", {}, item.fault),
    !item.modelled && h("span.chip.warn", {}, "not modelled")),
  statusChip(item)];

const webhookRow = (item) => [
  h("span.muted.id", {}, item.id), h("code.what", {}, h("b", {}, item.field), ` ${item.body.match(/"event":"(\w+)"/)?.[1] ?? ""}`),
  h("span.notes", {}, item.redelivery_of && h("span.muted", {}, `again ${item.redelivery_of}`)),
  h(`span.chip.${{ delivered: "good", failed: "bad" }[item.status] ?? "plain"}`, {}, item.status.replace("_", " "))];

