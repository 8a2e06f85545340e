// The menus: clock, faults, settings, and what a person does.

import { api } from "./api.js";
import { act } from "./composer.js";
import { personOf, rows, store } from "./store.js";
import { clockRuns, now, shortTimeOf, timeOf, trueFor } from "./time.js";
import { $, bdi, h, keep, told } from "./util.js";

const graph = (status, code, subcode, more) => ({ action: { type: "graph", status, code, subcode, ...more } });

/** Faults worth trying, in the words of the one who arms them. */
const PRESETS = {
  "Rate limit: 613, try again in 2 s": { ...graph(400, 613), headers: [["Retry-After", "2"]] },
  "Page rate limit: 80006": graph(400, 80006),
  "Temporary error: 2, transient": graph(500, 2, null, { is_transient: true }),
  "Token expired: 190/463": graph(400, 190, 463),
  "Person not available: 551/1545041": graph(400, 551, 1545041),
  "HTTP 503 without a body": { action: { type: "status", status: 503 } },
  "Answer 5 s late": { action: { type: "pass" }, delay: { type: "fixed", ms: 5000 } },
  "Connection lost, nothing stored": { action: { type: "drop" }, apply: "before" },
  "Stored, but the answer is lost": { action: { type: "drop" }, apply: "after" },
  "Half of the answer": { action: { type: "truncated_body" } },
  "HTML instead of JSON": { action: { type: "html_body" } },
  "Connection closed after the answer": { action: { type: "close_after_answer" } },
};

const patch = (change, done) => told(api("PATCH", "state", change), done);
const advance = (ms) => told(api("POST", "clock", { advance_ms: Math.round(ms) }), "Clock advanced");
const submit = (id, handle) => $(id).addEventListener("submit", (event) => {
  event.preventDefault();
  handle(event.target.elements, event.target);
});

/** Whom a fault can be armed for by choosing: so many, those last heard of first. */
const CHOICE = 100;

export function start(route, draw) {
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", () => advance(Number(button.dataset.advance)));
  }
  submit("advance", ({ amount, unit }) => advance(Number(amount.value) * Number(unit.value)));
  $("clock-runs").addEventListener("change", (event) => told(api("POST", "clock", { run: event.target.checked })));

  $("arm").elements.preset.append(...Object.keys(PRESETS).map((name) => h("option", {}, name)));
  submit("arm", ({ preset, recipient, times }) => told(api("POST", "faults", {
    ...PRESETS[preset.value],
    match: { path: "/messages", recipient: recipient.value || null },
    times: times.value ? Number(times.value) : null,
  }), "Fault armed"));

  $("answer-shape").addEventListener("change", (event) => patch({ answer_shape: event.target.value }, "Answer shape changed"));
  submit("webhook-url", ({ url }) => patch({ webhook: { url: url.value || null } }, "Receiver saved"));
  $("webhook-hold").addEventListener("change", (event) => patch({ webhook: { hold: event.target.checked } }));
  $("reset").addEventListener("click", () => $("confirm").showModal());
  $("confirm").addEventListener("close", () => {
    if ($("confirm").returnValue === "reset") told(api("POST", "reset"), "Everything is reset");
    $("confirm").returnValue = "";
  });

  for (const panel of document.querySelectorAll("[popover]")) {
    panel.addEventListener("beforetoggle", (event) => {
      if (panel.id === "person-panel") drawPerson(route());
      const opener = document.querySelector(`[popovertarget="${panel.id}"]`);
      opener?.classList.toggle("open", event.newState === "open");
      panel.style.top = `${opener?.getBoundingClientRect().bottom + 6}px`;
    });
    panel.addEventListener("toggle", draw);
  }
}

const show = (id, text) => {
  if ($(id).textContent !== String(text)) $(id).textContent = text;
};

/** Brings the panels up to date; what is being typed stays. */
export function drawPanels(route) {
  const { state, faults, counts } = store;
  show("clock", shortTimeOf(now()));
  trueFor(60_000 - (now() % 60_000));
  if ($("clock-panel").matches(":popover-open")) trueFor(1000 - (now() % 1000));
  show("clock-full", timeOf(now()));
  $("clock-runs").checked = clockRuns();
  for (const list of ["request", "webhook"]) show(`${list}-count`, counts[`${list}s`] > 999 ? "999+" : counts[`${list}s`] || "");
  show("fault-count", faults.length || "");
  $("answer-shape").value = state.answer_shape;
  $("webhook-hold").checked = state.webhook.hold;
  const url = $("webhook-url").elements.url;
  if (document.activeElement !== url) url.value = state.webhook.url ?? "";

  keep($("fault-list"), faults.map((fault) => ({
    key: fault.id, stamp: JSON.stringify(fault),
    make: () => h("li", {}, h("span", {}, fault.label, h("span.muted", {}, ` · ${fault.remaining === null ? "until cleared" : `${fault.remaining} left`}`),
      fault.fault.match?.recipient && h("span.muted", {}, ` · ${fault.fault.match.recipient}`)),
    h("button", { type: "button", "aria-label": `Clear: ${fault.label}`, "data-focus": `clear-${fault.id}`, onclick: () => told(api("DELETE", `faults/${fault.id}`)) }, "Clear")),
  })));
  const people = $("faults-panel").matches(":popover-open") ? rows().filter((row) => row.known).slice(0, CHOICE) : [];
  keep($("arm").elements.recipient, [{ psid: "", name: "Everybody" }, ...people].map(({ psid, name }) => ({
    key: psid, stamp: name, make: () => h("option", { value: psid, dir: "auto" }, name),
  })));

  keep($("page-settings"), Object.entries(state.pages).map(([id, page]) => ({
    key: id, stamp: JSON.stringify([page.name, page.audio_enabled]),
    make: () => h("label.switch", {}, h("input", {
      type: "checkbox", role: "switch", checked: page.audio_enabled, "data-focus": `audio-${id}`,
      onchange: (event) => patch({ pages: { [id]: { audio_enabled: event.target.checked } } }),
    }), h("span", {}, "Audio calling: ", bdi(page.name), h("span.muted.block", {}, id))),
  })));
  if ($("person-panel").matches(":popover-open")) drawPerson(route);
}

function drawPerson({ psid }) {
  const person = psid && personOf(psid);
  if (!person?.known) return;
  const open = person.window_closes_at > now();
  keep($("person-panel"), [{
    key: psid, stamp: JSON.stringify([person, open]),
    make: () => h("div", {}, h("h2", { dir: "auto" }, person.name),
      h("label.switch", {}, h("input", {
        type: "checkbox", role: "switch", checked: open, "data-focus": "window",
        onchange: (event) => patch({ people: { [psid]: { last_action: event.target.checked ? Math.round(now()) : null } } }),
      }), "Messaging window open"),
      h("label.switch", {}, h("input", {
        type: "checkbox", role: "switch", checked: person.blocked, "data-focus": "blocked",
        onchange: (event) => act(psid, { type: "block", blocked: event.target.checked }),
      }), "Has blocked the Page"),
      person.call_permission_until > now() && h("p.muted", {}, `Allows calls until ${timeOf(person.call_permission_until)}`)),
  }]);
}
