// A ringing call: what the business may do, and the webhook that told it.

import { api, store } from "./api.js";
import { webhookParts, webhooksOf } from "./inspect.js";
import { $, h, icon, keep, toast } from "./util.js";

let shown = null;
let expected = null;

export function openRing(id) {
  shown = id;
  fill();
  if (!$("ring").open) $("ring").showModal();
}

/** A button of this message was tapped: the next call from it is to be shown. */
export function expectRing(message_id) {
  expected = { message_id, after: [...store.calls.keys()].at(-1) ?? 0 };
}

export function drawRing() {
  const call = [...store.calls.values()].at(-1);
  if (call && call.message_id === expected?.message_id && call.id > expected.after) {
    expected = null;
    openRing(call.id);
  } else if ($("ring").open) fill();
}

function fill() {
  const call = store.calls.get(shown);
  const dialog = $("ring");
  if (!call) return dialog.close();
  const page = store.state.pages[call.page_id]?.name ?? call.page_id;
  const person = store.state.people[call.psid]?.name || call.psid;
  const [from, to] = call.direction === "user_initiated" ? [person, page] : [page, person];
  const button = (kind, path, label) => h(`button.${kind}`, {
    type: "button", "data-focus": `ring-${path}`,
    onclick: () => api("POST", `calls/${call.id}/${path}`).catch((error) => toast(error.message, "bad")),
  }, label);
  const choices = {
    ringing: () => [button("accept", "accept", "Accept"), button("danger", "end", "Decline")],
    accepted: () => [button("danger", "end", "Hang up")],
  }[call.status]?.() ?? [];
  const states = { ringing: "Ringing…", accepted: "Connected", completed: "Call ended", failed: "Not answered" };
  keep(dialog, [
    { key: "call", stamp: JSON.stringify([call.id, call.status, page, person]), make: () => h("div.ringing", { "data-status": call.status },
      h("span.bell", {}, icon("phone")),
      h("h2", { id: "ring-title" }, `${from} calls ${to}`),
      h("p", { role: "status" }, states[call.status]),
      h("div.buttons", {}, choices),
      h("button.tool.close", { type: "button", "aria-label": "Close", "data-focus": "ring-close", onclick: () => dialog.close() }, icon("close"))) },
    { key: "webhooks", stamp: JSON.stringify(webhooksOf(call)), make: () => h("div.webhooks", {},
      webhooksOf(call).map((webhook) => h("section", {}, webhookParts(webhook))),
      !webhooksOf(call).length && h("p.muted", {}, "No webhook was made: the app is not subscribed to calls, or calls are routed to Meta's own inbox.")) },
  ]);
}
