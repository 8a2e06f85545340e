// Building and keeping elements, and writing times. Text always becomes text nodes.

/** An element: h("a.card", { href }, "text", child). Handlers are props that start with "on". */
export function h(tag, props, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const $ = (id) => document.getElementById(id);

/** Makes `parent` hold one child for each item. A child whose stamp is unchanged stays as it is,
    with its focus and its scroll position; a replaced one hands its focus on. */
export function keep(parent, items) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focused = parent.contains(document.activeElement) && document.activeElement;
  const nodes = items.map(({ key, stamp, make }) => {
    const known = old.get(key);
    old.delete(key);
    if (known && known.stamp === stamp) return known;
    const node = make();
    node.dataset.key = key;
    node.stamp = stamp;
    known?.replaceWith(node);
    return node;
  });
  for (const node of old.values()) node.remove();
  nodes.forEach((node, at) => {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
  });
  if (focused && !parent.contains(document.activeElement)) {
    const usable = ":is(a, button, input, select):not([hidden])";
    (named(focused.dataset.focus, parent) ?? parent.querySelector(usable) ?? parent.parentElement.querySelector(usable))?.focus();
  }
}

/** Fills the main pane anew when something else is to be shown there. */
export function frame(main, key, make) {
  if (main.dataset.frame === key) return false;
  main.dataset.frame = key;
  main.replaceChildren(...[make()].flat());
  return true;
}

const named = (name, within) => within.querySelector(`[data-focus="${CSS.escape(name ?? "")}"]`);

/** Focuses the element that carries this name in data-focus. */
export const focusOn = (name) => named(name, document)?.focus();

/** A link within the page. */
export const to = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

/** A URL that may become a link: http and https only. */
export function webUrl(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href : null;
}

const utc = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
const day = utc({ weekday: "short", day: "numeric", month: "short" });
const hour = utc({ hour: "2-digit", minute: "2-digit" });
const full = utc({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A time of day, with the whole date for pointers and machines. */
export const stamp = (ms) => h("time", { datetime: new Date(ms).toISOString(), title: timeOf(ms) }, hour.format(ms));
export const shortTimeOf = (ms) => `${day.format(ms)}, ${hour.format(ms)}`;
export const dayOf = (ms) => day.format(ms);
export const timeOf = (ms) => `${full.format(Math.min(ms, 8.64e15))} UTC`;

/** 25 hours are "1 d 1 h": the two largest units. */
export function duration(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => seconds >= size);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .map(([size, unit], n) => [Math.floor((n ? seconds % parts[first][0] : seconds) / size), unit])
    .filter(([count], n) => count || !n)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** Whether some text in a value contains what is searched for. */
export function matches(value, search) {
  if (value && typeof value === "object") return Object.values(value).some((each) => matches(each, search));
  return String(value ?? "").toLowerCase().includes(search.toLowerCase());
}

/** JSON text made readable; anything else stays as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(typeof text === "string" ? JSON.parse(text) : text, null, 2);
  } catch {
    return text;
  }
}

/** A short notice that goes away by itself. */
export function toast(text, kind = "") {
  const node = h(`p.toast.${kind || "plain"}`, {}, text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

/** Says something to screen readers only. */
export function announce(text) {
  $("live").textContent = text;
}
