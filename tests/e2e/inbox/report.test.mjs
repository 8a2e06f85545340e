// The page that `callcta campaign report` writes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { axe, emulate, open, program, shot } from "./support.mjs";

/** A campaign of so many people, of whom some were sent to; the reports before and after. */
async function reports(t, people) {
  const folder = mkdtempSync(join(tmpdir(), "callcta-report-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const emulator = await emulate(t);
  await emulator.control("PATCH", "state", { strangers: "welcome" });
  const rows = Array.from({ length: people }, (_, number) => `3000000${String(number).padStart(6, "0")},Ada`);
  // One window has closed.
  writeFileSync(join(folder, "people.csv"), ["psid,name", ...rows, `${emulator.psids[1]},Kim`].join("\n"));
  writeFileSync(join(folder, "card.json"), JSON.stringify({ text: "Dear {{ name }}" }));
  const env = {
    ...process.env, CALLCTA_PAGE_ID: emulator.page_id, CALLCTA_ACCESS_TOKEN: emulator.access_token, CALLCTA_BASE_URL: emulator.url,
  };
  const journal = ["--journal", "autumn <b>.journal"];
  const run = (...words) => execFileSync(program, ["campaign", ...words, ...journal], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  run("plan", "people.csv", "--message", "card.json");
  run("report", "-o", "before.html");
  try {
    run("resume", "--pace", "none");
  } catch (error) {
    assert.equal(error.status, 3, error.stderr);
  }
  run("report", "-o", "after.html");
  return ["before.html", "after.html"].map((hash) => [{ url: `file://${folder}` }, { hash, ready: "main" }]);
}

const views = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 740 } },
};

test("a report fetches nothing, and axe finds nothing wrong", async (t) => {
  for (const [from, which] of await reports(t, 40)) {
    for (const [name, options] of Object.entries(views)) {
      const page = await open(t, from, { ...which, ...options });
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      await shot(page, `report-${name}`);
      assert.equal(wide, view, `${name} scrolls sideways`);
      assert.deepEqual(await axe(page), [], name);
    }
  }
});

test("its numbers are there in words, in a table and in a plot", async (t) => {
  const [, after] = await reports(t, 40);
  const page = await open(t, ...after);
  await page.getByText("finished, needs attention: 40 of 41 rows sent").waitFor();
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "autumn <b>.journal");
  const row = page.getByRole("row", { name: /^rejected: outside_window/ });
  assert.match(await row.textContent(), /1\s*2\.4 %/);
  assert.equal(await page.getByRole("img", { name: /its table follows/ }).count(), 5);
  const texts = await page.locator(".wide svg").first().textContent();
  assert.match(texts, /sent/);
  const html = await page.content();
  assert.ok(!html.includes("3000000") && !html.includes("Ada"), "it names people");
});
