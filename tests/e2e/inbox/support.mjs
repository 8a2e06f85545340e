// What the tests share: Chromium, an emulator for each test, a webhook receiver, messages.

import { execFileSync, spawn } from "node:child_process";
import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";

import { chromium } from "playwright-core";

const root = resolve(import.meta.dirname, "../../..");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** A folder for screenshots of each view; none are taken without it. */
const SHOTS = process.env.INBOX_SCREENSHOTS;

export const program = process.env.CALLCTA_PROGRAM
  ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/callcta");
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
for (const [path, hint] of [
  [program, "build it with `cargo build -p callcta-cli`, or set CALLCTA_PROGRAM"],
  [browserPath, "install Debian's chromium, or set CHROMIUM"],
]) {
  if (!existsSync(path)) throw new Error(`${path} is missing: ${hint}`);
}

let browser;
after(() => browser?.close());

/** An emulator of its own for a test, stopped at the test's end. */
export async function emulate(t, ...options) {
  const child = spawn(program, ["emulate", "--quiet", "--exit-on-stdin-close", ...options], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise((found, missing) => {
    lines.once("line", found);
    child.once("error", missing);
    child.once("exit", (code) => missing(new Error(`callcta emulate ended with ${code}`)));
  });
  const facts = JSON.parse(line);
  const control = async (method, path, body) => {
    const answer = await fetch(`${facts.url}/_emulator/${path}`, {
      method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
    return json;
  };
  return {
    ...facts,
    psid: facts.psids[0],
    control,
    /** Sends a message as a client would; refusals are answers, too. */
    async send(message, { psid = facts.psids[0], page = facts.page_id, ...more } = {}) {
      const answer = await fetch(`${facts.url}/v26.0/${page}/messages`, {
        method: "POST",
        headers: { Authorization: `Bearer ${facts.access_token}`, "Content-Type": "application/json" },
        body: JSON.stringify({ recipient: { id: psid }, messaging_type: "RESPONSE", message, ...more }),
      });
      return { status: answer.status, body: await answer.json() };
    },
  };
}

/** A server that takes webhooks, and answers as soon as it may. */
export async function receiver(t, secret, may = Promise.resolve()) {
  const got = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", async () => {
      const body = Buffer.concat(parts);
      const wanted = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
      const signature = Buffer.from(request.headers["x-hub-signature-256"] ?? "");
      got.push({
        json: JSON.parse(body),
        genuine: signature.length === wanted.length && timingSafeEqual(signature, wanted),
      });
      await may;
      response.end("EVENT_RECEIVED");
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());
  return { got, url: `http://127.0.0.1:${server.address().port}/webhook` };
}

/** The inbox page in a fresh browser profile, or another, which is ready with another element.
    What goes wrong in it fails the test. */
export async function open(t, emulator, { hash = "", before, ready = "#main > *", ...options } = {}) {
  browser ??= await chromium.launch({
    executablePath: browserPath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("console", (message) => {
    // Refused taps and a stopped emulator are logged by the browser as well.
    const expected = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !expected) wrong.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${emulator.url}/`) && !request.url().startsWith("data:")) wrong.push(`fetched ${request.url()}`);
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  if (before) await page.addInitScript(before);
  await page.goto(`${emulator.url}/${hash}`);
  await page.locator(ready).first().waitFor({ state: "attached" });
  page.wrong = async () => [...wrong, ...(await page.evaluate(() => window.violations))];
  t.after(async () => {
    const found = await page.wrong();
    await context.close();
    if (found.length) throw new Error(found.join("\n"));
  });
  return page;
}

export const conversation = (emulator, psid = emulator.psid, page = emulator.page_id) => `#/inbox/${page}/${psid}`;

/** What axe-core finds wrong. */
export async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  return violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(" ") + " " + node.failureSummary).join("; ")}`);
}

export async function shot(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** Runs a command as somebody would who pasted it into a shell. */
export const shell = (command, env) => execFileSync("/bin/sh", ["-c", command], { env: { ...process.env, ...env }, encoding: "utf8" });

const template = (payload) => ({ attachment: { type: "template", payload } });
export const audioCall = (title = "Call Now", expires_in_days = 5) => ({ type: "audio_call", title, expires_in_days });
export const buttons = (text, ...all) => template({ template_type: "button", text, buttons: all });
export const generic = (...elements) => template({ template_type: "generic", elements });
export const other = (template_type, more) => template({ template_type, ...more });
