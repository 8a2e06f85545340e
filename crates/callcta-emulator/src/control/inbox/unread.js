// What was not looked at yet, in this tab.

const NAME = "callcta-seen";
let seen = read();

function read() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(NAME) ?? "[]"));
  } catch {
    return new Map();
  }
}

/** Whether something of the Page came that was not looked at. */
export const isUnread = ({ key, last }) => Boolean(last) && ["message", "refusal"].includes(last.kind) && last.seq > (seen.get(key) ?? 0);

/** A conversation is looked at. */
export function look({ key, last }) {
  if (!last || document.visibilityState !== "visible" || seen.get(key) === last.seq) return;
  seen.set(key, last.seq);
  try {
    sessionStorage.setItem(NAME, JSON.stringify([...seen]));
  } catch {
    // Without storage the marks last as long as the page.
  }
}

/** Numbers begin anew. */
export function forget() {
  seen = new Map();
  sessionStorage.removeItem(NAME);
}
