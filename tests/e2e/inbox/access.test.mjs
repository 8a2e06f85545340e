// The page for those who use a keyboard or a screen reader, a phone, or a dark screen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { audioCall, axe, buttons, conversation, emulate, generic, open, other, receiver, shot } from "./support.mjs";

/** An emulator with something of everything in it. */
async function furnished(t) {
  const emulator = await emulate(t);
  const { url } = await receiver(t, emulator.app_secret);
  const act = (action) => emulator.control("POST", `people/${emulator.psid}/actions`, action);
  await emulator.control("PATCH", "state", {
    webhook: { url }, people: { [emulator.psid]: { name: "Customer" } },
  });
  await act({ type: "message", text: "Hello, my order has not arrived yet. Can somebody help?" });
  await emulator.send({ text: "Sorry to hear that! You can call us, or look at your order." });
  await emulator.send(generic(
    { title: "Order 2041", subtitle: "On its way, expected on Friday", image_url: "https://images.example.com/2041.png", buttons: [{ type: "web_url", title: "Track it", url: "https://example.com/track" }, audioCall("Call Now", 5)] },
    { title: "Order 1987", subtitle: "Delivered on Monday", image_url: "https://images.example.com/1987.png", buttons: [{ type: "postback", title: "Return it", payload: "RETURN" }, audioCall("Call returns", 2)] },
    { title: "Support", subtitle: "Every day from 9 to 17", image_url: "https://images.example.com/support.png", buttons: [{ type: "account_link", url: "https://example.com/login" }, audioCall("Call Now", 7)] },
  ));
  await emulator.control("POST", "clock", { advance_ms: 3_600_000 });
  await act({ type: "postback", title: "Return it", payload: "RETURN" });
  await emulator.send(buttons("How would you like to send it back?", audioCall("Call Now", 5), { type: "phone_number", title: "By phone", payload: "+15105559999" }));
  await emulator.send(buttons("Contact Support!", audioCall("Call Now", 9)));
  await emulator.send(other("call_prompt", { ttl_days: 3 }));
  await emulator.send(other("calling_optin"));
  await emulator.send({ attachment: { type: "image", payload: { url: "https://images.example.com/label.png" } } });
  await emulator.send({ text: "Hello" }, { psid: emulator.psids[1] });
  await fetch(`${emulator.url}/v26.0/me/nothing`);
  return emulator;
}

const views = {
  inbox: async (page) => page.locator(".thread").evaluate((node) => { node.scrollTop = 0; }),
  "no conversation": async (page) => page.goto(page.url().replace(/#.*/, "#/inbox")),
  message: async (page) => page.getByRole("link", { name: "Details" }).first().click(),
  refusal: async (page) => page.getByRole("link", { name: "Why" }).click(),
  requests: async (page) => {
    await page.goto(page.url().replace(/#.*/, "#/requests"));
    await page.locator(".entry").first().click();
  },
  webhooks: async (page) => {
    await page.goto(page.url().replace(/#.*/, "#/webhooks"));
    await page.locator(".entry").first().click();
  },
  clock: async (page) => page.getByRole("button", { name: /Clock/ }).click(),
  faults: async (page) => {
    await page.getByRole("button", { name: "Faults" }).click();
    await page.getByRole("button", { name: "Arm" }).click();
    await page.locator("#fault-list li").waitFor();
  },
  settings: async (page) => page.getByRole("button", { name: "Settings" }).click(),
  person: async (page) => page.getByRole("button", { name: "This person" }).click(),
  reset: async (page) => {
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Reset everything" }).click();
  },
  ringing: async (page) => {
    await page.getByRole("button", { name: /^Call (Now|\d)/ }).first().click();
    await page.getByRole("dialog").getByText("delivered").waitFor();
  },
  expired: async (page) => {
    await page.getByRole("button", { name: /Clock/ }).click();
    await page.getByRole("button", { name: "+ 8 days" }).click();
    await page.getByRole("button", { name: /Expired/ }).first().waitFor();
  },
};

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing wrong, ${colorScheme}`, async (t) => {
    const emulator = await furnished(t);
    for (const [name, show] of Object.entries(views)) {
      const page = await open(t, emulator, { hash: conversation(emulator), colorScheme });
      await page.getByRole("list", { name: "Messages" }).waitFor();
      await show(page);
      const wrong = await axe(page);
      await shot(page, `${name}-${colorScheme}`);
      assert.deepEqual(wrong, [], `${name}, ${colorScheme}`);
    }
  });
}

test("dark follows the system", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { colorScheme: "dark" });
  const brightness = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number).reduce((sum, each) => sum + each));
  assert.ok(await brightness() < 150);
  await page.emulateMedia({ colorScheme: "light" });
  assert.ok(await brightness() > 600);
});

for (const [what, viewport] of Object.entries({
  "a phone": { width: 360, height: 740 },
  "1280 pixels at 400 %": { width: 320, height: 256 },
})) {
  test(`nothing is wider than ${what}, and axe finds nothing wrong there`, async (t) => {
    const emulator = await furnished(t);
    for (const [name, show] of Object.entries(views)) {
      const page = await open(t, emulator, { hash: conversation(emulator), viewport });
      await page.getByRole("list", { name: "Messages" }).waitFor();
      await show(page);
      const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      await shot(page, `${name}-${viewport.width}`);
      assert.equal(wide, view, `${name} scrolls sideways`);
      // Nothing within scrolls sideways either, but a phone's carousel.
      const sideways = await page.evaluate(() => [...document.querySelectorAll("body *:not(.strip)")]
        .filter((node) => node.scrollWidth > node.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(node).overflowX)
          && node.checkVisibility()).map((node) => node.className || node.id || node.tagName));
      assert.deepEqual(sideways, [], `${name}, ${what}`);
      assert.deepEqual(await axe(page), [], `${name}, ${what}`);
    }
  });
}

test("on a phone one goes from the list to a conversation to the details and back", async (t) => {
  const emulator = await furnished(t);
  const page = await open(t, emulator, { viewport: { width: 360, height: 740 } });
  await page.getByRole("link", { name: /Customer/ }).click();
  await page.getByRole("link", { name: "Why" }).click();
  await page.getByText("The rule it broke").waitFor();
  assert.equal(await page.getByRole("list", { name: "Messages" }).isVisible(), false);
  await page.getByRole("link", { name: "Close the details" }).click();
  await page.getByRole("link", { name: "Back to the conversations" }).click();
  await page.getByRole("link", { name: /Customer/ }).waitFor();
});

test("everything can be done with the keyboard", async (t) => {
  const emulator = await furnished(t);
  const page = await open(t, emulator);
  const focused = () => page.evaluate(() => {
    const node = document.activeElement;
    return `${node.getAttribute("aria-label") ?? ""} ${node.textContent} ${node.title}`.trim();
  });
  /** Tabs on until something is focused whose name matches. */
  const tabTo = async (name, key = "Tab") => {
    const seen = [];
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press(key);
      const now = await focused();
      if (name.test(now)) return now;
      seen.push(now);
    }
    throw new Error(`no Tab leads to ${name}; they lead to:\n${seen.join("\n")}`);
  };

  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to content");
  await tabTo(/^CCustomer/);
  await page.keyboard.press("Enter");
  await page.getByRole("list", { name: "Messages" }).waitFor();
  assert.equal(await focused(), "Customer", "the focus goes to the conversation's heading");

  await tabTo(/^Call Now\d/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("Ringing…").waitFor();
  assert.equal(await focused(), "Accept");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("Connected").waitFor();
  assert.equal(await focused(), "Hang up", "the focus stays in the dialog when its buttons change");
  await page.keyboard.press("Space");
  await page.getByRole("dialog").getByText("Call ended").waitFor();
  await page.keyboard.press("Escape");
  assert.match(await focused(), /Call Now/, "the focus returns to the button that was tapped");

  await tabTo(/^Why$/);
  await page.keyboard.press("Enter");
  await page.getByText("The rule it broke").waitFor();
  assert.match(await focused(), /^Request \d+$/);
  await page.keyboard.press("Escape");
  await page.getByText("The rule it broke").waitFor({ state: "detached" });
  assert.equal(await focused(), "Why", "the focus returns to the link that opened the details");

  await tabTo(/Clock/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await tabTo(/^\+ 8 days$/);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /Expired/ }).first().waitFor();
  assert.equal(await focused(), "+ 8 days");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Clock" }).waitFor({ state: "hidden" });
  assert.match(await focused(), /Clock/);

  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await tabTo(/^Arm$/);
  await page.keyboard.press("Enter");
  await page.locator("#fault-list li").waitFor();
  await tabTo(/^Clear/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator("#fault-list li").waitFor({ state: "detached" });
  assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY", "a button that goes away hands the focus on");
});

test("words have the direction of their script, and leave what is around them alone", async (t) => {
  const emulator = await emulate(t);
  const words = "שלום (Hello)";
  const psid = emulator.psid;
  await emulator.control("PATCH", "state", { pages: { [emulator.page_id]: { name: words } }, people: { [psid]: { name: words } } });
  await emulator.control("POST", `people/${psid}/actions`, { type: "message", text: words });
  await emulator.send({ text: words, quick_replies: [{ content_type: "text", title: "שלום", payload: "A" }] });
  await emulator.send(generic({ title: words, subtitle: words, buttons: [{ type: "postback", title: "שלום", payload: "A" }, audioCall("שלום")] }));
  await emulator.send(buttons(words, { type: "web_url", title: "שלום", url: "https://example.com/" }));
  await emulator.send(other("call_prompt", { ttl_days: 3 }));
  await emulator.send(other("calling_optin"));
  await emulator.send(buttons(words, audioCall(words, 9)));
  for (const [hash, show] of [[conversation(emulator)], ["#/requests"], ["#/webhooks"], [conversation(emulator), views.faults], [conversation(emulator), views.settings], [conversation(emulator), views.person],
    [conversation(emulator), async (page) => {
      await page.getByRole("button", { name: /Call/ }).first().click();
      await page.getByRole("dialog").getByText("Ringing…").waitFor();
    }]]) {
    const page = await open(t, emulator, { hash });
    await page.getByText(words).first().waitFor({ state: "attached" });
    await show?.(page);
    const loose = await page.evaluate(() => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (!node.data.includes("שלום") || node.parentElement.closest("#live, #toasts, .sr")) continue;
        const own = node.parentElement.closest("[dir=auto], bdi");
        if (!own || getComputedStyle(own).direction !== "rtl" && !own.matches("pre")) found.push(node.parentElement.outerHTML);
      }
      return found;
    });
    assert.deepEqual(loose, [], hash);
  }
});

test("the focus survives news", async (t) => {
  const emulator = await furnished(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const field = page.getByRole("textbox", { name: /Write as/ });
  await field.fill("half a sen");
  await field.focus();
  await emulator.send({ text: "Another message" });
  await page.getByRole("list", { name: "Messages" }).getByText("Another message").waitFor();
  await page.keyboard.type("tence");
  assert.equal(await field.inputValue(), "half a sentence");
  const button = page.getByRole("button", { name: /Call Now/ }).first();
  await button.focus();
  await emulator.control("POST", "clock", { advance_ms: 3_600_000 });
  await page.locator("#window-state", { hasText: "Window open, 23 h left" }).waitFor();
  assert.ok(await button.evaluate((node) => node === document.activeElement));
});
