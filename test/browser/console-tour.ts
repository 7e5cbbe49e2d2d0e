/**
 * `make console-tour`: what people do on the console, done in a real browser on the running cluster, step by step: a message found by each
 * of its ids, a number explained, a provider drained and used again, the catalog rolled back, a dry run of a replay, alerts looked at. Pictures of
 * each step in .sluice/shots. It leaves the catalog's content as it was, some versions later.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import type { BrowserContext, Page } from "playwright-core";
import { clusterEndpoints, readClusterConfig } from "../../infra/local/cluster-config.ts";
import { consoleAddress, sluiceEndpoints } from "../../infra/local/sluice-processes.ts";
import { openConsole, startBrowser } from "./console-browser.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const FOLDER = join(PROJECT, process.env.SHOTS || ".sluice/shots");
const PROVIDER = "smsc-b";
/** A step that has not come about by then has failed, ms. */
const STEP_MS = 30_000;

const config = readClusterConfig(process.env, PROJECT);
const { ingestUrl, consoleUrl } = sluiceEndpoints(config);
mkdirSync(FOLDER, { recursive: true });
const address = consoleAddress(config);
if (address === undefined) throw new Error("this cluster has no console");
const browser = await startBrowser();
let number = 0;
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  context.setDefaultTimeout(STEP_MS);
  const { page, faults } = await openConsole(context, address);
  await page.waitForSelector(".tiles");
  await drainAndBack(page);
  await rollBack(page);
  await replay(page);
  await alerts(page);
  await explain(page);
  await search(page, context);
  const own = faults.filter((fault) => !fault.includes("401"));
  if (own.length > 0) throw new Error(`faults on the page: ${own.join("; ")}`);
} finally {
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
  const answer = await fetch(`${ingestUrl}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer acme-demo-key" },
    body: JSON.stringify({ to: "+4915112345678", text: "hello", lane: "otp", reference }),
  });
  const { id } = (await answer.json()) as { id: string };
  const ids = await until("the message has ended", async () => {
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
  await page.click('button:has-text("Roll back to this version") >> nth=0');
  await confirmed(page, "Roll back", "a roll-back is confirmed");
  await page.waitForSelector('.done:has-text("of the catalog")');
  await done(page, "rolled back");
}

/** Has a record put aside that nobody can read, and looks what a replay would do: it is refused. */
async function replay(page: Page): Promise<void> {
  const { brokers } = clusterEndpoints(config);
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({
    topic: "sms.requests.transactional",
    messages: [{ key: "4915112345678", value: Buffer.from('{"not":"avro"}') }],
  });
  await producer.disconnect();
  await view(page, "dead-letters");
  await until("a dry run sees the letter", async () => {
    await page.click('button:text("See what would happen")');
    await page.waitForSelector('h3:has-text("done")');
    return (await page.locator(".outcome").textContent())?.includes("refused") || undefined;
  });
  await page.click('summary:has-text("letter")');
  await done(page, "a dry run of a replay");
}

async function alerts(page: Page): Promise<void> {
  await view(page, "alerts");
  await page.waitForSelector("#watched:has-text('rules on')");
  await done(page, "alerts");
}

async function until<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value> {
  for (const end = performance.now() + STEP_MS; performance.now() < end; await pause(300)) {
    const value = await ask();
    if (value !== undefined) return value;
  }
  throw new Error(`not within ${STEP_MS} ms: ${what}`);
}
