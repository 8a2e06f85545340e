// The details of a message, a request, a call or a webhook.

import { api } from "./api.js";
import { parametersOf, record, webhooksOf } from "./records.js";
import { timeOf } from "./time.js";
import { $, code, copy, h, icon, keep, toast } from "./util.js";

export function drawDetails(route) {
  const aside = $("details");
  aside.hidden = !route.kind;
  if (!route.kind) return aside.replaceChildren();
  const item = record(route.kind, route.id);
  const more = item && { message: () => record("request", item.request_id), call: () => webhooksOf(item) }[route.kind]?.();
  const key = `${route.kind}-${route.id}`;
  const names = { message: "Message", request: "Request", call: "Call", webhook: "Webhook" };
  const parts = { message, request, call, webhook: webhookParts }[route.kind];
  const none = item === null && h("p.empty", {}, "It is no longer kept.");
  keep(aside, [
    { key: "head", stamp: key, make: () => h("div.head", {},
      h("h2", { id: "details-title", tabindex: "-1" }, `${names[route.kind]} ${route.id}`),
      h("a.tool", { href: route.parent, id: "details-close", "aria-label": "Close the details" }, icon("close"))) },
    { key, stamp: JSON.stringify([item, more]), make: () => h("div.body", {}, item ? parts(item, more) : none) },
  ]);
}

const message = (item, from) => [
  facts({ "Message id": item.message_id, Sent: timeOf(item.sent_at), "No webhook": item.no_webhook }),
  from ? request(from) : [h("h3", {}, "Message"), code(item.body),
    from === null && h("p.muted", {}, "Its request is no longer kept.")],
];

function request(item) {
  const { refusal } = item;
  const params = parametersOf(item);
  const type = item.headers.find(([name]) => name === "content-type")?.[1];
  return [
    refusal && item.modelled && h("section.broken", {}, h("h3", {}, icon("alert"), "The rule it broke"),
      h("p", { dir: "auto" }, refusal.detail),
      facts({ Rule: h("code", {}, refusal.rule), Where: refusal.path && h("code", {}, refusal.path) }),
      refusal.path && [h("h4", {}, "What was sent there"), sentAt(params, refusal.path)]),
    item.fault && h("p.note", {}, icon("fault"), `Hit by a fault: ${item.fault}`),
    !item.modelled && h("p.note", {}, icon("alert"), "The emulator does not model this method and path."),
    h("h3", {}, "Request"),
    facts({ Received: timeOf(item.received_at), "Part of": item.batch && `batch request ${item.batch}` }),
    h("p.url", {}, h("code", {}, `${item.method} ${item.path}${item.query && `?${item.query}`}`)),
    item.headers.length > 0 && h("details", {}, h("summary", {}, `${item.headers.length} headers`),
      code(item.headers.map((header) => header.join(": ")).join("\n"), "Headers")),
    item.body && code(/urlencoded|multipart/.test(type) && params ? params : item.body, "Request body"),
    h("div.buttons", {}, h("button", { type: "button", "data-focus": "curl", onclick: () => copy(item.curl, "Copied. It reads the token from CALLCTA_ACCESS_TOKEN.") }, "Copy as curl")),
    h("h3", {}, "Response"),
    h("p", {}, statusChip(item)),
    item.answer && code(item.answer, "Response body"),
  ];
}

const call = (item, webhooks) => [
  facts({
    "Call id": item.call_id, Status: item.status, Started: timeOf(item.started_at),
    Accepted: item.accepted_at && timeOf(item.accepted_at), Ended: item.ended_at && timeOf(item.ended_at),
    "Tapped in": item.message_id, "No webhook": item.no_webhook,
  }), webhooks?.map((webhook) => h("section", {}, webhookParts(webhook)))];

export const webhookChip = ({ status }) => h(`span.chip.${{ delivered: "good", failed: "bad" }[status] ?? "plain"}`, {},
  { no_target: "no receiver is set", held: "held back", queued: "on its way", delivered: "delivered", failed: "failed" }[status]);

export const eventOf = (webhook) => webhook.body.match(/"event":"(\w+)"/)?.[1];

/** A webhook's request, its signature and what the receiver said. */
export function webhookParts(webhook) {
  const event = eventOf(webhook);
  const again = (signature, label) => h("button", {
    type: "button", "data-focus": `again-${webhook.id}-${signature}`,
    onclick: () => api("POST", `webhooks/${webhook.id}/redeliver`, { signature }).then(() => toast("Sent again"), (error) => toast(error.message, "bad")),
  }, label);
  return [
    h("h3", {}, `Webhook ${webhook.field}${event ? `: ${event}` : ""} `, webhookChip(webhook)),
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

export const statusChip = ({ status }) => h(`span.chip.${status !== null && status < 400 ? "good" : "bad"}`, {}, status ?? "no answer");

/** The value at `message.attachment.payload.elements[0].title`. */
function sentAt(params, path) {
  let value = params;
  for (const step of path.match(/[^.[\]]+/g) ?? []) value = value?.[step];
  return value === undefined ? h("p.muted", {}, "Nothing.") : code(JSON.stringify(value), "What was sent there");
}
