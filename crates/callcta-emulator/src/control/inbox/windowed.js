// Long lists, of which only what is on the screen and a little around it is in the document.

import { keep } from "./util.js";

/** So many pixels are drawn beyond either edge. */
const MARGIN = 500;
/** As good as at the end. */
const NEAR = 80;

/** A list that scrolls. What it holds is told by `update`; heights are measured once drawn, and
    estimated before. The item at the upper edge stays where it is whatever comes or goes around it;
    a list that follows its end stays there. */
export class Windowed {
  #list;
  #estimate;
  #follow;
  #gap;
  #spec = { count: 0 };
  #heights = new Map();
  #offsets = null;
  #width = 0;
  #range = [0, -1];
  #stuck = false;
  #observed = new WeakSet();
  #sizes = new ResizeObserver(() => this.#resized());

  constructor(list, { estimate, follow = false }) {
    this.#list = list;
    this.#estimate = estimate;
    this.#follow = follow;
    this.#gap = parseFloat(getComputedStyle(list).rowGap) || 0;
    list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#sizes.observe(list);
  }

  /** `count` items, each with `keyOf`, `stampOf` and `make`; `drawn` is told the range. With
      `toEnd` or a `show` (an index) the list goes there. */
  update(spec) {
    const end = spec.show === undefined && (spec.toEnd || (this.#follow && this.#atEnd()));
    const anchor = end || spec.show !== undefined ? null : this.#anchor();
    this.#spec = spec;
    this.#offsets = null;
    this.#draw({ end, anchor, show: spec.show });
  }

  /** Brings an item into view, and the focus to what can be used in it. */
  focus(index) {
    if (index < 0 || index >= this.#spec.count) return;
    this.#draw({ show: index });
    this.#nodeOf(index)?.querySelector("a, button")?.focus({ preventScroll: true });
  }

  get count() {
    return this.#spec.count;
  }

  /** The index of the item in which the focus is. */
  focused() {
    const node = this.#list.contains(document.activeElement) && document.activeElement.closest("[data-key]");
    return node && node.parentElement === this.#list ? this.#indexOf(node.dataset.key, this.#range[0]) : -1;
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    return clientHeight === 0 ? this.#stuck : scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #layout() {
    if (this.#offsets) return this.#offsets;
    const { count, keyOf } = this.#spec;
    if (this.#heights.size > 2 * count + 500) this.#heights.clear();
    const offsets = new Float64Array(count + 1);
    for (let at = 0; at < count; at += 1) {
      offsets[at + 1] = offsets[at] + (this.#heights.get(String(keyOf(at))) ?? this.#estimate) + this.#gap;
    }
    this.#offsets = offsets;
    return offsets;
  }

  #nodeOf(index) {
    const key = String(this.#spec.keyOf(index));
    return [...this.#list.children].find((node) => node.dataset.key === key);
  }

  #indexOf(key, near) {
    const { count, keyOf } = this.#spec;
    for (let step = 0; step < count; step += 1) {
      for (const at of [near + step, near - step]) {
        if (at >= 0 && at < count && String(keyOf(at)) === key) return at;
      }
    }
    return -1;
  }

  /** The first item that is in view, and where it stands; none at the very top. */
  #anchor() {
    const list = this.#list;
    if (list.scrollTop <= 0) return null;
    const edge = list.getBoundingClientRect().top;
    for (const node of list.children) {
      const { top, bottom } = node.getBoundingClientRect();
      if (bottom > edge) return { key: node.dataset.key, top: top - edge, near: this.#range[0] };
    }
    return null;
  }

  #draw({ end = false, anchor = null, show }) {
    const list = this.#list;
    for (let pass = 0; pass < 4; pass += 1) {
      const offsets = this.#layout();
      const { count } = this.#spec;
      const view = list.clientHeight;
      const at = anchor ? this.#indexOf(anchor.key, anchor.near) : -1;
      let top = list.scrollTop;
      if (end) top = Infinity;
      else if (show !== undefined) top = offsets[show] - view / 3;
      else if (at >= 0) top = offsets[at] - anchor.top;
      top = Math.max(0, Math.min(top, offsets[count] - view));
      this.#render(bisect(offsets, top - MARGIN, count), bisect(offsets, top + view + MARGIN, count));
      if (end) list.scrollTop = list.scrollHeight;
      else if (show !== undefined) this.#nodeOf(show)?.scrollIntoView({ block: "nearest" });
      else if (at >= 0) {
        const node = this.#nodeOf(at);
        const shift = node ? node.getBoundingClientRect().top - list.getBoundingClientRect().top - anchor.top : 0;
        if (Math.abs(shift) >= 1) list.scrollTop += shift;
      }
      if (!this.#measure()) break;
    }
    this.#stuck = this.#follow && (end || this.#atEnd());
    this.#spec.drawn?.(...this.#range);
  }

  #render(first, last) {
    const list = this.#list;
    const { count, keyOf, stampOf, make } = this.#spec;
    const offsets = this.#layout();
    const focused = this.focused();
    const indexes = [];
    for (let at = Math.max(0, first); at <= last; at += 1) indexes.push(at);
    // What has the focus must not go away under it.
    if (focused >= 0 && focused < first) indexes.unshift(focused);
    if (focused > last) indexes.push(focused);
    this.#range = [first, last];
    const nodes = keep(list, indexes.map((at) => ({ key: keyOf(at), stamp: stampOf(at), make: () => make(at) })));
    nodes.forEach((node, n) => {
      const before = n ? indexes[n - 1] + 1 : indexes[n];
      const space = `${offsets[indexes[n]] - offsets[before]}px`;
      if (node.style.marginTop !== space) node.style.marginTop = space;
      node.setAttribute("aria-setsize", count);
      node.setAttribute("aria-posinset", indexes[n] + 1);
      if (!this.#observed.has(node)) this.#sizes.observe(node);
      this.#observed.add(node);
    });
    const [above, below] = indexes.length ? [offsets[indexes[0]], offsets[count] - offsets[indexes.at(-1) + 1]] : [0, 0];
    list.style.setProperty("--above", `${above}px`);
    list.style.setProperty("--below", `${below}px`);
  }

  /** Notes the heights of what is drawn; true if one is not as it was believed to be. */
  #measure() {
    let news = false;
    for (const node of this.#list.children) {
      const height = node.offsetHeight;
      if (height && this.#heights.get(node.dataset.key) !== height) {
        this.#heights.set(node.dataset.key, height);
        news = true;
      }
    }
    if (news) this.#offsets = null;
    return news;
  }

  #scrolled() {
    this.#draw({ anchor: this.#anchor() });
  }

  #resized() {
    const { clientWidth } = this.#list;
    if (!clientWidth) return;
    const end = this.#stuck;
    const anchor = end ? null : this.#anchor();
    if (clientWidth !== this.#width) {
      this.#width = clientWidth;
      this.#heights.clear();
      this.#offsets = null;
    } else if (!this.#measure()) return;
    this.#draw({ end, anchor });
  }
}

/** The index of the item at a height. */
function bisect(offsets, height, count) {
  let [low, high] = [0, Math.max(0, count - 1)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle + 1] > height) high = middle;
    else low = middle + 1;
  }
  return count ? low : -1;
}
