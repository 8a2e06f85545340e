// What the Page has set for its conversations: greeting, Get Started, menu.

import { h, icon, webUrl } from "./util.js";

const own = (list, locale) => list?.find((each) => each.locale === locale)
  ?? list?.find((each) => each.locale === "default");

/** What a Page shows to a person; nothing of it needs to be set. */
export function profileOf(page, person) {
  const set = page?.messenger_profile ?? {};
  const [first, ...rest] = (person?.name ?? "").split(" ");
  const names = { user_first_name: first, user_last_name: rest.join(" "), user_full_name: person?.name };
  return {
    greeting: own(set.greeting, person?.locale)?.text.replace(/\{\{(\w+)\}\}/g, (all, name) => names[name] ?? all),
    start: set.get_started?.payload,
    menu: own(set.persistent_menu, person?.locale),
  };
}

/** The button that takes the place of writing until it is tapped. */
export const getStarted = (payload, act) => h("div.composer.start", {}, h("button.primary", {
  type: "button", "data-focus": "get-started",
  onclick: () => act({ type: "postback", title: "Get Started", payload }),
}, "Get Started"));

export function menu({ call_to_actions: items }, act) {
  const item = (each, at) => {
    const link = each.type === "web_url" && webUrl(each.url);
    if (link) return h("a", { href: link, target: "_blank", rel: "noopener noreferrer", title: link, dir: "auto" }, each.title, icon("link"));
    if (each.type !== "postback") return h("span", { dir: "auto" }, each.title);
    return h("button", {
      type: "button", title: `Postback: ${each.payload}`, "data-focus": `menu-${at}`, dir: "auto",
      onclick: () => act({ type: "postback", title: each.title, payload: each.payload }),
    }, each.title);
  };
  return h("ul.menu.plain", { "aria-label": "Menu" }, items.map((each, at) => h("li", {}, item(each, at))));
}
