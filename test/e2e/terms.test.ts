/**
 * What changes by itself while messages run: a price at midnight, a price by the month's volume, a provider whose quota is used up and
 * the day after, a receipt that does not come, a price that is owed for what is delivered. Two routers share the partitions. All of it happens at once, in one catalog.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ControlClient } from "../../infra/local/control-client.ts";
import { type CatalogFiles, LiveCatalogFiles, type ProviderEntry } from "../fixture/live-catalog.ts";
import { pumpedCodesAreTold } from "./pumped-codes.ts";
import { behaveAs, CALM, disconnect, freshId, produce, query, until, untilFinal } from "./sluice.ts";
import { zoneOfMidnight } from "./zones-of-tests.ts";

const { environment, stateDir } = inject("sluice");
const catalog = new LiveCatalogFiles(environment);
const control = new ControlClient(stateDir);
const files = catalog.read(environment.SLUICE_CATALOG_DIR!);

/** From the choice of the zone to its midnight: everything is in place and the day's quota is used up by then. */
const UNTIL_MIDNIGHT_MS = 25_000;
/** Where it is noon: no month ends there while this runs. */
const { zone: NOON } = zoneOfMidnight(Date.now() + 12 * 3_600_000);
const DAILY = 100;
/** Segments that a commitment of 6 euros holds at the list's price. */
const COMMITTED = 60;
const TIER = 240;
const RECEIPT_AFTER_S = 3;
/** Of a segment to Germany at smsc-b, which is paid for what it is sent. */
const PRICE_OF_B = "0.071";
/** Within the providers' receipt deadline (45 s), after which a message ends without another try. */
const AGAIN_WITHIN_S = 40;
/** Receipts for these numbers get lost at smsc-a. */
const UNHEARD = "49151781";

let asBefore: () => Promise<void>;
let midnight = 0;

beforeAll(async () => {
  // What is counted here must not depend on what the providers refuse or lose by chance.
  asBefore = await behaveAs({
    "smsc-a": { ...CALM, rules: [{ prefix: UNHEARD, loseReceipt: true }] },
    "smsc-b": CALM,
  });
  await control.scale("router", 2);
  // With a midnight far away, for the new providers' links and topics; then prices and quotas alone change.
  const links = await catalog.apply(withTerms(Date.now() + 12 * 3_600_000));
  expect(links, links.err).toMatchObject({ code: 0 });
  midnight = Math.ceil(Date.now() / 1_000) * 1_000 + UNTIL_MIDNIGHT_MS;
  const applied = await catalog.apply(withTerms(midnight));
  expect(applied, applied.err).toMatchObject({ code: 0 });
  expect(applied.out.match(/router\/\S+ +version \d+$/gm)).toHaveLength(2);
});

afterAll(async () => {
  await catalog.apply({ ...files, rates: null });
  await control.scale("router", 1);
  await asBefore();
  await disconnect();
  catalog.remove();
});

/** The catalog with four customers, each with a route and a provider of its own; `at`: the midnight of the provider's zone, epoch ms. */
function withTerms(at: number): CatalogFiles {
  const { zone, day } = zoneOfMidnight(at);
  writeFileSync(
    join(catalog.folder, "dated.csv"),
    `Country;Price EUR;Valid from\nGermany;0,05;\nGermany;0,07;${day}\n`,
  );
  const like = (model: string, id: string, more: object): ProviderEntry => ({
    ...structuredClone(files.providers.find((one) => one.id === model)!),
    ...{ id, prices: [{ price: "0.10" }] },
    ...more,
  });
  const tiers = { committedSpend: "6", tiers: [{ from: TIER, percent: 50 }] };
  const onDelivery = [{ price: "0.10", charged: "delivery" }];
  const providers = [
    like("smsc-b", "dated", { prices: { file: "dated.csv", zone } }),
    like("smsc-b", "tiered", { quota: { zone: NOON }, volume: tiers }),
    like("smsc-b", "limited", { prices: onDelivery, quota: { zone, daily: DAILY } }),
    like("smsc-a", "unheard", { prices: onDelivery }),
  ];
  const route = (account: string, ids: readonly string[], more: object = {}) => ({
    ...{ id: `of-${account}`, when: { accounts: [account] }, strategy: "priority" },
    providers: ids.map((id) => ({ id })),
    ...more,
  });
  return {
    accounts: [...files.accounts, ...["midnight", "volume", "quota", "silence"].map((id) => ({ id, name: id }))],
    providers: [...files.providers, ...providers],
    routes: [
      route("midnight", ["dated"]),
      route("volume", ["tiered"]),
      route("quota", ["limited", "smsc-b"]),
      route("silence", ["unheard", "smsc-b"], { reroute: { receiptAfterSeconds: RECEIPT_AFTER_S } }),
      ...files.routes,
    ],
    rates: { base: "EUR", date: zoneOfMidnight(Date.now()).day, rates: { USD: "1.25" } },
  };
}

/** So many messages of an account a second, until there are `count`, or until that moment (epoch ms). @returns their ids */
async function flow(
  accountId: string,
  perSecond: number,
  end: { count: number } | { at: number },
  prefix = "4915179",
): Promise<string[]> {
  const ids: string[] = [];
  const [each, began] = [Math.ceil(perSecond / 10), performance.now()];
  const goesOn = () => ("count" in end ? ids.length < end.count : Date.now() < end.at);
  while (goesOn()) {
    const digits = 13 - prefix.length;
    const batch = Array.from({ length: each }, () => ({
      messageId: freshId(),
      to: prefix + String(Math.floor(Math.random() * 10 ** digits)).padStart(digits, "0"),
      text: "by the terms as they are now",
      accountId,
    }));
    await produce(batch);
    ids.push(...batch.map(({ messageId }) => messageId));
    await pause(Math.max(0, (ids.length / perSecond) * 1_000 - (performance.now() - began)));
  }
  return ids;
}

test.concurrent("exchange rates that were applied are what amounts are stated by in SQL", async () => {
  const stated = async () => {
    const [row] = await query<{ stated: string; factors: Record<string, number> }>(
      "SELECT stated, factors FROM stated_rates(day = toDate(now('UTC')) + 1)",
    );
    return row;
  };
  await until("ClickHouse has the rates", async () => (await stated())?.factors.USD !== undefined);
  expect(await stated()).toMatchObject({ stated: "EUR", factors: { EUR: 1, USD: 0.8 } });
});

interface Decision {
  /** Epoch ms by the brokers' clock. */
  readonly at: number;
  readonly provider: string;
  /** Thousandths. */
  readonly price: number;
}

/** The decisions about these messages, in the order of their time. */
async function decisions(ids: readonly string[]): Promise<Decision[]> {
  const list = ids.map((id) => `'${id}'`).join(",");
  const rows = await query<{ at: string; provider: string; price: string }>(
    `SELECT toUnixTimestamp64Milli(at) AS at, provider, toString(price) AS price FROM events WHERE type = 'routed' AND message_id IN (${list}) ORDER BY at`,
  );
  return rows.map(({ at, provider, price }) => ({
    at: Number(at),
    provider,
    price: Math.round(Number(price) * 1_000),
  }));
}

/** Every one of them has one end, and was submitted `submissions` times. */
async function untilEnded(ids: readonly string[], submissions = 1): Promise<void> {
  const rows = await untilFinal(ids);
  expect([...rows.values()].filter((row) => row.finals !== 1 || row.submissions !== submissions)).toEqual([]);
}

test.concurrent("a dated price holds from midnight of its zone on, by the brokers' clock, in mid-traffic", async () => {
  const ids = await flow("midnight", 20, { at: midnight + 4_000 });
  await untilEnded(ids);
  const made = await decisions(ids);
  const [old, fresh] = [made.filter(({ at }) => at < midnight), made.filter(({ at }) => at >= midnight)];
  expect(old.length).toBeGreaterThan(20);
  expect(fresh.length).toBeGreaterThan(20);
  expect([...new Set(old.map(({ price }) => price))]).toEqual([50]);
  expect([...new Set(fresh.map(({ price }) => price))]).toEqual([70]);
});

test.concurrent("what is committed costs nothing more, and from its segment on a tier's price holds", async () => {
  const ids: string[] = [];
  const counted = (prices: readonly number[], price: number) => prices.filter((one) => one === price).length;
  let prices: number[] = [];
  // What routers know of a volume is about a second old, and older on a slow machine: the traffic goes on until the tier holds.
  await until("the tier's price holds", async () => {
    ids.push(...(await flow("volume", 30, { count: 30 })));
    prices = (await decisions(ids)).map(({ price }) => price);
    return counted(prices, 50) > 30;
  });
  await untilEnded(ids);
  prices = (await decisions(ids)).map(({ price }) => price);
  const [free, whole, half] = [0, 100, 50].map((price) => counted(prices, price)) as [number, number, number];
  expect(free + whole + half).toBe(ids.length);
  expect(free, "no segment of the commitment is paid for again").toBeGreaterThanOrEqual(COMMITTED);
  expect(free + whole, "no segment has the tier's price before it begins").toBeGreaterThanOrEqual(TIER);
  expect(prices[0]).toBe(0);
  expect(prices.at(-1)).toBe(50);
  expect(whole).toBeGreaterThan(0);
});

test.concurrent("a quota that is used up moves the traffic on, to the segment; after midnight it is used again", async () => {
  const ids = await flow("quota", 60, { count: 240 });
  await untilEnded(ids);
  expect(await submittedBy("limited", ids, midnight)).toBe(DAILY);
  expect(await submittedBy("smsc-b", ids, midnight)).toBeGreaterThan(0);
  // Of the two only the one is paid on delivery, and all are delivered.
  await untilCost(ids, { limited: "0.1", "smsc-b": PRICE_OF_B });
  await until("it is midnight", () => Date.now() > midnight);
  const again: string[] = [];
  await until("the next day has begun", async () => {
    again.push(...(await flow("quota", 20, { count: 10 })));
    await untilEnded(again);
    return (await submittedBy("limited", again)) > 0;
  });
});

test.concurrent("a message whose receipt does not come goes to the next provider, and has one end", async () => {
  const ids = await flow("silence", 20, { count: 40 }, UNHEARD);
  await untilEnded(ids, 2);
  const list = ids.map((id) => `'${id}'`).join(",");
  const events = await query<Record<"id" | "type" | "provider" | "reason" | "resubmitted" | "after", string>>(
    `SELECT message_id AS id, type, provider, reason, resubmitted, dateDiff('millisecond', accepted_at, at) AS after FROM events
     WHERE message_id IN (${list}) AND type IN ('submitted', 'rerouted') ORDER BY at`,
  );
  const byMessage = Map.groupBy(events, ({ id }) => id);
  expect(byMessage.size).toBe(ids.length);
  for (const [id, steps] of byMessage) {
    expect(steps, id).toMatchObject([
      { type: "submitted", provider: "unheard", resubmitted: "" },
      { type: "rerouted", provider: "unheard", reason: "no receipt in time" },
      { type: "submitted", provider: "smsc-b", resubmitted: "receipt-missing" },
    ]);
    const [, moved, second] = steps.map(({ after }) => Number(after));
    expect(moved).toBeGreaterThanOrEqual(RECEIPT_AFTER_S * 1_000);
    expect(second).toBeLessThan(AGAIN_WITHIN_S * 1_000);
  }
  const ends = await query<{ provider: string; state: string; count: string }>(
    `SELECT provider, state, count() AS count FROM events WHERE type = 'final' AND message_id IN (${list}) GROUP BY provider, state`,
  );
  expect(ends.every(({ provider }) => provider === "smsc-b")).toBe(true);
  await untilCost(ids, { "smsc-b": PRICE_OF_B });
  expect(ends.reduce((sum, { count }) => sum + Number(count), 0)).toBe(ids.length);
});

test.concurrent(
  "codes to one range of numbers are told of as pumping, with what is usual and what it costs",
  pumpedCodesAreTold,
);

/** What each message costs, by the provider that it ended at, with all that others have for it. */
async function untilCost(ids: readonly string[], expected: Readonly<Record<string, string>>): Promise<void> {
  const list = ids.map((id) => `'${id}'`).join(",");
  let found: Record<string, string[]> = {};
  await until("costs are as the receipts say", async () => {
    const rows = await query<{ provider: string; amounts: string[] }>(
      `SELECT provider, groupUniqArray(toString(cost)) AS amounts FROM messages_latest WHERE message_id IN (${list}) GROUP BY provider`,
    );
    found = Object.fromEntries(rows.map(({ provider, amounts }) => [provider, amounts]));
    return Object.keys(found).every((provider) => found[provider]!.join() === expected[provider]);
  });
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
}

/** How many of them a provider was sent before a moment, epoch ms. */
async function submittedBy(
  provider: string,
  ids: readonly string[],
  before = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  const [row] = await query<{ count: string }>(
    `SELECT countIf(toUnixTimestamp64Milli(at) < ${before}) AS count FROM events
     WHERE type = 'submitted' AND provider = '${provider}' AND message_id IN (${ids.map((id) => `'${id}'`).join(",")})`,
  );
  return Number(row!.count);
}
