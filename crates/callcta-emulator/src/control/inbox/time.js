// The emulator's time: what it is, how it is written, and when what is written will be wrong.

import { h } from "./util.js";

const DAY = 86_400_000;
let clock = null;

export function setClock(news) {
  clock = { ...news, read: performance.now() };
}

export const clockRuns = () => Boolean(clock?.running);

/** The emulator's time, which a running clock carries on between two events. */
export const now = () => (clock ? clock.now + (clock.running ? performance.now() - clock.read : 0) : 0);

let due = Infinity;
let timer;

/** What is being drawn stays true for so many milliseconds. */
export function trueFor(ms) {
  due = Math.min(due, ms);
}

/** Draws, and once more as soon as something drawn is no longer true: with a clock that stands,
    or when nobody looks, never. */
export function keepTrue(draw) {
  clearTimeout(timer);
  due = Infinity;
  draw();
  if (due === Infinity || !clockRuns() || document.visibilityState !== "visible") return;
  timer = setTimeout(() => keepTrue(draw), Math.min(Math.max(due, 100), DAY) + 10);
}

const utc = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
const day = utc({ weekday: "short", day: "numeric", month: "short" });
const date = utc({ day: "numeric", month: "short" });
const hour = utc({ hour: "2-digit", minute: "2-digit" });
const second = utc({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const full = utc({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The number of the day that it is. */
export function today() {
  trueFor(DAY - (now() % DAY));
  return Math.floor(now() / DAY);
}

const element = (ms, text) => h("time", { datetime: new Date(ms).toISOString(), title: timeOf(ms) }, text);

/** A time of day, with the whole date for pointers and machines. */
export const stamp = (ms) => element(ms, hour.format(ms));
/** The same to the second, with the date unless it is today's. */
export const exactStamp = (ms) => element(ms, dayNumber(ms) === today() ? second.format(ms) : `${date.format(ms)}, ${hour.format(ms)}`);
/** A time of today, or the day. */
export const roughStamp = (ms) => element(ms, {
  0: hour.format(ms), 1: "Yesterday",
}[today() - dayNumber(ms)] ?? date.format(ms));

export const dayNumber = (ms) => Math.floor(ms / DAY);
export const dayOf = (ms) => ({ 0: "Today", 1: "Yesterday" }[today() - dayNumber(ms)] ?? day.format(ms));
export const hourOf = (ms) => hour.format(ms);
export const shortTimeOf = (ms) => `${day.format(ms)}, ${hour.format(ms)}`;
export const timeOf = (ms) => `${full.format(Math.min(ms, 8.64e15))} UTC`;

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/** 25 hours are "1 d 1 h": the two largest units. */
export function duration(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const first = UNITS.findIndex(([size]) => seconds >= size);
  if (first < 0) return "0 s";
  return UNITS
    .slice(first, first + 2)
    .map(([size, unit], n) => [Math.floor((n ? seconds % UNITS[first][0] : seconds) / size), unit])
    .filter(([count], n) => count || !n)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** The duration that is left until a time; drawn anew when it reads differently. */
export function left(until) {
  const ms = until - now();
  if (ms > 0) {
    const seconds = Math.ceil(ms / 1000);
    const first = UNITS.findIndex(([size]) => seconds >= size);
    const [smallest] = UNITS[Math.min(first + 1, 3)];
    trueFor(ms - (seconds - (seconds % smallest) - 1) * 1000);
  }
  return duration(ms);
}
