/**
 * `make console-tour`: what people do on the console, done in a real browser on the running cluster, step by step: a message found by each
 * of its ids, a number explained, a change simulated, a provider drained and used again, the catalog rolled back, a dead letter replayed, a
 * message from a handset found, its stop and its start looked up, alerts looked at, and what a keyboard meets. Pictures of each step in .sluice/shots. It leaves the catalog's content
 * as it was, some versions later.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { readClusterConfig } from "../../infra/local/cluster-config.ts";
import { consoleAddress, sluiceEndpoints } from "../../infra/local/sluice-processes.ts";
import { openConsole, startBrowser } from "./console-browser.ts";
import { answerFromHandset, keepTraffic, putAside, sendMessage, until } from "./tour-events.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const FOLDER = join(PROJECT, process.env.SHOTS || ".sluice/shots");
const PROVIDER = "smsc-b";
/** All, or those that are named: `drain,replay`. */
const STEPS = process.env.STEPS?.split(",");
/** A step that has not come about by then has failed, ms. */
const STEP_MS = 60_000;

const config = readClusterConfig(process.env, PROJECT);
const { consoleUrl } = sluiceEndpoints(config);
mkdirSync(FOLDER, { recursive: true });
const address = consoleAddress(config);
if (address === undefined) throw new Error("this cluster has no console");
const browser = await startBrowser();
const stopTraffic = keepTraffic(config);
let number = 0;
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  context.setDefaultTimeout(STEP_MS);
  const { page, faults } = await openConsole(context, address);
  await page.waitForSelector(".tiles");
  const steps = {
    drain: () => drainAndBack(page),
    "roll-back": () => rollBack(page),
    replay: () => replay(page),
    inbound: () => inbound(page),
    consent: () => consent(page),
    alerts: () => alerts(page),
    explain: () => explain(page),
    simulate: () => simulate(page),
    keyboard: () => keyboard(page),
    search: () => search(page, context),
  };
  for (const [name, step] of Object.entries(steps)) if (STEPS?.includes(name) ?? true) await step();
  // Before the login, and where wrong routes are refused.
  const own = faults.filter((fault) => !/status of 40[01]/.test(fault));
  if (own.length > 0) throw new Error(`faults on the page: ${own.join("; ")}`);
} finally {
  stopTraffic();
  await browser.close();
}

async function done(page: Page, what: string): Promise<void> {
  const file = join(FOLDER, `tour-${String(++number).padStart(2, "0")}-${what.replaceAll(/\W+/g, "-")}.png`);
  await page.screenshot({ path: file });
  console.log(`${what}: ${file}`);
}

async function view(page: Page, id: string): Promise<void> {
  await page.click(`nav a[href="#/${id}"]`);
  await page.waitForSelector(".view h1");
}

/** Sends a message, and finds it by its own id, by the customer's reference, and by the provider's id. */
async function search(page: Page, context: BrowserContext): Promise<void> {
  const reference = `tour-${randomUUID().slice(0, 8)}`;
  const id = await sendMessage(config, reference);
  const ids = await until("the message has ended", STEP_MS, async () => {
    const found = await context.request.get(`${consoleUrl}/api/messages/${id}?account=acme`);
    const { messages } = (await found.json()) as {
      messages: { final: boolean; history: { providerMessageIds?: string[] }[] }[];
    };
    if (messages[0]?.final !== true) return undefined;
    return messages[0].history.flatMap(({ providerMessageIds = [] }) => providerMessageIds);
  });
  await view(page, "messages");
  for (const [by, text] of [
    ["message id", id],
    ["reference", reference],
    ["provider's id", ids[0]!],
  ] as const) {
    await page.fill("#sought", text);
    await page.click("form.search button");
    await page.waitForSelector(`td:text-is("${by}")`);
    // Where an id stands for several, one is opened by its button.
    const row = page.locator("tr", { hasText: id.slice(0, 8) });
    await row.getByRole("button").click();
    await page.waitForSelector(`.timeline li strong:has-text("ended")`);
    await done(page, `found by ${by}`);
  }
}

async function explain(page: Page): Promise<void> {
  await view(page, "routes");
  await page.fill("#to", "+4915112345678");
  await page.click('button:text("Explain")');
  await page.waitForSelector('td:text-is("chosen")');
  await done(page, "a number explained");
}

async function card(page: Page, provider: string) {
  await view(page, "providers");
  return page.locator(".provider-card", { has: page.locator(`h2:has-text("${provider}")`) });
}

async function confirmed(page: Page, act: string, what: string): Promise<void> {
  await page.waitForSelector("dialog .diff li");
  await page.fill("#why", "by the tour");
  await done(page, what);
  await page.click(`dialog button:text("${act}")`);
  await page.waitForSelector("dialog", { state: "detached" });
}

async function drainAndBack(page: Page): Promise<void> {
  const provider = await card(page, PROVIDER);
  await provider.getByRole("button", { name: "Drain" }).click();
  await confirmed(page, "Drain", "draining is confirmed");
  await provider.locator('.condition:has-text("draining")').waitFor();
  await done(page, "a provider drains");
  await provider.getByRole("button", { name: "Use again" }).click();
  await confirmed(page, "Use again", "using it again is confirmed");
  await provider.locator('.condition:has-text("up")').waitFor();
  await done(page, "a provider is used again");
}

/** Takes the provider out of use, and rolls that back. */
async function rollBack(page: Page): Promise<void> {
  const provider = await card(page, PROVIDER);
  await provider.getByRole("button", { name: "Take out of use" }).click();
  await confirmed(page, "Take out of use", "taking it out of use is confirmed");
  await provider.locator('.condition:has-text("out of use")').waitFor();
  await done(page, "a provider is out of use");
  await view(page, "catalog");
  await page.click('button:has-text("Roll back to version") >> nth=0');
  await confirmed(page, "Roll back", "a roll-back is confirmed");
  await page.waitForSelector('.done:has-text("of the catalog")');
  await done(page, "rolled back");
}

/** Has two records put aside: the one that cannot be read is refused in a dry run, the one of an unknown account is replayed. */
async function replay(page: Page): Promise<void> {
  await putAside(config);
  await view(page, "dead-letters");
  const dryRun = async () => {
    await page.click('button:text("See what would happen")');
    await page.waitForSelector('.outcome:has-text("Dry run"):has-text("done")');
    return (await page.locator(".counts").textContent()) ?? "";
  };
  await until("a dry run sees the unreadable letter", STEP_MS, async () => {
    return (await dryRun()).includes("refused: undecodable") || undefined;
  });
  await page.click('summary:has-text("letter")');
  await done(page, "a dry run of a replay");
  await page.check("#as-new");
  const act = page.locator('button:text-matches("^Replay [0-9]+…$")');
  await until("a letter may go", STEP_MS, async () => {
    await dryRun();
    return (await act.count()) > 0 || undefined;
  });
  await act.click();
  await page.waitForSelector("dialog[open] .confirm-body");
  await done(page, "a replay is confirmed");
  await page.click('dialog button:text-matches("^Replay ")');
  await page.waitForSelector('.outcome:has-text("Replay by"):has-text("done")');
  const counts = (await page.locator(".counts").textContent()) ?? "";
  if (!/^[1-9]\d* replayed$/.test(counts)) throw new Error(`of a replay came: ${counts}`);
  await page.locator('td:has-text("(replayed)")').first().waitFor();
  await done(page, "a dead letter is replayed");
}

/** Has a handset answer, and finds that by its number. */
async function inbound(page: Page): Promise<void> {
  const text = `YES ${randomUUID().slice(0, 8)}`;
  await answerFromHandset(config, text);
  await view(page, "inbound");
  await page.fill("#number", "+49 171 3920012");
  await page.press("#number", "Enter");
  await page.locator(`td:has-text("${text}")`).first().waitFor();
  await page.fill("#number", "+49 171 3920013");
  await page.press("#number", "Tab");
  await page.waitForSelector('td:has-text("No message from a handset")');
  await page.fill("#number", "");
  await page.press("#number", "Tab");
  await page.locator(`td:has-text("${text}")`).first().waitFor();
  await done(page, "inbound messages");
}

/** Has a handset say stop and then start, and looks up what holds of its number after each. */
async function consent(page: Page): Promise<void> {
  await view(page, "inbound");
  for (const [word, verdict] of [
    ["STOP", "from any account"],
    ["START", "Messages go"],
  ] as const) {
    await answerFromHandset(config, word);
    await until(`a look-up says: ${verdict}`, STEP_MS, async () => {
      await page.fill("#said-stop", "+49 171 3920012");
      await page.click('button:text("Look up")');
      const answer = await page.waitForSelector('form [role="status"] p:not(.muted)');
      return (await answer.textContent())?.includes(verdict) || undefined;
    });
    await page.locator("#said-stop").scrollIntoViewIfNeeded();
    await done(page, `looked up after ${word}`);
  }
}

/** What would have been without a provider, and with other routes; wrong routes are refused with the reason. */
async function simulate(page: Page): Promise<void> {
  const run = async (name: string) => {
    await page.click('button:text("Simulate")');
    await page.waitForSelector(`.outcome:has-text("Simulation (${name})"):has-text("done")`);
  };
  await view(page, "routes");
  await page.selectOption("#without", PROVIDER);
  // Routes are asked for where they are what is changed.
  await page.waitForSelector("#routes-text", { state: "hidden" });
  await run(`without ${PROVIDER}`);
  await page.waitForSelector('li:has-text("health and backlog")');
  await page.locator("#simulate-title").scrollIntoViewIfNeeded();
  await done(page, "a change is simulated");
  await page.selectOption("#change", "routes");
  await page.fill("#routes-text", "- id: everything\n  strategy: least-cost\n  providers: [{ id: nobody }]\n");
  await page.click('button:text("Simulate")');
  await page.waitForSelector('.trouble:has-text("nobody")');
  await page.fill("#routes-text", `- id: everything\n  strategy: priority\n  providers: [{ id: ${PROVIDER} }]\n`);
  await run("these routes");
  await done(page, "other routes are simulated");
}

/** The skip link leads to the content of the view that one is in; a dialog holds the focus and gives it back. */
async function keyboard(page: Page): Promise<void> {
  const provider = await card(page, PROVIDER);
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  const focused = () => page.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-label')");
  if ((await focused()) !== "main") throw new Error(`the skip link leads to ${String(await focused())}`);
  await page.waitForSelector('.view h1:text-is("Providers")');
  const drain = provider.getByRole("button", { name: "Drain" });
  await drain.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open] .diff li");
  for (let step = 0; step < 8; step++) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(
      "document.hasFocus() && !document.activeElement.closest('dialog, body > :only-child') && document.activeElement !== document.body",
    );
    if (outside === true) throw new Error("the focus leaves an open dialog");
  }
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  if ((await focused()) !== `Drain: ${PROVIDER}`)
    throw new Error(`after a dialog the focus is at ${String(await focused())}`);
  await done(page, "by keyboard");
}

async function alerts(page: Page): Promise<void> {
  await view(page, "alerts");
  await page.waitForSelector("#watched:has-text('rules on')");
  await done(page, "alerts");
}
