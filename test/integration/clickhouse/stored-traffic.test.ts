import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { delayBucket } from "../../../domain/quality/delay-buckets.ts";
import { Secret } from "../../../platform/config/secret.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { StoredTraffic } from "../../../services/analytics-sink/abnormal/stored-traffic.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { takeover } from "./watch-takeover.ts";

const MINUTE = 60_000;
/** A whole hour, some time ago. */
const HOUR_AT = Math.floor(Date.now() / 3_600_000 - 5) * 3_600_000;
const FIRST = HOUR_AT / MINUTE;
const WAIT = 15 * MINUTE;

let db: TestDatabase;
let traffic: StoredTraffic;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "traffic");
  const { url, user, password, database } = db.target;
  const config = {
    ...{ clickhouseUrl: url, clickhouseUser: user, clickhouseDatabase: database },
    clickhousePassword: password === "" ? undefined : new Secret(password),
  };
  traffic = new StoredTraffic(config, WAIT);
});
afterAll(async () => {
  await traffic?.close();
  await db?.drop();
});

interface Sent {
  readonly id?: string;
  readonly at: number;
  readonly account?: string;
  readonly lane?: "otp" | "marketing";
  readonly to?: string;
  readonly provider?: string;
  readonly cost?: number;
  readonly attempt?: number;
}

const submitted = ({ id = randomUUID(), at, account = "acme", lane = "otp", to = "491713920012", ...more }: Sent) =>
  event({
    ...{ type: "submitted", at, submittedAt: at, attempt: more.attempt ?? 1, provider: more.provider ?? "p" },
    ...{ cost: more.cost ?? 75_000, currency: "EUR" },
    facts: facts({ messageId: id, accountId: account, lane, to, from: "ACME", country: "DE", acceptedAt: at - 50 }),
  });

function ended(sent: Event, afterMs: number, state: "delivered" | "undelivered", receipt = true): Event {
  const at = sent.at + afterMs;
  return { ...sent, type: "final", at, state, receiptAt: receipt ? at : null, cost: null, currency: null };
}

async function tell(words: readonly { id: string; account?: string; at: number; converted: boolean }[]) {
  await db.client.insert({
    table: "conversions",
    values: words.map(({ id, account = "acme", at, converted }) => ({
      ...{ message_id: id, account, told_at: at, converted_at: converted ? at : null },
    })),
    format: "JSONEachRow",
  });
}

test("the first minute is that of the first event, and there is none without events", async () => {
  expect(await traffic.earliest()).toBeUndefined();
  await db.insert([submitted({ at: HOUR_AT + 100, account: "first" })], "first");
  expect(await traffic.earliest()).toBe(FIRST);
});

test("every minute has what was submitted and what ended in it, once, however often a block was inserted", async () => {
  const at = HOUR_AT + 2 * MINUTE;
  const one = submitted({ at: at + 100, to: "491713920012" });
  const two = submitted({ at: at + 59_999, to: "491713920013", cost: 80_000 });
  const other = submitted({ at: at + 500, to: "491713930014", provider: "q", lane: "marketing" });
  const next = submitted({ at: at + MINUTE, to: "491713930014" });
  const ends = [ended(one, 700, "delivered"), ended(two, 9_000, "delivered"), ended(other, 50, "undelivered")];
  const silent = ended(next, 100, "delivered", false);
  const block = [one, two, other, next, ...ends, silent, event({ at: at + 5 })];
  for (let times = 0; times < 2; times++) await db.insert(block, "block");
  const [empty, full, last] = await traffic.read(FIRST + 1, FIRST + 4, false);
  expect(empty).toEqual({ minute: FIRST + 1, sent: [], ranges: [], ends: [], told: [] });
  expect(full!.minute).toBe(FIRST + 2);
  const row = { account: "acme", country: "DE", sender: "ACME", currency: "EUR" };
  expect(full!.sent.map(({ ...fields }) => fields).sort((a, b) => b.messages - a.messages)).toMatchObject([
    { ...row, provider: "p", messages: 2, cost: 155_000 },
    { ...row, provider: "q", messages: 1, cost: 75_000 },
  ]);
  expect(full!.ranges).toMatchObject([
    { account: "acme", country: "DE", range: "49171392", messages: 2, cost: 155_000, currency: "EUR" },
  ]);
  const p = full!.ends.find(({ provider }) => provider === "p")!;
  // The second one's receipt came in the next minute.
  expect(p).toMatchObject({ country: "DE", delivered: 1, failed: 0 });
  expect(p.delays[delayBucket(700)]).toBe(1);
  expect(full!.ends.find(({ provider }) => provider === "q")).toMatchObject({ delivered: 0, failed: 1 });
  expect(last!.sent).toMatchObject([{ provider: "p", messages: 1 }]);
  const later = last!.ends.find(({ provider }) => provider === "p")!;
  expect(later).toMatchObject({ delivered: 1, failed: 1 });
  expect(later.delays[delayBucket(9_000)]).toBe(1);
});

test("by the hour, its last minute has the ranges of all of it", async () => {
  const at = HOUR_AT + 30 * MINUTE;
  const many = [0, 7, 29].map((n) => submitted({ at: at + n * MINUTE, account: "hourly", to: "4915112345678" }));
  await db.insert(many, "hourly");
  const minutes = await traffic.read(FIRST + 30, FIRST + 60, true);
  const ranges = minutes.flatMap(({ minute, ranges }) => ranges.map((row) => ({ at: minute - FIRST, ...row })));
  expect(ranges).toMatchObject([{ at: 59, account: "hourly", range: "491511234", messages: 3 }]);
  expect(minutes.flatMap(({ sent }) => sent).length).toBe(3);
});

test("conversions count when their messages are a quarter of an hour old, and what is told later does not", async () => {
  const at = HOUR_AT + 10 * MINUTE + 20_000;
  const ids = Array.from({ length: 4 }, () => randomUUID());
  const [yes, no, late, untold] = ids as [string, string, string, string];
  const twice = submitted({ id: yes, at, account: "told", provider: "first" });
  const again = submitted({ id: yes, at: at + 100, account: "told", provider: "p", attempt: 2 });
  await db.insert([twice, again, ...[no, late, untold].map((id) => submitted({ id, at, account: "told" }))], "told");
  await tell([
    { id: yes, account: "told", at: at + 9_000, converted: true },
    { id: no, account: "told", at: at + 600_000, converted: false },
    { id: late, account: "told", at: at + WAIT + 1_000, converted: true },
    { id: untold, account: "somebody else", at: at + 9_000, converted: true },
  ]);
  const minutes = await traffic.read(FIRST, FIRST + 60, false);
  const told = minutes.flatMap(({ minute, told }) => told.map((row) => ({ at: minute - FIRST, ...row })));
  expect(told.filter(({ account }) => account === "told")).toMatchObject([
    { at: 25, country: "DE", provider: "p", told: 2, converted: 1 },
  ]);
});

test("an id of several destinations does not say who converted, and another account's use of an id takes nothing away", async () => {
  const at = HOUR_AT + 40 * MINUTE;
  const [both, mine] = [randomUUID(), randomUUID()];
  const twins = ["491713920031", "491713920032"].map((to) => submitted({ id: both, at, account: "several", to }));
  const own = submitted({ id: mine, at, account: "several" });
  const others = submitted({ id: mine, at: at + 500, account: "copies", to: "491713920033" });
  await db.insert([...twins, own, others], "several");
  await tell([
    { id: both, account: "several", at: at + 9_000, converted: true },
    { id: mine, account: "several", at: at + 9_000, converted: false },
  ]);
  const minutes = await traffic.read(FIRST + 55, FIRST + 56, false);
  expect(minutes.flatMap(({ told }) => told).filter(({ account }) => account === "several")).toMatchObject([
    { country: "DE", provider: "p", told: 1, converted: 0 },
  ]);
});

test("when the instance that watches is killed -9 the other one goes on: no alarm is lost, and none begins twice", async () => {
  const one = FIRST + 150;
  const two = Math.floor(Date.now() / MINUTE) - 10;
  const [first, second] = [`first-${one}`, `second-${one}`];
  const pumped = (account: string, range: string, minute: number) =>
    Array.from({ length: 40 }, (_, n) =>
      submitted({ at: minute * MINUTE + n * 1_000, account, to: `${range}${String(n).padStart(4, "0")}` }),
    );
  // The first attack goes on when the second one begins.
  const rows = [...pumped(first, "491517701", one), ...pumped(first, "491517701", two)];
  await db.insert([...rows, ...pumped(second, "491517702", two)], "pumped");
  const cluster = sharedCluster();
  const { told, beforeKill } = await takeover({ cluster, database: db.name, toldUpTo: one - 1, first, second });
  const alarms = (account: string) => told.filter(({ subject }) => subject.account === account);
  expect(new Set(alarms(first).map(({ id }) => id))).toEqual(new Set([`pumping ${first} DE ${one}`]));
  expect(new Set(alarms(second).map(({ id }) => id))).toEqual(new Set([`pumping ${second} DE ${two}`]));
  // It goes on with what the other one had begun, and says so every ten minutes.
  expect(told.slice(beforeKill).filter(({ subject }) => subject.account === first).length).toBeGreaterThan(5);
  expect(told.filter(({ over }) => over)).toEqual([]);
}, 400_000);
