// The page of `callcta preview` in a browser: drawn as the inbox page draws, with what is wrong at
// its place, and code to copy.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { audioCall, axe, buttons, emulate, generic, open, other, program, shot } from "./support.mjs";

/** The page of a message, opened from its file. */
async function preview(t, message, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "callcta-preview-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "card.json");
  writeFileSync(file, JSON.stringify(message));
  execFileSync(program, ["preview", file, "--out", join(folder, "card.html")]);
  return open(t, { url: `file://${folder}` }, { hash: "card.html", ready: "#stage > *", ...options });
}

const element = (more) => ({ title: "Contact Support!", subtitle: "From 9 to 5", ...more });

/** A card with two mistakes. */
const mistaken = () => generic(element({
  image_url: "https://example.com/shop.png",
  buttons: [{ type: "web_url", title: "View Website", url: "example.com" }, audioCall("Call Now", 8)],
}));

for (const [name, options] of [
  ["desktop", {}],
  ["dark", { colorScheme: "dark" }],
  ["phone", { viewport: { width: 390, height: 844 } }],
  ["narrow", { viewport: { width: 320, height: 640 }, colorScheme: "dark" }],
]) {
  test(`a card with two mistakes shows each at its place: ${name}`, async (t) => {
    const page = await preview(t, mistaken(), options);
    assert.equal(await page.locator("header .chip").innerText(), "2 errors");
    for (const [label, rule, words] of [
      ["View Website", "invalid_url", "url"],
      ["Call Now", "out_of_range", "must be 1 to 7 days, is 8"],
    ]) {
      const part = page.locator(".cta.marked-error", { hasText: label });
      const told = part.locator("xpath=following-sibling::*[1]");
      assert.match(await told.innerText(), new RegExp(words));
      assert.match(await told.innerText(), new RegExp(rule));
      assert.equal(await part.getAttribute("aria-describedby"), await told.getAttribute("id"));
    }
    assert.equal(await page.locator("#found").isVisible(), false);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} pixels too wide`);
    assert.deepEqual(await axe(page), []);
    await shot(page, `preview-${name}`);
  });
}

test("what has no place in the drawing stands above it", async (t) => {
  const page = await preview(t, { recipient: { id: "no digits" }, message: mistaken(), tag: "ACCOUNT_UPDATE" });
  const found = page.locator("#found .finding");
  const texts = await found.allInnerTexts();
  assert.ok(texts.some((text) => text.includes("recipient.id")), texts.join());
  const [above, card] = await Promise.all([found.first(), page.locator("#stage")].map((it) => it.boundingBox()));
  assert.ok(above.y < card.y);
  assert.deepEqual(await axe(page), []);
});

test("it is drawn as the inbox page draws it", async (t) => {
  const emulator = await emulate(t);
  const message = generic(
    element({ buttons: [audioCall(), { type: "postback", title: "Later", payload: "LATER" }] }),
    element({ title: "Other", default_action: { type: "web_url", url: "https://example.com" } }),
  );
  assert.equal((await emulator.send(message)).status, 200);
  const inbox = await open(t, emulator, { hash: `#/inbox/${emulator.page_id}/${emulator.psid}` });
  const page = await preview(t, message);
  const shape = (at, selector) => at.locator(selector).first().evaluate((node) => {
    const copy = node.cloneNode(true);
    for (const each of copy.querySelectorAll("*")) {
      for (const name of ["data-focus", "data-until", "title", "hidden", "aria-disabled"]) each.removeAttribute(name);
    }
    for (const left of copy.querySelectorAll(".left")) left.textContent = "";
    return copy.outerHTML;
  });
  await inbox.locator(".carousel").waitFor();
  assert.equal(await shape(page, "#stage .carousel"), await shape(inbox, ".thread .carousel"));
  assert.equal(await page.locator(".cta.call .left").innerText(), "for 5 days");
  await page.locator(".cta.call").click();
  assert.equal(await page.locator("#said").innerText(), "A tap here calls the Page.");
});

test("every kind of message is drawn, and nothing in it becomes markup", async (t) => {
  const evil = "</script><img src=x onerror=alert(1)><!--";
  const kinds = [
    buttons(evil, audioCall(evil, 1)), other("call_prompt", { ttl_days: 3 }), other("calling_optin"),
    { text: evil, quick_replies: [{ content_type: "text", title: evil, payload: evil }] },
    { attachment: { type: "image", payload: { url: evil } } }, generic("no element", element({ [evil]: evil })),
    other("media", { elements: 5 }), { attachment: 5 }, {},
  ];
  for (const message of kinds) {
    const page = await preview(t, message);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("#stage").locator("> *").count(), 1);
    assert.equal(await page.locator("pre.code").first().isVisible(), true);
    assert.deepEqual(await page.wrong(), []);
  }
});

test("code is chosen with keys, and copied", async (t) => {
  const page = await preview(t, buttons("Shall we talk?", audioCall()));
  const shown = () => page.locator("#languages section:not([hidden]) pre").innerText();
  assert.match(await shown(), /Message::buttons/);
  await page.getByRole("tab", { name: "Rust" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await shown(), /^from callcta import AudioCallButton, ButtonTemplate/);
  await page.keyboard.press("End");
  assert.match(await shown(), /callcta_button_audio_call\("Call Now", 5, &call, error\)/);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "C");
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.locator("#code-3 pre").textContent());
});

test("without scripts, all is there to read but the drawing", async (t) => {
  const page = await preview(t, mistaken(), { javaScriptEnabled: false, ready: "noscript" });
  assert.equal(await page.locator("pre.code:visible").count(), 4);
  assert.equal(await page.locator(".finding:visible").count(), 2);
  assert.equal(await page.locator("noscript p").isVisible(), true);
});
