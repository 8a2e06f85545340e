// The list of conversations.

import { api, path, soon } from "./api.js";
import { changed, onEvent, rows, store } from "./store.js";
import { clockRuns, left, now, roughStamp, today, trueFor } from "./time.js";
import { isUnread } from "./unread.js";
import { $, bdi, h, to } from "./util.js";
import { Windowed } from "./windowed.js";

let list;
/** At most so many conversations are found by what happened in them. */
const FOUND = 1000;

/** What a search has found in names and in what happened. */
let found = { q: "", rows: [] };
let wanted = "";

const lookUp = soon(async () => {
  const q = wanted;
  if (!q) return;
  const { conversations } = await api("GET", path("conversations", { q, limit: FOUND }));
  found = { q, rows: new Map(conversations.map((row) => [`${row.page_id}/${row.psid}`, row])) };
  changed();
}, 0);

for (const name of ["message", "action", "call", "request", "messages_deleted", "state", "reset"]) {
  onEvent(name, () => wanted && lookUp());
}

/** Those whom a search finds: by name at once, by what happened as soon as the emulator has looked. */
function matching(search) {
  if (search !== wanted) {
    wanted = search;
    lookUp();
  }
  if (!search) return rows();
  const text = search.toLowerCase();
  const inWords = found.q === search ? found.rows : new Map();
  return rows().flatMap((row) => {
    if (row.name.toLowerCase().includes(text) || row.psid.includes(text)) return [row];
    const hit = inWords.get(row.key);
    return hit ? [{ ...row, last: hit.last }] : [];
  });
}

export function drawPeople(route, search) {
  list ??= listen(new Windowed($("people-list"), { estimate: 64 }));
  const all = matching(search);
  const day = today();
  const several = Object.keys(store.state.pages).length > 1;
  const chips = (row) => chipsOf(row, several);
  if (clockRuns()) for (const { window_closes_at: until } of all) if (until > now()) trueFor(until - now());
  const none = !all.length && (search ? "Nobody found." : "Nobody here.");
  $("people-none").textContent = none || "";
  const current = (row) => route.page === row.page_id && route.psid === row.psid;
  list.update({
    count: all.length,
    keyOf: (at) => all[at].key,
    stampOf: (at) => {
      const row = all[at];
      return JSON.stringify([row.name, row.last, row.typing, current(row), isUnread(row), chips(row), day]);
    },
    make: (at) => person(all[at], current(all[at]), chips(all[at])),
  });
}

/** Arrows go from one to the next; each is a link of its own, too. */
function listen(people) {
  $("people-list").addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    const at = people.focused();
    if (at < 0 || !Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    people.focus(Math.max(0, Math.min(at + steps[event.key], people.count - 1)));
  });
  return people;
}

function chipsOf(row, several) {
  const page = store.state.pages[row.page_id];
  return [
    several && page && row.page_id !== store.state.default_page && ["", page.name],
    page && !page.audio_enabled && ["warn", "calling off"],
    !row.known && ["", "not in the state"],
    row.known && row.blocked && ["bad", "blocked"],
    row.known && !row.blocked && !(row.window_closes_at > now()) && ["bad", "window closed"],
  ].filter(Boolean);
}

function person(row, current, chips) {
  const unread = isUnread(row);
  return h(`li${unread ? ".unread" : ""}`, {}, h("a.person", {
    href: to("inbox", row.page_id, row.psid), "aria-current": current ? "page" : null, "data-focus": `person-${row.key}`,
  }, avatar(row),
  h("span.who", {}, h("strong", { dir: "auto" }, row.name),
    h("span.muted.preview", { dir: "auto" }, row.typing ? "typing…" : preview(row)),
    chips.length > 0 && h("span.chips", {}, chips.map(([kind, text]) => h(`span.chip${kind && `.${kind}`}`, { dir: "auto" }, text)))),
  h("span.side", {}, row.last && h("span.muted", {}, roughStamp(row.last.at)),
    unread && h("span.dot", {}, h("span.sr", {}, "unread")))));
}

function preview({ last }) {
  if (!last) return "Nothing yet";
  return last.kind === "refusal" ? ["Not delivered: ", bdi(last.text)] : last.text;
}

export function avatar({ name, psid }) {
  const words = name.match(/\p{N}+|\p{L}[\p{L}\p{M}]*/gu) ?? ["?"];
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word].slice(0, /^\p{N}/u.test(word) ? 2 : 1).join(""));
  const tint = [...psid].reduce((sum, digit) => sum + digit.codePointAt(0), 0) % 5;
  return h(`span.avatar.tint${tint}`, { "aria-hidden": "true" }, letters.join("").toUpperCase());
}

/** Whether a person may be written to now. */
export function windowOf(row) {
  if (!row.known) return { open: true, text: "Not in the state" };
  if (row.blocked) return { open: false, text: "Blocked the Page" };
  const open = row.window_closes_at > now();
  return { open, text: open ? `Window open, ${left(row.window_closes_at)} left` : "Window closed" };
}
