// What people see and do on the inbox page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { audioCall, axe, buttons, conversation, emulate, generic, open, other, receiver, shell, shot } from "./support.mjs";

const hours = (count) => count * 3_600_000;
const thread = (page) => page.getByRole("list", { name: "Messages" });

test("a message appears without a reload", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  await thread(page).getByText("No messages yet.").waitFor();

  await emulator.send(generic({ title: "Contact Support!", subtitle: "Every day", image_url: "https://example.com/a.png", buttons: [audioCall()] }));

  const button = thread(page).getByRole("button", { name: "Call Now 5 d left" });
  await button.waitFor();
  await thread(page).getByText("Contact Support!").waitFor();
  assert.match(await page.locator("#live").textContent(), /New message for .+: Contact Support!/);
  const picture = await page.locator(".picture").boundingBox();
  assert.ok(Math.abs(picture.width / picture.height - 1.91) < 0.02, `the image area is ${picture.width}×${picture.height}`);
  await shot(page, "message");
});

test("a tap rings: the webhook arrives, signed, and the business accepts", async (t) => {
  const emulator = await emulate(t);
  const { got, url } = await receiver(t, emulator.app_secret);
  const page = await open(t, emulator, { hash: conversation(emulator) });

  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Webhook receiver").fill(url);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Receiver saved").waitFor();
  await page.keyboard.press("Escape");

  await emulator.send(buttons("Contact Support!", audioCall()));
  await thread(page).getByRole("button", { name: /Call Now/ }).click();

  const dialog = page.getByRole("dialog");
  await dialog.getByText("Ringing…").waitFor();
  await dialog.getByText("delivered").waitFor();
  const rung = got.filter(({ json }) => json.entry[0].calls);
  assert.equal(rung.length, 1);
  assert.ok(rung[0].genuine, "X-Hub-Signature-256 is the body's HMAC with the app secret");
  const [event] = rung[0].json.entry[0].calls;
  assert.equal(event.event, "connect");
  assert.equal(event.from, emulator.psid);
  assert.match(await dialog.textContent(), /sha256=[0-9a-f]{64}/);
  await dialog.getByText("EVENT_RECEIVED").waitFor();
  await shot(page, "ringing");

  await dialog.getByRole("button", { name: "Accept" }).click();
  await dialog.getByText("Connected").waitFor();
  await emulator.control("POST", "clock", { advance_ms: 95_000 });
  await dialog.getByRole("button", { name: "Hang up" }).click();
  await dialog.getByText("Call ended").waitFor();
  await dialog.getByText("calls: terminate").waitFor();
  const last = got.at(-1).json.entry[0].calls[0];
  assert.deepEqual([last.event, last.status, last.duration], ["terminate", "Completed", 95]);
  await dialog.getByRole("button", { name: "Close" }).click();
  await thread(page).getByText("Ended after 1 min 35 s").waitFor();
});

test("it rings before the receiver has answered", async (t) => {
  const emulator = await emulate(t);
  let answer;
  const { url } = await receiver(t, emulator.app_secret, new Promise((done) => { answer = done; }));
  await emulator.control("PATCH", "state", { webhook: { url, timeout_ms: 60_000 } });
  await emulator.send(buttons("Contact Support!", audioCall()));
  const page = await open(t, emulator, { hash: conversation(emulator) });
  await thread(page).getByRole("button", { name: /Call Now/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Ringing…").waitFor();
  await dialog.getByText("on its way").waitFor();
  answer();
  await dialog.getByText("EVENT_RECEIVED").waitFor();
});

test("a Page greets, and its menu can be tapped", async (t) => {
  const emulator = await emulate(t);
  const profile = (body) => fetch(`${emulator.url}/v26.0/me/messenger_profile`, {
    method: "POST",
    headers: { Authorization: `Bearer ${emulator.access_token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const field = page.getByRole("textbox", { name: /Write as/ });
  await field.waitFor();
  await emulator.control("PATCH", "state", { people: { [emulator.psid]: { name: "Ada Example" } } });
  const items = [
    { type: "postback", title: "Opening hours", payload: "HOURS" },
    { type: "web_url", title: "Shop", url: "https://example.com/shop" },
  ];
  await profile({
    get_started: { payload: "START" },
    greeting: [{ locale: "default", text: "Hello {{user_first_name}}!" }],
    persistent_menu: [{ locale: "default", call_to_actions: items }],
  });
  await thread(page).getByText("Hello Ada!").waitFor();
  assert.equal(await field.count(), 0);
  await shot(page, "get-started");
  await page.getByRole("button", { name: "Get Started" }).click();
  await thread(page).getByText("Tapped “Get Started”").waitFor();
  assert.ok(await field.evaluate((node) => node === document.activeElement), "the field has the focus of the button it follows");
  const menu = page.getByRole("list", { name: "Menu" });
  await menu.getByRole("button", { name: "Opening hours" }).click();
  await thread(page).getByText("Tapped “Opening hours”").waitFor();
  assert.equal(await menu.getByRole("link", { name: "Shop" }).getAttribute("href"), "https://example.com/shop");
  const { actions } = await emulator.control("GET", "actions");
  assert.deepEqual(actions.map(({ action }) => action.payload), ["START", "HOURS"]);
  await field.waitFor();
  assert.deepEqual(await axe(page), []);
  await shot(page, "menu");
  await profile({ persistent_menu: [{ locale: "default", composer_input_disabled: true, call_to_actions: items }] });
  await field.waitFor({ state: "detached" });
});

test("a running clock is seen to run", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator);
  await page.getByRole("button", { name: /Clock/ }).click();
  const time = page.locator("#clock-full");
  const before = await time.textContent();
  await page.getByRole("switch", { name: "Let the clock run" }).click();
  await time.filter({ hasNotText: before }).waitFor();
});

test("a declined call was not answered", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  await emulator.send(other("call_prompt", { ttl_days: 2 }));
  await thread(page).getByRole("button", { name: "Call 2 d left" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Decline" }).click();
  await dialog.getByText("Not answered").waitFor();
  await page.keyboard.press("Escape");
  await thread(page).getByText("Not answered").waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
});

test("after its time a button is grey, and a tap on it is refused", async (t) => {
  const emulator = await emulate(t);
  await emulator.send(buttons("Contact Support!", audioCall("Call Now", 7)));
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const button = thread(page).getByRole("button", { name: /Call Now/ });
  await page.getByRole("button", { name: /Clock/ }).click();
  await page.getByRole("spinbutton", { name: "Advance by" }).fill("36");
  await page.getByRole("combobox", { name: "Unit" }).selectOption("hours");
  await page.getByRole("button", { name: "Advance", exact: true }).click();
  await thread(page).getByRole("button", { name: "Call Now 5 d 12 h left" }).waitFor();
  assert.equal(await button.getAttribute("aria-disabled"), "false");

  await page.getByRole("button", { name: "+ 8 days" }).click();
  await thread(page).getByRole("button", { name: "Call Now Expired" }).waitFor();
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await page.keyboard.press("Escape");
  await button.click({ force: true });
  await page.getByText("The tap did nothing").waitFor();
  const { calls } = await emulator.control("GET", "calls");
  assert.deepEqual(calls, []);
  await shot(page, "expired");
});

test("texts are shown as they were sent and never run", async (t) => {
  const evil = `<img src=x onerror="alert(1)"><script>alert(2)</script>"'\`\${alert(3)}`;
  const short = "<b onclick=alert(4)>";
  const emulator = await emulate(t);
  const psid = emulator.psid;
  await emulator.control("PATCH", "state", {
    pages: { [emulator.page_id]: { name: evil } }, people: { [psid]: { name: evil } },
  });
  const sent = [
    { text: evil, metadata: evil },
    { text: evil, quick_replies: [{ content_type: "text", title: short, payload: evil }] },
    generic({
      title: short, subtitle: short, image_url: `https://example.com/${encodeURIComponent(evil)}`,
      default_action: { type: "web_url", url: "https://example.com/" },
      buttons: [{ type: "web_url", title: short, url: "https://example.com/?<script>" }, { type: "postback", title: short, payload: evil }, audioCall(short)],
    }),
    buttons(evil, audioCall(short), { type: "phone_number", title: short, payload: "+15105559999" }),
  ];
  for (const message of sent) {
    const { status, body } = await emulator.send(message);
    assert.equal(status, 200, JSON.stringify(body));
  }
  await emulator.send({ text: "x", [evil]: evil });
  await emulator.send({ text: evil }, { tag: evil });
  await fetch(`${emulator.url}/v26.0/me/${encodeURIComponent(evil)}?a=${encodeURIComponent(evil)}`, { headers: { "X-Evil": short } });
  await emulator.control("POST", `people/${psid}/actions`, { type: "message", text: evil });
  await emulator.control("POST", `people/${psid}/actions`, { type: "reaction", message_id: "m", reaction: evil });

  const page = await open(t, emulator, { hash: conversation(emulator) });
  await thread(page).getByText(evil, { exact: true }).nth(3).waitFor();
  await page.getByRole("heading", { name: evil, exact: true, level: 2 }).waitFor();
  assert.equal(await thread(page).locator(".cta", { hasText: short }).count(), 5);

  for (const link of await thread(page).getByRole("link", { name: /Details|Why|Webhook/ }).all()) {
    await link.click();
    await page.locator("#details .code:visible").first().waitFor();
  }
  await thread(page).getByRole("button", { name: short }).last().click();
  await page.getByRole("dialog").getByText("Ringing…").waitFor();
  await page.keyboard.press("Escape");
  for (const view of ["Requests", "Webhooks"]) {
    await page.getByRole("link", { name: view }).click();
    const list = page.getByRole("list", { name: view });
    await list.waitFor();
    for (const entry of await list.getByRole("link").all()) {
      await entry.click();
      await page.locator("#details h3").first().waitFor();
    }
  }
  const { headers } = await fetch(emulator.url);
  assert.match(headers.get("content-security-policy"), /default-src 'none'; script-src 'self'; .*trusted-types 'none'/);
  const foreign = await page.evaluate(() => [...document.querySelectorAll("#main *, #details *, #people *, #ring *")]
    .filter((node) => ["SCRIPT", "IMG", "B", "IFRAME"].includes(node.tagName) && !node.closest(".what")
      || [...node.attributes].some((attribute) => attribute.name.startsWith("on"))).map((node) => node.outerHTML));
  assert.deepEqual(foreign, []);
});

test("only web addresses become links", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const link = (title, url) => ({ type: "web_url", title, url });
  await emulator.send(buttons("Links", link("Good", "https://example.com/a?b=c")));
  const good = thread(page).getByRole("link", { name: "Good" });
  await good.waitFor();
  assert.equal(await good.getAttribute("href"), "https://example.com/a?b=c");
  assert.match(await good.getAttribute("rel"), /noopener/);

  // The emulator refuses other addresses; the page must not rely on it.
  const hrefs = await page.evaluate(async () => {
    const { webUrl } = await import(new URL("inbox/util.js", location.href));
    return ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd", "//example.com", "tel:+1", "", undefined, {}].map((url) => webUrl(url));
  });
  assert.deepEqual(hrefs, Array(9).fill(null));
});

test("a refusal names its rule, its place and what was sent there", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const { status } = await emulator.send(generic({ title: "Contact Support!", buttons: [audioCall("Call Now", 9)] }));
  assert.equal(status, 400);
  await thread(page).getByText("Not delivered").waitFor();
  await thread(page).getByRole("link", { name: "Why" }).click();
  const details = page.getByRole("region", { name: /^Request \d+$/ });
  const rule = details.locator(".broken");
  assert.match(await rule.textContent(), /expires_in_days_range/);
  assert.match(await rule.textContent(), /elements\[0\]\.buttons\[0\]\.expires_in_days/);
  assert.equal(await rule.getByLabel("What was sent there").textContent(), "9");
  assert.match(await details.getByLabel("Response body").textContent(), /"code": 100/);
  await shot(page, "refusal");
  await details.getByRole("link", { name: "Close the details" }).click();
  await details.waitFor({ state: "hidden" });
});

test("a form's refusal is shown in the conversation, too", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  await fetch(`${emulator.url}/me/messages`, {
    method: "POST",
    body: new URLSearchParams({
      access_token: emulator.access_token, recipient: JSON.stringify({ id: emulator.psid }), messaging_type: "RESPONSE",
      message: JSON.stringify(buttons("Text", audioCall("Call Now", 30))),
    }),
  });
  await thread(page).getByRole("link", { name: "Why" }).click();
  const details = page.getByRole("region", { name: /^Request \d+$/ });
  assert.equal(await details.getByLabel("What was sent there").textContent(), "30");
  assert.ok(!(await page.locator("body").textContent()).includes(emulator.access_token));
});

test("the request can be copied as curl and sent again, without showing the token", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const text = "It's *** $HOME `now` \\ \"quoted\"\nsecond line";
  await emulator.send({ text });
  await thread(page).getByRole("link", { name: "Details" }).click();
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await page.getByText("Copied").waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(!command.includes(emulator.access_token));
  assert.ok(!(await page.content()).includes(emulator.access_token));

  const answer = JSON.parse(shell(`${command} --silent`, { CALLCTA_ACCESS_TOKEN: emulator.access_token }));
  assert.equal(answer.recipient_id, emulator.psid);
  const { messages } = await emulator.control("GET", "messages");
  assert.deepEqual(messages.map((message) => message.body.message.text), [text, text]);
});

test("a fault armed from the menu strikes", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  await page.getByRole("button", { name: "Faults" }).click();
  const panel = page.getByRole("dialog", { name: "Faults" });
  await panel.getByLabel("What goes wrong").selectOption({ label: "Rate limit: 613, try again in 2 s" });
  await panel.getByLabel("For whom").selectOption(emulator.psid);
  await panel.getByRole("button", { name: "Arm" }).click();
  await panel.getByRole("listitem").filter({ hasText: "613" }).waitFor();
  const { faults } = await emulator.control("GET", "faults");
  assert.equal(faults.length, 1);

  const struck = await emulator.send({ text: "Hello" });
  assert.deepEqual([struck.status, struck.body.error.code], [400, 613]);
  await panel.getByRole("listitem").waitFor({ state: "detached" });
  await thread(page).getByText("Lost to a fault").waitFor();
  assert.equal((await emulator.send({ text: "Hello again" })).status, 200);

  await panel.getByLabel("What goes wrong").selectOption({ label: "Stored, but the answer is lost" });
  await panel.getByRole("button", { name: "Arm" }).click();
  await panel.getByRole("listitem").filter({ hasText: "drop_after_store" }).waitFor();
  await assert.rejects(emulator.send({ text: "Into the void" }));
  await thread(page).getByRole("listitem").filter({ hasText: "Into the void" }).getByText("fault: drop_after_store").waitFor();

  // Every preset is a fault that can be armed, and cleared.
  const presets = await panel.getByLabel("What goes wrong").locator("option").allTextContents();
  for (const [at, label] of presets.entries()) {
    await panel.getByLabel("What goes wrong").selectOption({ label });
    await panel.getByRole("button", { name: "Arm" }).click();
    await panel.getByRole("listitem").nth(at).waitFor();
  }
  await shot(page, "faults");
  for (let left = presets.length; left > 0; left -= 1) {
    await panel.getByRole("button", { name: /^Clear/ }).first().click();
    await panel.getByRole("listitem").nth(left - 1).waitFor({ state: "detached" });
  }
  assert.deepEqual((await emulator.control("GET", "faults")).faults, []);
});

test("menus change Pages, people and answers, and reset", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  await page.getByRole("button", { name: "Settings" }).click();
  const settings = page.getByRole("dialog", { name: "Settings" });
  await settings.getByRole("switch", { name: new RegExp(`${emulator.page_id}$`) }).click();
  await page.getByRole("navigation", { name: "Conversations" }).getByText("calling off").nth(1).waitFor();
  const off = await emulator.send(buttons("Contact Support!", audioCall()));
  assert.notEqual(off.status, 200);
  await settings.getByLabel("Answer to a send").selectOption("nested_both");
  await page.getByText("Answer shape changed").waitFor();
  const nested = await emulator.send({ text: "Hello" });
  assert.equal(nested.body.recipient.id, emulator.psid);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "This person" }).click();
  await page.getByRole("switch", { name: "Messaging window open" }).click();
  await page.locator("#window-state", { hasText: "Window closed" }).waitFor();
  const closed = await emulator.send({ text: "Hello" });
  assert.deepEqual([closed.body.error.code, closed.body.error.error_subcode], [10, 2018278]);
  await page.getByRole("switch", { name: "Messaging window open" }).click();
  await page.locator("#window-state", { hasText: "Window open" }).waitFor();
  assert.equal((await emulator.send({ text: "Hello" })).status, 200);
  await page.getByRole("switch", { name: "Has blocked the Page" }).click();
  await page.locator("#window-state", { hasText: "Blocked" }).waitFor();
  assert.equal((await emulator.send({ text: "Hello" })).body.error.code, 551);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Settings" }).click();
  await settings.getByRole("button", { name: "Reset everything" }).click();
  await page.getByRole("dialog", { name: "Reset everything?" }).getByRole("button", { name: "Reset" }).click();
  await thread(page).getByText("No messages yet.").waitFor();
  assert.equal((await emulator.send(buttons("Contact Support!", audioCall()))).body.recipient_id, emulator.psid);
});

test("people write, tap postbacks and answer permission requests", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  await page.getByRole("textbox", { name: /Write as/ }).fill("Where is my order?");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await thread(page).getByText("Where is my order?").waitFor();
  await emulator.send(buttons("Choose", { type: "postback", title: "Track", payload: "TRACK" }));
  await thread(page).getByRole("button", { name: "Track" }).click();
  await thread(page).getByText("Tapped “Track”").waitFor();
  await emulator.send(other("calling_optin"));
  await thread(page).getByRole("button", { name: "Accept" }).click();
  await thread(page).getByText("Allowed calls").waitFor();
  const { actions } = await emulator.control("GET", "actions");
  assert.deepEqual(actions.map(({ action }) => action.type), ["message", "postback", "call_permission"]);
  // The clock stands, and yet everything is in the order in which it happened.
  const shown = await thread(page).getByRole("listitem").allTextContents();
  assert.deepEqual(shown.map((text) => text.match(/order|Choose|Tapped|Allow .* call you|Allowed/)?.[0].replace(/ .*/, "")),
    ["order", "Choose", "Tapped", "Allow", "Allowed"]);
});

test("without messages the page says how to send the first, which opens its conversation", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator);
  await page.getByRole("heading", { name: "Connect your program" }).waitFor();
  const copied = async (label) => {
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await page.getByRole("button", { name: label, exact: true }).click();
    await page.waitForFunction(async () => await navigator.clipboard.readText() !== "");
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const values = {
    CALLCTA_BASE_URL: ["Address", emulator.url], CALLCTA_ACCESS_TOKEN: ["Access token", emulator.access_token], CALLCTA_PAGE_ID: ["Page id", emulator.page_id],
    CALLCTA_PSID: ["PSID", emulator.psid], CALLCTA_APP_SECRET: ["App secret", emulator.app_secret],
  };
  for (const [label, value] of Object.values(values)) assert.equal(await copied(`Copy: ${label}`), value);
  const exports = await copied("Copy all as shell exports");
  const names = Object.keys(values);
  assert.deepEqual(shell(`${exports} printf '%s\\n' ${names.map((name) => `"$${name}"`).join(" ")}`).trim().split("\n"), names.map((name) => values[name][1]));
  for (const [language, words] of [["Rust", "Client::from_env()"], ["Python", "Client.from_env()"], ["Node", "Client.fromEnv()"], ["C", "callcta_config_from_env("]]) {
    await page.getByRole("radio", { name: language, exact: true }).check();
    const code = await copied("Copy the example");
    assert.ok(code.includes(words), code);
    assert.equal(await page.getByRole("region", { name: "Example" }).textContent(), code);
  }
  assert.deepEqual(await axe(page), []);
  await shot(page, "empty");

  await emulator.send({ text: "The first" });
  await thread(page).getByText("The first").waitFor();
  assert.ok(page.url().endsWith(conversation(emulator)));
  assert.ok(!(await page.content()).includes(emulator.access_token));
  // Whatever comes elsewhere is unread until it is looked at.
  const state = await emulator.control("GET", "state");
  const other = Object.keys(state.people).find((psid) => psid !== emulator.psid && state.people[psid].page === emulator.page_id && !state.people[psid].blocked);
  await emulator.control("POST", `people/${other}/actions`, { type: "message", text: "Hi" });
  await emulator.send({ text: "The second" }, { psid: other });
  const link = page.getByRole("navigation", { name: "Conversations" }).getByRole("link", { name: /The second.*unread/ });
  await link.click();
  await thread(page).getByText("The second").waitFor();
  await link.waitFor({ state: "detached" });
  assert.ok(await page.getByRole("heading", { name: "Person 2", level: 2 }).isVisible());
});

test("a person sends stickers and files, taps quick replies, reacts and reads", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const more = page.getByRole("button", { name: "More to send" });
  const panel = page.getByRole("dialog", { name: "More to send" });
  await more.click();
  await panel.getByRole("button", { name: "Large thumb" }).click();
  await thread(page).getByText("Sticker 369239383222810").waitFor();
  for (const kind of ["Picture", "File"]) {
    await more.click();
    await panel.getByLabel("Kind of file").selectOption(kind);
    await panel.getByLabel("Address of the file").fill(`https://example.com/${kind}`);
    await panel.getByRole("button", { name: "Send the file" }).click();
    await thread(page).getByText(`https://example.com/${kind}`).waitFor();
  }
  const { body: { message_id } } = await emulator.send({ text: "Which colour?", quick_replies: [
    { content_type: "text", title: "Red", payload: "R" }, { content_type: "text", title: "Green", payload: "G" }] });
  await thread(page).getByRole("button", { name: "Green" }).click();
  await thread(page).getByText(/^Quick reply/).waitFor();
  const asked = thread(page).getByRole("listitem").filter({ hasText: "Which colour?" });
  const react = async () => {
    await asked.getByRole("button", { name: "React" }).click();
    await page.getByRole("dialog", { name: "React" }).getByRole("button", { name: "love" }).click();
  };
  await react();
  // Told below the message; the button shows it, too.
  const reaction = asked.getByText("Reaction: ❤️");
  await reaction.waitFor();
  await react();
  await reaction.waitFor({ state: "detached" });

  await emulator.control("POST", "clock", { advance_ms: hours(2) });
  await more.click();
  await panel.getByRole("button", { name: "Read everything" }).click();
  await asked.getByText(/Delivered 12:00, read 14:00/).waitFor();
  const { actions } = await emulator.control("GET", "actions");
  assert.deepEqual(actions.map(({ action }) => action), [
    { type: "sticker", sticker_id: 369239383222810 },
    { type: "attachment", kind: "image", url: "https://example.com/Picture" },
    { type: "attachment", kind: "file", url: "https://example.com/File" },
    { type: "quick_reply", title: "Green", payload: "G" },
    { type: "reaction", message_id, reaction: "love", remove: false },
    { type: "reaction", message_id, reaction: "love", remove: true },
    { type: "read" },
  ]);
  await shot(page, "person");
});

test("that the Page types and has seen is shown, and why there is no webhook", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const shows = (sender_action) => fetch(`${emulator.url}/me/messages`, {
    method: "POST",
    headers: { Authorization: `Bearer ${emulator.access_token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ recipient: { id: emulator.psid }, sender_action }),
  });
  await page.getByRole("textbox", { name: /Write as/ }).fill("Anybody there?");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await emulator.control("POST", "clock", { advance_ms: hours(1) });
  await shows("mark_seen");
  await thread(page).getByText("seen by the Page 13:00").waitFor();
  await shows("typing_on");
  await thread(page).getByText("The Page is typing").waitFor({ state: "attached" });
  await page.getByRole("navigation", { name: "Conversations" }).getByText("typing…").waitFor();
  await emulator.send({ text: "Yes" });
  await thread(page).getByText("The Page is typing").waitFor({ state: "detached" });
  await emulator.control("POST", "clock", { advance_ms: hours(24) });
  await thread(page).getByRole("heading", { name: "Yesterday" }).waitFor();
  await page.getByRole("navigation", { name: "Conversations" }).getByText("Yesterday").waitFor();

  await emulator.control("PATCH", "state", { pages: { [emulator.page_id]: { subscribed_fields: [] } } });
  await page.getByRole("textbox", { name: /Write as/ }).fill("And now?");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await thread(page).getByText("No webhook: the app is not subscribed to messages").waitFor();
  await emulator.send(buttons("Call us", audioCall()));
  await thread(page).getByRole("link", { name: "Details" }).last().click();
  await page.getByRole("region", { name: /^Message/ }).getByText("webhook.url is not set").waitFor();
  await thread(page).getByRole("button", { name: /Call Now/ }).click();
  await page.getByRole("dialog").getByText("No webhook: the app is not subscribed to calls").waitFor();
});

test("search finds people, messages and requests", async (t) => {
  const emulator = await emulate(t);
  await emulator.send({ text: "Your parcel is on its way" });
  await emulator.send({ text: "Have a nice day" });
  await fetch(`${emulator.url}/v26.0/me/nothing-here`);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const people = page.getByRole("navigation", { name: "Conversations" }).getByRole("link");
  const all = await people.count();
  assert.ok(all > 1);
  await page.getByRole("searchbox").fill("PARCEL");
  await thread(page).getByText("Have a nice day").waitFor({ state: "detached" });
  await thread(page).getByText("Your parcel").waitFor();
  // The emulator is asked for both, one after the other.
  await people.nth(1).waitFor({ state: "detached" });
  await people.first().waitFor();
  assert.equal(await people.count(), 1);
  assert.equal(await page.title(), "Person 1 · callcta emulator");
  await page.getByRole("searchbox").fill("nothing-here");
  await page.getByText("Nobody found.").waitFor();
  await page.getByRole("link", { name: "Requests" }).click();
  const entries = page.getByRole("list", { name: "Requests" }).getByRole("link");
  await entries.filter({ hasText: "not modelled" }).waitFor();
  assert.equal(await entries.count(), 1);
  await page.getByRole("searchbox").fill("");
  await entries.nth(2).waitFor();
  await shot(page, "requests");
});

test("the page comes back when the emulator does", async (t) => {
  const emulator = await emulate(t);
  const page = await open(t, emulator, { hash: conversation(emulator) });
  await emulator.control("POST", "close-connections", {});
  await emulator.send({ text: "After the break" });
  await thread(page).getByText("After the break").waitFor();
  await page.locator("#offline:empty").waitFor({ state: "attached" });
});
