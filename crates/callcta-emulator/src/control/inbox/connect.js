// What a program needs in order to reach this emulator, with something to copy for each of it.

import { api } from "./api.js";
import { $, copy, frame, h, icon, told } from "./util.js";

const LANGUAGES = { rust: "Rust", python: "Python", node: "Node", c: "C" };
let facts;
let snippets;

/** Where the page is, is where programs of the same machine find Graph. */
const base = () => new URL(".", location.href).href.replace(/\/$/, "");

async function read() {
  const text = async (name) => (await fetch(`inbox/snippets/${name}.txt`)).text();
  const names = Object.keys(LANGUAGES);
  const [ready, ...texts] = await Promise.all([api("GET", "ready"), ...names.map(text)]);
  facts = {
    "Address": ["CALLCTA_BASE_URL", base()],
    "Access token": ["CALLCTA_ACCESS_TOKEN", ready.access_token],
    "Page id": ["CALLCTA_PAGE_ID", ready.page_id],
    "PSID": ["CALLCTA_PSID", ready.psids[0] ?? ""],
    "App secret": ["CALLCTA_APP_SECRET", ready.app_secret],
  };
  snippets = Object.fromEntries(names.map((name, at) => [name, texts[at]]));
}

const quoted = (text) => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const exports = () => Object.values(facts).map(([name, value]) => `export ${name}=${quoted(value)}\n`).join("");

const copyButton = (label, text) => h("button.copy", { type: "button", "aria-label": label, title: label, onclick: () => copy(text()) }, icon("copy"), h("span.label", {}, "Copy"));

/** Fills a place with it. */
function guide(place) {
  const content = h("div.guide", {});
  place.replaceChildren(content);
  told(read().then(() => content.replaceChildren(...parts())));
}

function parts() {
  const names = Object.keys(LANGUAGES);
  const shown = h("pre.code", { id: "snippet", tabindex: "0", role: "region", "aria-label": "Example" });
  const show = (name) => {
    shown.textContent = snippets[name];
    for (const radio of choice.querySelectorAll("input")) radio.checked = radio.value === name;
  };
  const chosen = () => choice.querySelector("input:checked").value;
  const choice = h("fieldset.choice", {}, h("legend.sr", {}, "Language"), names.map((name) => h("label", {},
    h("input", { type: "radio", name: "language", value: name, onchange: () => show(name) }), h("span", {}, LANGUAGES[name]))));
  show(names[0]);
  return [
    h("dl.settings", {}, Object.entries(facts).map(([label, [name, value]]) => h("div", {},
      h("dt", {}, label, h("code.muted", {}, name)), h("dd", {}, h("code", {}, value || "–"), copyButton(`Copy: ${label}`, () => value))))),
    h("div.buttons", {}, h("button", { type: "button", onclick: () => copy(exports(), "Copied, for a shell") }, "Copy all as shell exports")),
    h("h3", {}, "Send a card with a call button"),
    h("div.snippet", {}, h("div.snippet-head", {}, choice, copyButton("Copy the example", () => snippets[chosen()])), shown),
  ];
}

/** Stands where a conversation would, as long as there is none. */
export function connectPage(main) {
  frame(main, "connect", () => {
    const place = h("div");
    guide(place);
    return h("div.connect", {}, h("h2", { id: "main-title", tabindex: "-1" }, "Connect your program"),
      h("p.muted", {}, "Nothing was sent yet. Any client of Meta's Graph API can send to this address; the first message opens its conversation here."), place);
  });
}

/** The same at any time, from the settings. */
export function startConnect() {
  $("connect-open").addEventListener("click", () => {
    guide($("connect-guide"));
    $("connect").showModal();
  });
  $("connect").addEventListener("close", () => $("connect-guide").replaceChildren());
}
