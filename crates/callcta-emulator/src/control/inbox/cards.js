// Messages as the person sees them: of the inbox page, and of pages that stand alone.

import { bdi, code, h, icon, webUrl } from "./util.js";

const PAYLOAD = "message.attachment.payload";

/**
 * What `POST /{page}/messages` sent, drawn. `page` is the Page's name; `tap` is told the element
 * and the button; `clickable` tells of an element's call button what stands beside its title
 * (`left`), when it ends (`until`) and `title`, or nothing. What is drawn has its path in the
 * request in `data-part`.
 */
export function draw(message, { tap, page, clickable }) {
  const content = message.body.message ?? {};
  const payload = content.attachment?.payload;
  const draws = { generic: carousel, button: buttonCard, call_prompt: callPrompt, calling_optin: optin };
  const type = content.attachment?.type === "template" && payload?.template_type;
  const here = { id: message.id, tap, page, clickable };
  if (Object.hasOwn(draws, type)) return draws[type](here, payload);
  if (typeof content.text === "string") {
    const replies = Array.isArray(content.quick_replies) ? content.quick_replies : [];
    return h("div", {}, h("p.bubble", { dir: "auto", "data-part": "message.text" }, content.text), quickReplies(here, replies));
  }
  if (["image", "video", "audio", "file"].includes(content.attachment?.type)) {
    return h("div.card", {}, picture(text(payload?.url), content.attachment.type, false, `${PAYLOAD}.url`));
  }
  return h("div.card.raw", {}, h("p.muted", {}, "Not drawn here, but delivered:"), code(message.body.message ?? message.body));
}

/** Quick replies. Those that ask for an address or number have no title of their own. */
function quickReplies({ id, tap }, replies) {
  const names = { user_phone_number: "Phone number", user_email: "Email address" };
  return replies.length > 0 && h("ul.quick.plain", { "aria-label": "Quick replies" }, replies.map((reply, at) => h("li", {}, h("button", {
    type: "button", dir: "auto", title: `Payload: ${text(reply?.payload)}`, "data-focus": `reply-${id}-${at}`, "data-part": `message.quick_replies[${at}]`,
    onclick: () => tap({ quick_reply: at }),
  }, text(reply?.title) || names[reply?.content_type] || "Quick reply"))));
}

const text = (value) => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));
const list = (value) => (Array.isArray(value) ? value : []);

function carousel(here, payload) {
  const elements = list(payload.elements);
  const cards = elements.map((element, at) => {
    const part = `${PAYLOAD}.elements[${at}]`;
    const link = webUrl(element?.default_action?.url);
    const title = h("strong", { dir: "auto", "data-part": `${part}.title` }, text(element?.title));
    return h("li.card", { "aria-label": elements.length > 1 && `Card ${at + 1} of ${elements.length}`, "data-part": part },
      element?.image_url !== undefined
        && picture(text(element.image_url), "image", payload.image_aspect_ratio === "square", `${part}.image_url`),
      h("div.text", {},
        link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer", "data-part": `${part}.default_action` }, title) : title,
        element?.subtitle !== undefined && h("span.muted", { dir: "auto", "data-part": `${part}.subtitle` }, text(element.subtitle))),
      buttons(here, element?.buttons, at, part));
  });
  if (cards.length < 2) return h("ul.plain", {}, cards);
  // Keys scroll the strip itself; these are for pointers.
  const turn = (way, name) => h(`button.turn.${name}`, {
    type: "button", tabindex: "-1", "aria-hidden": "true",
    onclick: () => strip.scrollBy({ left: way * cards[0].offsetWidth, behavior: "smooth" }),
  }, icon(name));
  const [back, next] = [turn(-1, "back"), turn(1, "next")];
  const ends = () => {
    back.hidden = strip.scrollLeft < 4;
    next.hidden = strip.scrollLeft + strip.clientWidth > strip.scrollWidth - 4;
  };
  const strip = h("ul.plain.strip", { tabindex: "0", "aria-label": `${cards.length} cards`, onscroll: ends }, cards);
  new ResizeObserver(ends).observe(strip);
  return h("div.carousel", {}, strip, back, next);
}

const buttonCard = (here, payload) => h("div.card", { "data-part": PAYLOAD },
  h("div.text", {}, h("span", { dir: "auto", "data-part": `${PAYLOAD}.text` }, text(payload.text))),
  buttons(here, payload.buttons, 0, PAYLOAD));

const callPrompt = (here) => h("div.card", { "data-part": PAYLOAD },
  h("div.text", {}, h("strong", {}, "Call ", bdi(here.page ?? "the Page")), h("span.muted", {}, "Audio call in Messenger")),
  h("div.ctas", {}, callButton(here, "Call", 0, 0, `${PAYLOAD}.ttl_days`)));

function optin({ id, tap, page }) {
  const answer = (approve, label) => h("button.cta", {
    type: "button", "data-focus": `optin-${id}-${approve}`, onclick: () => tap({ approve }),
  }, label);
  return h("div.card", {},
    h("div.text", {}, h("strong", {}, "Allow ", bdi(page ?? "The Page"), " to call you?")),
    h("div.ctas", {}, answer(true, "Accept"), answer(false, "Decline")));
}

function buttons(here, all, element, within) {
  const { id, tap } = here;
  const drawn = list(all).map((button, at) => {
    const part = `${within}.buttons[${at}]`;
    const title = text(button?.title);
    const link = button?.type === "web_url" && webUrl(button.url);
    if (button?.type === "audio_call") return callButton(here, title, element, at, part);
    if (button?.type === "postback") {
      return h("button.cta", {
        type: "button", title: `Postback: ${text(button.payload)}`, "data-focus": `tap-${id}-${element}-${at}`,
        "data-part": part, dir: "auto", onclick: () => tap({ element, button: at }),
      }, title);
    }
    if (link) return h("a.cta", { href: link, target: "_blank", rel: "noopener noreferrer", title: link, "data-part": part }, bdi(title), icon("link"));
    const name = title || { account_link: "Log In", account_unlink: "Log Out" }[button?.type] || text(button?.type);
    return h("span.cta.idle", { dir: "auto", "data-part": part, title: text(button?.payload ?? button?.url ?? button?.type) }, name);
  });
  return drawn.length > 0 && h("div.ctas", {}, drawn);
}

function callButton({ id, tap, clickable }, title, element, button, part) {
  const told = clickable(element, button);
  return h("button.cta.call", {
    type: "button", "data-until": told?.until, "data-focus": `tap-${id}-${element}-${button}`,
    title: told?.title, "data-part": part, onclick: () => tap({ element, button }),
  }, icon("phone"), bdi(title), h("span.left", {}, told?.left));
}

/** Nothing is fetched: only an image that is part of the message itself is shown. */
function picture(url, kind, square, part) {
  const inline = /^data:image\/(png|jpeg|gif|webp);/.test(url);
  return h(`div.picture${square ? ".square" : ""}`, { title: inline ? null : url, "data-part": part },
    inline ? h("img", { src: url, alt: "" })
      : [icon(kind === "image" ? "image" : "link"), h("span.sr", {}, `${kind}: `), h("span.url", {}, url || kind)]);
}
