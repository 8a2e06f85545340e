// Messages as the person sees them.

import { store } from "./store.js";
import { left, now, timeOf } from "./time.js";
import { bdi, code, h, icon, webUrl } from "./util.js";

/** What `POST /{page}/messages` sent, drawn. `tap` is told the element and the button. */
export function draw(message, tap) {
  const content = message.body.message ?? {};
  const payload = content.attachment?.payload;
  const draws = { generic: carousel, button: buttonCard, call_prompt: callPrompt, calling_optin: optin };
  const type = content.attachment?.type === "template" && payload?.template_type;
  if (Object.hasOwn(draws, type)) return draws[type](message, payload, tap);
  if (typeof content.text === "string") {
    const replies = Array.isArray(content.quick_replies) ? content.quick_replies : [];
    return h("div", {}, h("p.bubble", { dir: "auto" }, content.text), quickReplies(message, replies, tap));
  }
  if (["image", "video", "audio", "file"].includes(content.attachment?.type)) {
    return h("div.card", {}, picture(text(payload?.url), content.attachment.type));
  }
  return h("div.card.raw", {}, h("p.muted", {}, "Not drawn here, but delivered:"), code(message.body.message ?? message.body));
}

/** Brings all remaining times up to the emulator's clock. */
export function tick() {
  for (const button of document.querySelectorAll("[data-until]")) {
    const until = Number(button.dataset.until);
    const expired = until <= now();
    const note = expired ? "Expired" : `${left(until)} left`;
    if (button.lastChild.textContent === note) continue;
    button.lastChild.textContent = note;
    button.classList.toggle("expired", expired);
    button.setAttribute("aria-disabled", String(expired));
  }
}

/** Quick replies. Those that ask for an address or number have no title of their own. */
function quickReplies(message, replies, tap) {
  const names = { user_phone_number: "Phone number", user_email: "Email address" };
  return replies.length > 0 && h("ul.quick.plain", { "aria-label": "Quick replies" }, replies.map((reply, at) => h("li", {}, h("button", {
    type: "button", dir: "auto", title: `Payload: ${text(reply?.payload)}`, "data-focus": `reply-${message.id}-${at}`,
    onclick: () => tap({ quick_reply: at }),
  }, text(reply?.title) || names[reply?.content_type] || "Quick reply"))));
}

const text = (value) => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));
const list = (value) => (Array.isArray(value) ? value : []);

function carousel(message, payload, tap) {
  const elements = list(payload.elements);
  const cards = elements.map((element, at) => {
    const link = webUrl(element?.default_action?.url);
    const title = h("strong", { dir: "auto" }, text(element?.title));
    return h("li.card", { "aria-label": elements.length > 1 && `Card ${at + 1} of ${elements.length}` },
      element?.image_url !== undefined && picture(text(element.image_url), "image", payload.image_aspect_ratio === "square"),
      h("div.text", {},
        link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, title) : title,
        element?.subtitle !== undefined && h("span.muted", { dir: "auto" }, text(element.subtitle))),
      buttons(message, element?.buttons, at, tap));
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

const buttonCard = (message, payload, tap) => h("div.card", {},
  h("div.text", {}, h("span", { dir: "auto" }, text(payload.text))),
  buttons(message, payload.buttons, 0, tap));

function callPrompt(message, payload, tap) {
  const page = store.state.pages[message.page_id]?.name ?? "the Page";
  return h("div.card", {},
    h("div.text", {}, h("strong", {}, "Call ", bdi(page)), h("span.muted", {}, "Audio call in Messenger")),
    h("div.ctas", {}, callButton(message, "Call", 0, 0, tap)));
}

function optin(message, payload, tap) {
  const page = store.state.pages[message.page_id]?.name ?? "The Page";
  const answer = (approve, label) => h("button.cta", {
    type: "button", "data-focus": `optin-${message.id}-${approve}`, onclick: () => tap({ approve }),
  }, label);
  return h("div.card", {},
    h("div.text", {}, h("strong", {}, "Allow ", bdi(page), " to call you?")),
    h("div.ctas", {}, answer(true, "Accept"), answer(false, "Decline")));
}

function buttons(message, all, element, tap) {
  const drawn = list(all).map((button, at) => {
    const title = text(button?.title);
    const link = button?.type === "web_url" && webUrl(button.url);
    if (button?.type === "audio_call") return callButton(message, title, element, at, tap);
    if (button?.type === "postback") {
      return h("button.cta", {
        type: "button", title: `Postback: ${text(button.payload)}`, "data-focus": `tap-${message.id}-${element}-${at}`,
        dir: "auto", onclick: () => tap({ element, button: at }),
      }, title);
    }
    if (link) return h("a.cta", { href: link, target: "_blank", rel: "noopener noreferrer", title: link }, bdi(title), icon("link"));
    const name = title || { account_link: "Log In", account_unlink: "Log Out" }[button?.type] || text(button?.type);
    return h("span.cta.idle", { dir: "auto", title: text(button?.payload ?? button?.url ?? button?.type) }, name);
  });
  return drawn.length > 0 && h("div.ctas", {}, drawn);
}

function callButton(message, title, element, button, tap) {
  const clock = list(message.buttons).find((each) => each.element === element && each.button === button);
  return h("button.cta.call", {
    type: "button", "data-until": clock?.expires_at, "data-focus": `tap-${message.id}-${element}-${button}`,
    title: clock && `Clickable until ${timeOf(clock.expires_at)}`, onclick: () => tap({ element, button }),
  }, icon("phone"), bdi(title), h("span.left", {}));
}

/** Nothing is fetched: only an image that is part of the message itself is shown. */
function picture(url, kind, square) {
  const inline = /^data:image\/(png|jpeg|gif|webp);/.test(url);
  return h(`div.picture${square ? ".square" : ""}`, { title: inline ? null : url },
    inline ? h("img", { src: url, alt: "" })
      : [icon(kind === "image" ? "image" : "link"), h("span.sr", {}, `${kind}: `), h("span.url", {}, url || kind)]);
}
