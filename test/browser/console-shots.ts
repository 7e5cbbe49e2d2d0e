/**
 * `make console-shots`: the console of the running cluster in a real browser. Each view in both colours and at the width of a phone is kept
 * as a picture, looked through by axe, and must be free of faults of its own; the first load is measured.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type ClusterConfig, readClusterConfig } from "../../infra/local/cluster-config.ts";
import { consoleAddress } from "../../infra/local/sluice-processes.ts";
import { type ShownBudgets, spendBudgets } from "./budgets-to-see.ts";
import { type Look, openConsole, startBrowser } from "./console-browser.ts";
import { type Scene, scenes } from "./scenes.ts";
import { answerFromHandset, keepTraffic, putAside, sendMessage } from "./tour-events.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const FOLDER = join(PROJECT, process.env.SHOTS || ".sluice/shots");
const LOOKS: Readonly<Record<string, Look>> = {
  light: { theme: "light", width: 1280, height: 860 },
  dark: { theme: "dark", width: 1280, height: 860 },
  phone: { theme: "light", width: 360, height: 740 },
  "phone-dark": { theme: "dark", width: 360, height: 740 },
};
/** What a page may weigh at first, octets over the wire. */
const FIRST_LOAD = 150_000;
/** What is looked at, and how: VIEWS and LOOK name some of them. */
const WANTED = process.env.VIEWS?.split(",");
const WANTED_LOOKS = process.env.LOOK?.split(",");
/** A step that has not come about by then has failed, ms. */
const STEP_MS = 60_000;
/** Curves and tables are drawn by then, after what they show has come. */
const SETTLE_MS = 700;

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type State = Awaited<ReturnType<BrowserContext["storageState"]>>;

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}

const trouble: string[] = [];
const browser = await startBrowser();
let stopTraffic = () => {};
let withoutBudgets = async () => {};
try {
  mkdirSync(FOLDER, { recursive: true });
  const config = readClusterConfig(process.env, PROJECT);
  const address = consoleAddress(config);
  if (address === undefined) throw new Error("this cluster has no console");
  const state = await firstLoad(browser, address);
  const { origin } = new URL(address);
  stopTraffic = keepTraffic(config);
  const wanted = scenes({ messageId: await somethingToSee(config) }).filter(
    ({ name }) => WANTED?.includes(name) ?? true,
  );
  if (wanted.some(({ budgets }) => budgets)) withoutBudgets = await spendBudgets(config, () => budgets(state, origin));
  for (const [name, look] of Object.entries(LOOKS))
    if (WANTED_LOOKS?.includes(name) ?? true) await lookAt(browser, state, { origin, name, look, wanted });
} finally {
  stopTraffic();
  await withoutBudgets();
  await browser.close();
}
for (const line of trouble) console.error(line);
process.exitCode = trouble.length === 0 ? 0 : 1;

/** Logs in, with an empty cache, and measures what that takes. @returns the session */
async function firstLoad(from: Browser, address: string) {
  const context = await from.newContext();
  const { page, faults } = await openConsole(context, address);
  const client = await context.newCDPSession(page);
  await client.send("Network.enable");
  let octets = 0;
  client.on("Network.loadingFinished", ({ encodedDataLength }) => {
    octets += encodedDataLength;
  });
  await page.waitForSelector(".tiles");
  await client.send("Network.setCacheDisabled", { cacheDisabled: true });
  octets = 0;
  const began = performance.now();
  await page.reload();
  await page.waitForSelector(".tiles .figure:not(:text('–'))");
  console.log(
    `first load: ${(octets / 1_000).toFixed(1)} kB, ${Math.round(performance.now() - began)} ms until figures are there`,
  );
  if (octets > FIRST_LOAD) trouble.push(`the first load weighs ${octets} octets, more than ${FIRST_LOAD}`);
  trouble.push(...faults.filter((fault) => !fault.includes("401")));
  const state = await context.storageState();
  await context.close();
  return state;
}

/** Messages with a label, an answer to one, and records that nobody can process. @returns the id of a message */
async function somethingToSee(config: ClusterConfig): Promise<string> {
  let id = "";
  for (const campaign of ["autumn", "autumn", "winter"])
    id = await sendMessage(config, `shots-${campaign}`, { metadata: { campaign } });
  await answerFromHandset(config, "YES, please. Ja, bitte! Да, пожалуйста.");
  await putAside(config);
  return id;
}

/** What the console shows of the accounts' budgets. */
async function budgets(session: State, origin: string): Promise<ShownBudgets> {
  const context = await browser.newContext({ storageState: session });
  try {
    const answer = await context.request.get(`${origin}/api/account-terms`);
    return (await answer.json()) as ShownBudgets;
  } finally {
    await context.close();
  }
}

interface Looking {
  readonly origin: string;
  readonly name: string;
  readonly look: Look;
  readonly wanted: readonly Scene[];
}

async function lookAt(from: Browser, state: State, { origin, name, look, wanted }: Looking): Promise<void> {
  const options = {
    colorScheme: look.theme,
    viewport: { width: look.width, height: look.height },
    bypassCSP: true, // for axe alone
  };
  const known = await from.newContext({ ...options, storageState: state });
  const stranger = await from.newContext(options);
  for (const scene of wanted) {
    const where = `${scene.name} ${name}`;
    try {
      const { page, faults } = await openConsole(scene.loggedOut ? stranger : known, `${origin}/#/${scene.address}`);
      await lookOne(page, scene, where).catch(failed(where));
      const own = scene.loggedOut ? faults.filter((fault) => !fault.includes("401")) : faults;
      trouble.push(...own.map((fault) => `${where}: ${fault}`));
      await page.close();
    } catch (error) {
      failed(where)(error as Error);
    }
  }
  await Promise.all([known.close(), stranger.close()]);
}

/** The other scenes are looked at all the same. */
function failed(where: string): (error: Error) => void {
  return ({ message }) => void trouble.push(`${where}: ${message.split("\n")[0]}`);
}

async function lookOne(page: Page, { prepare, loggedOut }: Scene, where: string): Promise<void> {
  page.setDefaultTimeout(STEP_MS);
  await page.waitForSelector(loggedOut ? ".login" : ".view h1", { state: "attached" });
  await page.waitForFunction("document.querySelector('[aria-busy=true]') === null");
  await prepare?.(page);
  await page.waitForTimeout(SETTLE_MS);
  const file = join(FOLDER, `${where.replaceAll(" ", "-")}.png`);
  await page.evaluate("document.querySelector('dialog[open]') ?? scrollTo(0, 0)");
  // What is over the page is not on a picture of all of it.
  const dialog = (await page.locator("dialog[open]").count()) > 0;
  await page.screenshot({ path: file, fullPage: !dialog });
  const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  if (Number(wide) > 0) trouble.push(`${where}: the page is ${wide} px wider than the screen`);
  const headings = (await page.evaluate(
    "[...document.querySelectorAll('main h1, main h2, main h3')].map(({ tagName }) => Number(tagName[1]))",
  )) as number[];
  if (headings[0] !== 1 || headings.filter((level) => level === 1).length !== 1)
    trouble.push(`${where}: headings begin as h${headings.join(", h")}`);
  const found = await violations(page);
  for (const { id, help, nodes } of found) {
    const shown = nodes.slice(0, 3).map(({ html }) => html.slice(0, 160));
    trouble.push(`${where}: ${id}: ${help}: ${shown.join(" | ")}`);
  }
  console.log(`${file}: ${found.length} violations`);
}

async function violations(page: Page): Promise<Violation[]> {
  await page.evaluate(axeSource);
  return (await page.evaluate("axe.run().then(({ violations }) => violations)")) as Violation[];
}
