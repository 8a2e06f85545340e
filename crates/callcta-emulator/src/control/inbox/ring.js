// A ringing call: what the business may do, and the webhook that told it.

import { api } from "./api.js";
import { webhookParts } from "./inspect.js";
import { webhooksOf } from "./records.js";
import { callWords, rowOf, store } from "./store.js";
import { $, bdi, h, icon, keep, told } from "./util.js";

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
  const person = rowOf(call.page_id, call.psid)?.name || call.psid;
  const [from, to] = call.direction === "user_initiated" ? [person, page] : [page, person];
  const button = (kind, path, label) => h(`button.${kind}`, {
    type: "button", "data-focus": `ring-${path}`,
    onclick: () => told(api("POST", `calls/${call.id}/${path}`)),
  }, label);
  const choices = {
    ringing: () => [button("accept", "accept", "Accept"), button("danger", "end", "Decline")],
    accepted: () => [button("danger", "end", "Hang up")],
  }[call.status]?.() ?? [];
  keep(dialog, [
    { key: "call", stamp: JSON.stringify([call.id, call.status, page, person]), make: () => h("div.ringing", { "data-status": call.status },
      h("span.bell", {}, icon("phone")),
      h("h2", { id: "ring-title" }, bdi(from), " calls ", bdi(to)),
      h("p", { role: "status" }, callWords(call)),
      h("div.buttons", {}, choices),
      h("button.tool.close", { type: "button", "aria-label": "Close", "data-focus": "ring-close", onclick: () => dialog.close() }, icon("close"))) },
    { key: "webhooks", stamp: JSON.stringify(webhooksOf(call)), make: () => h("div.webhooks", {},
      webhooksOf(call).map((webhook) => h("section", {}, webhookParts(webhook))),
      call.no_webhook && h("p.muted", {}, `No webhook: ${call.no_webhook}`)) },
  ]);
}
