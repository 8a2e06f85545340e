// Which view is shown, and where the focus goes.

import { connect, onChange, store } from "./api.js";
import { summary, tick } from "./cards.js";
import { drawDetails, drawLog } from "./inspect.js";
import { drawPanels, start } from "./panels.js";
import { drawRing } from "./ring.js";
import { conversations, drawPeople, drawThread } from "./thread.js";
import { $, announce, focusOn, to } from "./util.js";

const decode = (part) => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** `#/inbox/PAGE/PSID/message/1`, `#/requests/1`, `#/webhooks/1`. */
function route() {
  const [view, ...rest] = location.hash.slice(2).split("/").map(decode);
  if (view === "requests" || view === "webhooks") {
    return { view, kind: rest[0] && view.slice(0, -1), id: Number(rest[0]), parent: to(view) };
  }
  const [page, psid, kind, id] = rest;
  return { view: "inbox", page, psid, kind, id: Number(id), parent: to("inbox", page, psid) };
}

let last = route();
let newest = null;

function draw() {
  $("offline").textContent = store.online ? "" : store.ready ? "The emulator does not answer. Trying again…" : "Connecting…";
  if (!store.ready) return;
  const here = route();
  const search = $("search").value.trim();
  document.body.dataset.view = here.view;
  document.body.dataset.pane = here.kind ? "details" : here.view === "inbox" && !here.psid ? "people" : "main";
  for (const link of document.querySelectorAll(".views a")) {
    if (link.dataset.view === here.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const main = $("main");
  $("people").hidden = here.view !== "inbox";
  if (here.view === "inbox") {
    const all = conversations(search);
    drawPeople(all, here, search);
    drawThread(main, all, here, search);
  } else {
    drawLog(main, here, search);
  }
  drawDetails(here);
  drawPanels(here);
  drawRing();
  tick();
  document.title = `${$("main-title").textContent} · callcta emulator`;
  tellNews();
}

function tellNews() {
  const message = [...store.messages.values()].at(-1);
  const id = message?.id ?? 0;
  if (newest !== null && id > newest) {
    const name = store.state.people[message.recipient]?.name || message.recipient;
    announce(`New message for ${name}: ${summary(message)}`);
  }
  newest = id;
}

/** Follows a link within the page: the focus goes where the news is. */
function go() {
  const before = last;
  last = route();
  draw();
  document.querySelector(".thread [aria-current]")?.closest("li").scrollIntoView({ block: "nearest" });
  if (last.kind && (last.kind !== before.kind || last.id !== before.id)) $("details-title")?.focus();
  else if (before.kind && !last.kind) {
    focusOn(before.view === "inbox" ? `${before.kind}-${before.id}` : `${before.view}-${before.id}`);
  } else if (before.psid && !last.psid && last.view === "inbox") focusOn(`person-${before.page}/${before.psid}`);
  else $("main-title")?.focus();
}

addEventListener("hashchange", go);
$("search").addEventListener("input", draw);
$("search-form").addEventListener("submit", (event) => event.preventDefault());
$("skip").addEventListener("click", () => $("main").focus());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && last.kind && !document.querySelector("dialog[open], :popover-open, #search:focus")) location.hash = last.parent;
});
setInterval(() => store.clock?.running && draw(), 1000);
onChange(draw);
start(route);
draw();
connect();
