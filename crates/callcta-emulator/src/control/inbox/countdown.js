// How long call buttons can still be tapped.

import { left, now, timeOf } from "./time.js";

/** What a drawn message has beside its call buttons. */
export const clickable = (message) => (element, button) => {
  const clock = message.buttons?.find((each) => each.element === element && each.button === button);
  return clock && { until: clock.expires_at, title: `Clickable until ${timeOf(clock.expires_at)}` };
};

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
