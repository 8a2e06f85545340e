// Thousands of people and messages: only what is on the screen is drawn, and all of it can be reached.

import assert from "node:assert/strict";
import { test } from "node:test";

import { axe, conversation, emulate, open } from "./support.mjs";

const list = (page) => page.getByRole("list", { name: "Conversations" });
const thread = (page) => page.getByRole("list", { name: "Messages" });
const items = (page, name) => page.getByRole("list", { name }).getByRole("listitem");
const psidOf = (number) => String(300_000_000_000_000 + number);
/** More than a screen of the test's size can show, and far less than there are. */
const FEW = 60;

async function crowd(t, count) {
  const emulator = await emulate(t);
  const people = Object.fromEntries(Array.from({ length: count }, (_, at) => [psidOf(at), { name: `Somebody ${at}`, page: emulator.page_id }]));
  await emulator.control("PATCH", "state", { people });
  return emulator;
}

test("of thousands of people those on the screen are drawn", async (t) => {
  const emulator = await crowd(t, 3000);
  const page = await open(t, emulator);
  await list(page).getByRole("link", { name: "Somebody 5 " }).waitFor();
  await page.waitForFunction(() => document.querySelector("#people-list > li").ariaSetSize === "3004");
  assert.ok(await items(page, "Conversations").count() < FEW);
  assert.deepEqual(await axe(page), []);

  // A message brings its conversation to the top, and opens it, as it is the first.
  await emulator.send({ text: "Are you still there?" }, { psid: psidOf(2999) });
  await thread(page).getByText("Are you still there?").waitFor();
  const first = items(page, "Conversations").first();
  assert.match(await first.textContent(), /Somebody 2999Are you still there\?/);
  assert.equal(await first.getAttribute("aria-posinset"), "1");

  // All of them can be reached by keys.
  await first.getByRole("link").focus();
  await page.keyboard.press("ArrowDown");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Person 1N/);
  await page.keyboard.press("End");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Person 11/);
  assert.ok(await items(page, "Conversations").count() < FEW);
  // News must not take the focus away, nor what is being read.
  await emulator.send({ text: "And you?" }, { psid: psidOf(7) });
  await page.waitForFunction(() => document.querySelector("#people-list > li:last-child").ariaPosInSet === "3004");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Person 11/);
  assert.ok(await list(page).evaluate((node) => node.scrollTop > 10_000));
  await page.keyboard.press("Home");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Somebody 7And you\?/);
});

test("a search in thousands finds names and words", async (t) => {
  const emulator = await crowd(t, 3000);
  await emulator.send({ text: "Your parcel is on its way" }, { psid: psidOf(1234) });
  await emulator.send({ text: "Have a nice day" }, { psid: psidOf(1234) });
  const page = await open(t, emulator);
  const search = page.getByRole("searchbox");
  await search.pressSequentially("somebody 2718");
  await page.waitForFunction(() => document.querySelectorAll("#people-list > li").length === 1);
  await list(page).getByText("Somebody 2718").waitFor();
  await search.fill("PARCEL");
  await list(page).getByText("Somebody 1234").waitFor();
  assert.match(await items(page, "Conversations").allTextContents().then((all) => all.join()), /^S12Somebody 1234Your parcel is on its way/);
  await search.fill("");
  await page.waitForFunction(() => document.querySelector("#people-list > li").ariaSetSize === "3004");
});

test("a conversation of thousands of messages", async (t) => {
  const emulator = await emulate(t, "--keep-messages", "3000");
  for (let at = 0; at < 3000; at += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, n) => emulator.send({ text: `Message number ${at + n}` })));
  }
  const page = await open(t, emulator, { hash: conversation(emulator) });
  const last = items(page, "Messages").last();
  await last.getByText(/Message number 29\d\d/).waitFor();
  assert.deepEqual([await last.getAttribute("aria-posinset"), await last.getAttribute("aria-setsize")], ["3000", "3000"]);
  assert.ok(await items(page, "Messages").count() < FEW);
  assert.deepEqual(await axe(page), []);

  await thread(page).focus();
  await page.keyboard.press("Home");
  await items(page, "Messages").first().getByText(/Message number \d\d?$/).waitFor();
  assert.equal(await items(page, "Messages").first().getAttribute("aria-posinset"), "1");
  await items(page, "Messages").first().getByRole("heading", { name: "Today" }).waitFor();
  assert.ok(await items(page, "Messages").count() < FEW);

  // In the middle, what comes at the end moves nothing.
  await thread(page).evaluate((node) => { node.scrollTop = node.scrollHeight / 2; });
  await page.waitForFunction(() => [...document.querySelectorAll(".thread > li")].every((node) => node.classList.contains("message")));
  const middle = () => thread(page).evaluate((node) => {
    const { left, top, height } = node.getBoundingClientRect();
    const at = document.elementFromPoint(left + 220, top + height / 2).closest("li") ?? document.elementFromPoint(left + 220, top + height / 2 + 16).closest("li");
    return [at?.textContent, Math.round(at?.getBoundingClientRect().top)];
  });
  const before = await middle();
  await emulator.send({ text: "The newest of all" });
  await page.waitForFunction(() => document.querySelector(".thread > li").ariaSetSize === "3001");
  assert.deepEqual(await middle(), before);
  await page.keyboard.press("End");
  await last.getByText("The newest of all").waitFor();
  await emulator.send({ text: "One more" });
  await last.getByText("One more").waitFor();
  assert.ok(await thread(page).evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight < 2), "who reads the end stays there");

  // Details that are linked to bring their message into view.
  await page.goto(page.url().replace(/#.*/, `${conversation(emulator)}/message/700`));
  await page.getByRole("heading", { name: "Message 700" }).waitFor();
  await page.waitForFunction(() => {
    const view = document.querySelector(".thread").getBoundingClientRect();
    const row = document.querySelector(".thread [aria-current=true]")?.closest("li").getBoundingClientRect();
    return row && row.top >= view.top && row.bottom <= view.bottom;
  });

  await page.getByRole("searchbox").fill("number 1500");
  await page.waitForFunction(() => document.querySelectorAll(".thread > li.message").length === 1);
});

test("thousands of requests", async (t) => {
  const emulator = await emulate(t);
  for (let at = 0; at < 450; at += 50) await Promise.all(Array.from({ length: 50 }, (_, n) => emulator.send({ text: `Request number ${at + n}` })));
  const page = await open(t, emulator, { hash: "#/requests" });
  await items(page, "Requests").first().getByText("Request number").waitFor();
  assert.ok(await items(page, "Requests").count() < FEW);
  const row = await items(page, "Requests").first().textContent();
  assert.match(row, /^\d\d:\d\d:\d\dPerson 1Request number 4\d\dPOST \/v26\.0\/\d+\/messages200$/, "when, who, what");
  await page.getByRole("list", { name: "Requests" }).focus();
  await page.waitForFunction(() => {
    const log = document.querySelector(".log");
    log.scrollTop = log.scrollHeight;
    const end = log.querySelector("li:last-child");
    return end.ariaPosInSet === "450" && end.ariaSetSize === "450";
  });
  assert.ok(await items(page, "Requests").count() < FEW);
});

test("in a quiet page nothing is waited for", async (t) => {
  const emulator = await emulate(t);
  await emulator.send({ text: "Hello" });
  const page = await open(t, emulator, {
    hash: conversation(emulator),
    before: () => {
      // All that would wake the page up again.
      window.pending = new Map();
      for (const [set, clear] of [["setTimeout", "clearTimeout"], ["requestAnimationFrame", "cancelAnimationFrame"]]) {
        const [real, unreal] = [window[set].bind(window), window[clear].bind(window)];
        window[set] = (work, ms) => {
          const id = real((...all) => {
            window.pending.delete(`${set} ${id}`);
            work(...all);
          }, ms);
          window.pending.set(`${set} ${id}`, ms);
          return id;
        };
        window[clear] = (id) => {
          window.pending.delete(`${set} ${id}`);
          unreal(id);
        };
      }
      window.setInterval = () => { throw new Error("an interval"); };
    },
  });
  await thread(page).getByText("Hello").waitFor();
  await page.waitForFunction(() => window.pending.size === 0);
  assert.deepEqual(await page.evaluate(() => document.getAnimations().length), 0);
  // With a running clock, the next time that something reads differently: here the minute.
  await emulator.control("POST", "clock", { run: true });
  await page.waitForFunction(() => window.pending.size === 1 && [...window.pending.values()][0] > 1000);
});
