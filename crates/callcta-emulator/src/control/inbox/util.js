// Building and keeping elements. Text always becomes text nodes.

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

/** Somebody's words within a sentence: their direction is their own. */
export const bdi = (text) => h("bdi", {}, text);

/** The same where there can be no elements. */
export const isolate = (text) => (/[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff]/.test(text) ? `\u2068${text}\u2069` : text);

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
    const known = old.get(String(key));
    old.delete(String(key));
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
    (named(focused.dataset.focus, parent) ?? parent.querySelector(usable) ?? parent.parentElement.querySelector(usable))
      ?.focus({ preventScroll: true });
  }
  return nodes;
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

/** JSON text made readable; anything else stays as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(typeof text === "string" ? JSON.parse(text) : text, null, 2);
  } catch {
    return text;
  }
}

export const code = (value, label) => h("pre.code", { tabindex: "0", role: "region", "aria-label": label ?? "JSON", dir: "auto" }, pretty(value));

/** A short notice that goes away by itself. */
export function toast(text, kind = "") {
  const node = h(`p.toast.${kind || "plain"}`, { dir: "auto" }, text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

/** Waits for a call, and says what went wrong. */
export const told = (promise, done) => promise.then(() => done && toast(done), (error) => toast(error.message, "bad"));

export async function copy(text, done = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast("The browser did not allow copying.", "bad");
  }
}

/** Says something to screen readers only. */
export function announce(text) {
  $("live").textContent = text;
}
