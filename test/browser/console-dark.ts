/**
 * `make console-dark`: how soon a page in a real browser shows on the running cluster that a provider has gone dark: from the moment at which
 * the broker stored its sender's word, to the moment at which the word stands in the page. Fails when that is more than a second.
 */
import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "playwright-core";
import { clusterEndpoints, readClusterConfig } from "../../infra/local/cluster-config.ts";
import { consoleAddress, sluiceEndpoints } from "../../infra/local/sluice-processes.ts";
import { connectCodecs } from "../../pipeline/records/codecs.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../platform/log/log.ts";
import { HEALTH_TOPIC } from "../../schemas/topics.ts";
import { openConsole, startBrowser } from "./console-browser.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const PROVIDER = "smsc-b";
const ROUNDS = 3;
const WITHIN_MS = 1_000;
/** A step that has not come about by then has failed, ms. */
const STEP_MS = 20_000;
/** Messages before each round, so that the page has something to draw. */
const MESSAGES = 20;

/** Runs in the page: resolves with the moment at which the provider's cell says the word. */
const WATCH = `(provider, word) => new Promise((resolve) => {
  const row = [...document.querySelectorAll("tbody tr")].find((one) => one.querySelector("th")?.textContent === provider);
  const cell = row.querySelector(".condition");
  const look = () => {
    if (cell.textContent !== word) return;
    observer.disconnect();
    resolve(Date.now());
  };
  const observer = new MutationObserver(look);
  observer.observe(cell, { childList: true, characterData: true, subtree: true });
  look();
})`;

const config = readClusterConfig(process.env, PROJECT);
const { ingestUrl, simulators } = sluiceEndpoints(config);
const { brokers, registryUrl } = clusterEndpoints(config);
const address = consoleAddress(config);
if (address === undefined) throw new Error("this cluster has no console");
const codecs = await connectCodecs(registryUrl);
const reader = new TopicReader({
  connection: { brokers, clientId: "console-dark", log: silentLog },
  topics: [HEALTH_TOPIC],
});
await reader.start();
const browser = await startBrowser();
try {
  const context = await browser.newContext();
  context.setDefaultTimeout(STEP_MS);
  const { page } = await openConsole(context, address);
  await page.waitForSelector(`tbody th:text-is("${PROVIDER}")`);
  const delays: number[] = [];
  while (delays.length < ROUNDS) delays.push(await round(page));
  const sorted = delays.toSorted((a, b) => a - b);
  console.log(`a dark provider stood in the page ${sorted.join(", ")} ms after its sender's word`);
  if (sorted.at(-1)! > WITHIN_MS) throw new Error(`later than ${WITHIN_MS} ms`);
} finally {
  await Promise.all([browser.close(), reader.stop()]);
}

/** @returns ms from the sender's word to the page's */
async function round(page: Page): Promise<number> {
  // A provider that has come back is tried with messages before it is up.
  let up = false;
  const isUp = shown(page, "● up").finally(() => {
    up = true;
  });
  isUp.catch(() => {});
  for (let i = 0; i < MESSAGES || !up; i++) await send();
  await isUp;
  const before = (await reader.watermarks(HEALTH_TOPIC)).map(({ high }) => high);
  const seen = shown(page, "✕ dark");
  await control("dark", { mode: "refuse" });
  try {
    const at = await seen;
    const said = await firstDarkWord(before);
    if (said > at) throw new Error("the page showed it before it was said");
    return at - said;
  } finally {
    await control("light", {});
  }
}

/** When the page's table says this of the provider, epoch ms by the browser's clock, which is this machine's. */
function shown(page: Page, word: string): Promise<number> {
  return Promise.race([
    page.evaluate(`(${WATCH})(${JSON.stringify(PROVIDER)}, ${JSON.stringify(word)})`) as Promise<number>,
    pause(STEP_MS, undefined, { ref: false }).then(() => {
      throw new Error(`the page does not say within ${STEP_MS} ms: ${word}`);
    }),
  ]);
}

/** When the broker stored the first word that says so behind these offsets, epoch ms. */
async function firstDarkWord(from: readonly number[]): Promise<number> {
  const times: number[] = [];
  const heard = new Set<string>();
  for (const [partition, { high }] of (await reader.watermarks(HEALTH_TOPIC)).entries())
    await reader.readRange(HEALTH_TOPIC, partition, from[partition] ?? 0, high, ({ value, timestamp }) => {
      const decoded = value === null ? undefined : codecs.health.decode(value);
      if (decoded === undefined) return;
      heard.add(decoded.ok ? `${decoded.value.provider} ${decoded.value.circuit}` : decoded.code);
      if (decoded.ok && decoded.value.provider === PROVIDER && decoded.value.circuit === "open") times.push(timestamp);
    });
  if (times.length === 0) throw new Error(`no such word stands in ${HEALTH_TOPIC}, only ${[...heard].join(", ")}`);
  return Math.min(...times);
}

async function send(): Promise<void> {
  const answer = await fetch(`${ingestUrl}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer acme-demo-key" },
    body: JSON.stringify({ to: `+49151${randomInt(10_000_000, 99_999_999)}`, text: "hello" }),
  });
  if (!answer.ok) throw new Error(`ingest answered ${answer.status}`);
}

async function control(what: string, body: object): Promise<void> {
  const answer = await fetch(`${simulators[PROVIDER]}/${what}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the simulator answered ${answer.status} to ${what}`);
}
