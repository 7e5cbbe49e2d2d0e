import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accountUsage } from "../../../pipeline/read-model/account-usage.ts";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

const DAY = 86_400_000;
const NOON = Math.floor(Date.now() / DAY) * DAY - DAY / 2;
const day = (at: number) => new Date(at).toISOString().slice(0, 10);

let db: TestDatabase;
let reader: ClickhouseReader;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "usage");
  reader = new ClickhouseReader(db.target);
  const sent = (at: number, accountId: string, lane: "otp" | "marketing", currency: string, cost: number) => {
    const about = { facts: facts({ messageId: randomUUID(), accountId, lane, acceptedAt: at, segments: 2 }) };
    const took = { ...about, provider: "alpha", currency, cost, submittedAt: at + 9 };
    return [
      event({ ...about, type: "routed", at: at + 1, provider: "alpha" }),
      event({ ...took, type: "submitted", at: at + 9 }),
      event({ ...about, type: "final", at: at + 99, provider: "alpha", state: "delivered" }),
    ];
  };
  await db.insert(
    [
      ...sent(NOON, "acme", "otp", "EUR", 70_000),
      ...sent(NOON + 1, "acme", "otp", "EUR", 80_000),
      ...sent(NOON + 2, "acme", "otp", "USD", 10_000),
      ...sent(NOON, "acme", "marketing", "EUR", 10_000),
      ...sent(NOON - DAY, "acme", "otp", "EUR", 50_000),
      ...sent(NOON, "globex", "otp", "EUR", 990_000),
    ],
    "usage",
  );
});
afterAll(async () => {
  await reader?.close();
  await db?.drop();
});

it("has an account's messages, segments and costs by day and lane, each currency for itself, and nobody else's", async () => {
  const [otp, marketing, before] = [
    { day: day(NOON), lane: "otp", submitted: 3, segments: 6, delivered: 3, costs: { EUR: "0.15", USD: "0.01" } },
    { day: day(NOON), lane: "marketing", submitted: 1, segments: 2, delivered: 1, costs: { EUR: "0.01" } },
    { day: day(NOON - DAY), lane: "otp", submitted: 1, segments: 2, delivered: 1, costs: { EUR: "0.05" } },
  ];
  const usage = (from: number, until: number) => accountUsage(reader, "acme", day(from), day(until));
  expect(await usage(NOON - DAY, NOON + DAY)).toEqual([before, marketing, otp]);
  expect(await usage(NOON, NOON + DAY)).toEqual([marketing, otp]);
  expect(await usage(NOON - DAY, NOON)).toEqual([before]);
  expect(await accountUsage(reader, "nobody", day(NOON), day(NOON + DAY))).toEqual([]);
});
