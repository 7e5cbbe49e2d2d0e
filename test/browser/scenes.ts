/** What `make console-shots` looks at: each view, and what can be opened on it. */
import type { Page, Route } from "playwright-core";
import type { SaidSuspicion } from "../../pipeline/follow/suspicion-board.ts";
import { shownSuspicions } from "../../services/console/read/suspicions.ts";

export interface Scene {
  /** Of the picture's file. */
  readonly name: string;
  /** Behind `#/`. */
  readonly address: string;
  /** Done when the view has come. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** Looked at by nobody who has logged in. */
  readonly loggedOut?: boolean;
  /** Accounts have budgets, of which some is spent. */
  readonly budgets?: boolean;
}

/** What stands on the cluster for the scenes. */
export interface SceneParts {
  /** A message that has ended. */
  readonly messageId: string;
}

/** Of the local cluster's catalog. */
const PROVIDER = "smsc-b";
const MINUTE_MS = 60_000;

export function scenes({ messageId }: SceneParts): readonly Scene[] {
  const view = (name: string): Scene => ({ name, address: name });
  return [
    { name: "login", address: "overview", loggedOut: true },
    {
      ...view("overview"),
      // The drawing follows the stream; its curves are a point a second.
      prepare: (page) => page.waitForSelector(".tiles .figure:not(:text('–'))").then(() => page.waitForTimeout(3_000)),
    },
    { ...view("providers"), prepare: (page) => page.waitForSelector(".chart canvas, .chart p").then() },
    { name: "providers-drain", address: "providers", prepare: openDrain },
    view("routes"),
    { name: "routes-explained", address: "routes", prepare: explain },
    { name: "routes-simulated", address: "routes", prepare: simulate },
    { name: "routes-other", address: "routes", prepare: (page) => page.selectOption("#change", "routes").then() },
    view("messages"),
    {
      name: "messages-found",
      address: `messages/${messageId}`,
      prepare: (page) => page.waitForSelector(".timeline li").then(),
    },
    view("inbound"),
    { name: "inbound-consent", address: "inbound", prepare: lookUpStop },
    view("alerts"),
    { name: "alerts-firing", address: "alerts", prepare: fire },
    { name: "abnormal", address: "abnormal", prepare: suspect },
    view("dead-letters"),
    { name: "dead-letters-shown", address: "dead-letters", prepare: openLetter },
    { name: "dead-letters-looked", address: "dead-letters", prepare: dryRun },
    { name: "dead-letters-replay", address: "dead-letters", prepare: openReplay },
    {
      ...view("accounts"),
      budgets: true,
      prepare: (page) => page.waitForSelector('.condition:has-text("near its end")').then(),
    },
    view("campaigns"),
    view("catalog"),
    { name: "catalog-rollback", address: "catalog", prepare: openRollBack },
  ];
}

async function openDrain(page: Page): Promise<void> {
  await page.getByRole("button", { name: `Drain: ${PROVIDER}` }).click();
  await page.waitForSelector("dialog[open] .diff li");
}

async function explain(page: Page): Promise<void> {
  await page.fill("#to", "+4915112345678");
  await page.click('button:text("Explain")');
  await page.waitForSelector('td:text-is("chosen")');
}

async function simulate(page: Page): Promise<void> {
  await page.selectOption("#without", PROVIDER);
  // The last one, of whoever asked, stands there until the new one begins.
  const begun = page.waitForResponse((answer) => answer.url().endsWith("/api/simulation"));
  await page.click('button:text("Simulate")');
  await begun;
  await page.waitForTimeout(500);
  await page.waitForSelector('.outcome:has-text("done")');
}

/** The newest letter, with its record. */
async function openLetter(page: Page): Promise<void> {
  await page.click('button[aria-label^="Show letter"] >> nth=0');
  await page.waitForSelector("dialog[open] .letter dd");
}

async function dryRun(page: Page): Promise<void> {
  await page.check("#as-new");
  await page.click('button:text("See what would happen")');
  await page.waitForSelector('.outcome:has-text("Dry run"):has-text("done")');
  await page.click('summary:has-text("letter")');
}

async function openReplay(page: Page): Promise<void> {
  await dryRun(page);
  await page.click('button:text-matches("^Replay [0-9]+…$")');
  await page.waitForSelector("dialog[open] .confirm-body");
}

/** The catalog has at least two versions after a tour. */
async function openRollBack(page: Page): Promise<void> {
  await page.click('button:has-text("Roll back to version") >> nth=0');
  await page.waitForSelector("dialog[open] .diff li");
}

/** Alerts as they would be: nothing on the cluster needs to go wrong for minutes to see how they look. */
async function fire(page: Page): Promise<void> {
  await answerWith(page, "**/api/alerts", () => ({ alerts: alerts(Date.now()) }));
  await page.waitForSelector('.condition:has-text("firing")');
}

/** Abnormal traffic as the console would show it: a local cluster has no weeks of usual traffic to compare with. */
async function suspect(page: Page): Promise<void> {
  const now = Date.now();
  await answerWith(page, "**/api/abnormal", () => shownSuspicions(suspicions(now), "operator", now));
  await page.waitForSelector('th:has-text("pumping")');
}

/** What has been said of a number, as the console answers it. */
async function lookUpStop(page: Page): Promise<void> {
  await page.fill("#said-stop", "+491713920012");
  await page.click('button:text("Look up")');
  await page.waitForSelector('form [role="status"] p:not(.muted)');
}

/** Has the page answered with this in place of, or beside, what the console says. */
async function answerWith(page: Page, path: string, answer: () => object): Promise<void> {
  await page.route(path, async (route: Route) => {
    const body = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...body, ...answer() } });
  });
  await page.reload();
}

function suspicions(now: number): SaidSuspicion[] {
  const minute = Math.floor(now / MINUTE_MS) - 1;
  const one = (
    id: string,
    since: number,
    of: Partial<SaidSuspicion> & Pick<SaidSuspicion, "kind" | "level" | "subject">,
  ) => ({
    ...{ id, since: minute - since, minute, over: false, saidAt: now - MINUTE_MS },
    ...{ measure: "messages a minute", expected: 12.4, seen: 318, surprise: 41, hourly: {} },
    ...of,
  });
  return [
    one("a", 22, {
      ...{ kind: "grey-route", level: "warning", subject: { provider: PROVIDER, country: "FR" } },
      ...{ measure: "conversions of 400 codes", expected: 281, seen: 23, surprise: 34 },
    }),
    one("b", 9, {
      ...{ kind: "stolen-key", level: "warning", subject: { account: "acme", sender: "PRIZE" } },
      hourly: { EUR: 48_200_000, USD: 9_100_000 },
    }),
    one("c", 4, {
      ...{ kind: "pumping", level: "critical", subject: { account: "acme", country: "UZ", range: "99890111" } },
      ...{ measure: "of 40 otp messages, those to few ranges", expected: 2.04, seen: 38, surprise: 82 },
      hourly: { EUR: 91_500_000 },
    }),
  ];
}

function alerts(now: number) {
  const alert = (name: string, state: string, severity: string, minutes: number, summary: string) => ({
    ...{ name, state, severity, summary, value: 1, labels: { provider: PROVIDER } },
    activeSince: now - (minutes + 2) * MINUTE_MS,
    ...(state === "pending" ? {} : { firingSince: now - minutes * MINUTE_MS }),
    ...(state === "resolved" ? { resolvedAt: now - MINUTE_MS } : {}),
    runbook:
      "Nothing can be sent to the provider: its link is down, or it refuses everything.\n\nLook at its part of make status, and ask the provider. Its messages wait, or go to the next provider of their routes.",
  });
  return [
    alert("ProviderDark", "firing", "page", 6, `nothing can be sent to ${PROVIDER}: it refuses connections`),
    alert("ProviderSlow", "pending", "ticket", 1, `${PROVIDER} answers late`),
    alert("ProviderThrottles", "resolved", "ticket", 9, `${PROVIDER} takes less than the catalog says`),
  ];
}
