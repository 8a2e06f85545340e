// What the person can do: write, send pictures, stickers and files, react, read.

import { api } from "./api.js";
import { getStarted, menu } from "./profile.js";
import { h, icon, isolate, toast } from "./util.js";

/** Does something in a person's place; says so if the app is told nothing of it. */
export async function act(psid, action) {
  try {
    const { no_webhook } = await api("POST", `people/${encodeURIComponent(psid)}/actions`, action);
    if (no_webhook) toast(`No webhook: ${no_webhook}`);
  } catch (error) {
    toast(error.message, "bad");
  }
}

export function composer(row, profile, fresh) {
  if (!row.known) return h("p.composer.muted", {}, "Somebody who is not in the state can be written to, but does nothing.");
  const acts = (action) => act(row.psid, action);
  if (fresh && profile.start !== undefined) return getStarted(profile.start, acts);
  return h("div.compose", {}, profile.menu?.call_to_actions.length > 0 && menu(profile.menu, acts),
    !profile.menu?.composer_input_disabled && writer(row, acts));
}

function writer(row, acts) {
  const label = `Write as ${isolate(row.name)}`;
  const field = h("input", { name: "text", "aria-label": label, placeholder: label, autocomplete: "off", required: true, dir: "auto", maxlength: "2000" });
  return h("div.composer", {}, more(acts), h("form", {
    onsubmit: (event) => {
      event.preventDefault();
      acts({ type: "message", text: field.value });
      field.value = "";
    },
  }, field, h("button.primary", {}, "Send")));
}

/** Meta's own thumbs. */
const STICKERS = { "Small thumb": 369239263222822, "Middle thumb": 369239343222814, "Large thumb": 369239383222810 };
const FILES = {
  Picture: ["image", "https://example.com/picture.png"], Recording: ["audio", "https://example.com/recording.mp3"],
  Film: ["video", "https://example.com/film.mp4"], File: ["file", "https://example.com/file.pdf"],
};

/** Opens beside its button; closes with Escape, a click elsewhere, or when something is chosen. */
export function dropDown(id, label, symbol, make) {
  const panel = h("div.panel.drop", { id, popover: true, role: "dialog", "aria-label": label });
  panel.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") panel.replaceChildren(...[make(() => panel.hidePopover())].flat());
  });
  panel.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    const { left, top, bottom } = panel.previousElementSibling.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = panel;
    panel.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    panel.style.top = `${Math.max(8, top > height + 12 ? top - height - 6 : Math.min(bottom + 6, innerHeight - height - 8))}px`;
    panel.querySelector("input, button")?.focus();
  });
  return [h("button.tool", { type: "button", popovertarget: id, "aria-label": label, title: label, "data-focus": id }, icon(symbol)), panel];
}

const more = (acts) => dropDown("more-panel", "More to send", "plus", (close) => {
  const done = (action) => {
    close();
    acts(action);
  };
  const url = h("input", { name: "url", type: "url", required: true, value: FILES.Picture[1], "aria-label": "Address of the file" });
  const kind = h("select", { name: "kind", "aria-label": "Kind of file", onchange: () => { [, url.value] = FILES[kind.value]; } },
    Object.keys(FILES).map((name) => h("option", {}, name)));
  const form = h("form.attach", {
    onsubmit: (event) => {
      event.preventDefault();
      done({ type: "attachment", kind: FILES[kind.value][0], url: url.value });
    },
  }, kind, url, h("button", {}, "Send the file"));
  return [
    h("h2", {}, "Stickers"),
    h("div.buttons", {}, Object.entries(STICKERS).map(([name, sticker_id], at) => h(`button.thumb.thumb${at}`, {
      type: "button", "aria-label": name, title: name, onclick: () => done({ type: "sticker", sticker_id }),
    }, icon("thumb")))),
    h("h2", {}, "Files"), form,
    h("h2", {}, "Without words"),
    h("button", { type: "button", onclick: () => done({ type: "read" }) }, "Read everything"),
  ];
});

/** The seven reactions by the names that webhooks have. */
export const REACTIONS = { love: "❤️", smile: "😆", wow: "😮", sad: "😢", angry: "😠", like: "👍", dislike: "👎" };

/** The button beside a message with which the person reacts. */
export function reactions(message, reacted, acts) {
  if (!acts) return null;
  const reaction = (name, remove) => ({ type: "reaction", message_id: message.message_id, reaction: name, remove });
  return dropDown(`react-${message.id}`, "React", "smile", (close) => h("div.buttons.faces", {},
    Object.entries(REACTIONS).map(([name, face]) => h("button", {
      type: "button", "aria-label": name, title: name, "aria-pressed": String(face === reacted),
      onclick: () => {
        close();
        acts(reaction(name, face === reacted));
      },
    }, h("span", {}, face), h("span", { "aria-hidden": "true" }, name)))));
}
