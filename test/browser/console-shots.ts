/**
 * `make console-shots`: the console of the running cluster in a real browser. Each view in both colours and at the width of a phone is kept
 * as a picture, looked through by axe, and must be free of faults of its own; the first load is measured.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { readClusterConfig } from "../../infra/local/cluster-config.ts";
import { consoleAddress } from "../../infra/local/sluice-processes.ts";
import { type Look, openConsole, startBrowser } from "./console-browser.ts";

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
const VIEWS = (process.env.VIEWS || "overview").split(",");
/** The overview is told every half second; charts and tables are there a moment later. */
const SETTLE_MS = 4_000;

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}

const trouble: string[] = [];
const browser = await startBrowser();
try {
  mkdirSync(FOLDER, { recursive: true });
  const address = consoleAddress(readClusterConfig(process.env, PROJECT));
  if (address === undefined) throw new Error("this cluster has no console");
  const state = await firstLoad(browser, address);
  for (const [name, look] of Object.entries(LOOKS)) await lookAt(browser, state, new URL(address).origin, name, look);
} finally {
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

async function lookAt(
  from: Browser,
  state: Awaited<ReturnType<BrowserContext["storageState"]>>,
  url: string,
  name: string,
  look: Look,
) {
  const context = await from.newContext({
    storageState: state,
    colorScheme: look.theme,
    viewport: { width: look.width, height: look.height },
    bypassCSP: true, // for axe alone
  });
  for (const view of VIEWS) {
    const { page, faults } = await openConsole(context, `${url}/#/${view}`);
    await page.waitForSelector(".view");
    await page.waitForTimeout(SETTLE_MS);
    const file = join(FOLDER, `${view.replaceAll("/", "-")}-${name}.png`);
    await page.screenshot({ path: file, fullPage: true });
    const wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    if (Number(wide) > 0) trouble.push(`${view} ${name}: the page is ${wide} px wider than the screen`);
    const found = await violations(page);
    for (const { id, help, nodes } of found)
      trouble.push(
        `${view} ${name}: ${id}: ${help}: ${nodes
          .slice(0, 3)
          .map(({ html }) => html.slice(0, 160))
          .join(" | ")}`,
      );
    trouble.push(...faults.map((fault) => `${view} ${name}: ${fault}`));
    console.log(`${file}: ${found.length} violations`);
    await page.close();
  }
  await context.close();
}

async function violations(page: Page): Promise<Violation[]> {
  await page.evaluate(axeSource);
  return (await page.evaluate("axe.run().then(({ violations }) => violations)")) as Violation[];
}
