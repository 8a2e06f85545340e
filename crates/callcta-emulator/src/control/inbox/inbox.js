// Which view is shown, and where the focus goes.

import { tick } from "./countdown.js";
import { startConnect } from "./connect.js";
import { drawDetails } from "./inspect.js";
import { drawLog } from "./log.js";
import { drawPanels, start } from "./panels.js";
import { drawPeople } from "./people.js";
import { drawRing } from "./ring.js";
import { connect, onChange, onEvent, rowOf, rows, store } from "./store.js";
import { drawThread } from "./thread.js";
import { keepTrue } from "./time.js";
import { forget } from "./unread.js";
import { $, announce, focusOn, isolate, to } from "./util.js";

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
  const known = ["message", "request", "call", "webhook"].includes(kind) ? kind : undefined;
  return { view: "inbox", page, psid, kind: known, id: Number(id), parent: to("inbox", page, psid) };
}

let last = route();

const draw = () => keepTrue(() => {
  $("offline").textContent = store.online ? "" : store.ready ? "The emulator does not answer. Trying again…" : "Connecting…";
  if (!store.ready) return;
  const here = last;
  const search = $("search").value.trim();
  document.body.dataset.view = here.view;
  document.body.dataset.pane = here.kind ? "details" : here.view === "inbox" && !here.psid ? "people" : "main";
  for (const link of document.querySelectorAll(".views a")) {
    if (link.dataset.view === here.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("people").hidden = here.view !== "inbox";
  document.body.dataset.empty = here.view === "inbox" && !rows().some((row) => row.messages > 0);
  if (here.view === "inbox") {
    drawThread($("main"), here, search);
    drawPeople(here, search);
  } else {
    drawLog($("main"), here, search);
  }
  drawDetails(here);
  drawPanels(here);
  drawRing();
  tick();
  const title = `${$("main-title").textContent} · callcta emulator`;
  if (document.title !== title) document.title = title;
  tellNews();
});

let news = [];
let quiet = 0;

/** Says what came to those who don't see it: at once, and then not more often than each second. */
function tellNews() {
  if (!news.length || performance.now() < quiet) return;
  const { page_id, recipient, summary } = news.at(-1);
  const name = isolate(rowOf(page_id, recipient)?.name ?? recipient);
  announce(news.length === 1 ? `New message for ${name}: ${isolate(summary)}` : `${news.length} new messages, the last for ${name}`);
  news = [];
  quiet = performance.now() + 1000;
  setTimeout(tellNews, 1000);
}

onEvent("message", (message) => {
  news.push(message);
  if (news.length > 1000) news.shift();
  // The first message of all opens its conversation.
  const first = store.ready && !rows().some((row) => row.messages > 0 && row.last?.seq !== message.seq);
  if (!first || last.view !== "inbox" || last.psid) return;
  history.replaceState(null, "", to("inbox", message.page_id, message.recipient));
  last = route();
});
onEvent("reset", forget);

/** Follows a link within the page: the focus goes where the news is. */
function go() {
  const before = last;
  last = route();
  draw();
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
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && draw());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && last.kind && !document.querySelector("dialog[open], :popover-open, #search:focus")) location.hash = last.parent;
});
onChange(draw);
start(() => last, draw);
startConnect();
draw();
connect();
