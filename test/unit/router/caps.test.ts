import { expect, it } from "vitest";
import { capSchema } from "../../../domain/catalog/cap.ts";
import { senderPlaceSchema } from "../../../domain/catalog/sender-place.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { unknownMarks } from "../../../platform/kafka/topic-marks.ts";
import { PartitionCaps, type PartitionCapsOptions } from "../../../services/router/partition-caps.ts";
import { codecs, dispatchOf, eventOf, inRecord, NOW, request, world } from "./router-world.ts";

const capped = (cap: object, more: object = {}) => {
  const w = world();
  const caps = [capSchema.parse({ id: "c", of: "sender", ...cap })];
  w.catalog.current = snapshotOf({ ...w.catalog.current.catalog, caps, ...more });
  return w;
};
const HOUR_MS = 3_600_000;
const HOUR_END = (Math.floor(NOW / HOUR_MS) + 1) * HOUR_MS;
const retryOf = (record: OutRecord) => {
  const decoded = codecs.retry.decode(record.value!);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
};
const from = (sender: string, more: object = {}) => ({ from: sender, messageId: null, ...more });

it("counts each message once, on its event, and waits for the next hour when it is full", async () => {
  const w = capped({ maxPerHour: 2 });
  const router = await w.start();
  for (const n of [0, 1])
    expect(eventOf(w.run(router, request(n, from("ACME"))).decisions[0]).counted).toEqual(["c/1/acme"]);
  const { decisions, effects } = w.run(router, request(2, from("Acme")));
  expect(eventOf(decisions[0])).toMatchObject({
    type: "postponed",
    errorCode: "cap-reached",
    reason: "cap c: 2 messages this hour from acme",
    due: HOUR_END,
    counted: [],
  });
  expect(effects[0]).toMatchObject({ topic: "sms.retry.1h", headers: { due: String(HOUR_END) } });
  w.at(HOUR_END);
  const again = w.run(router, inRecord(effects[0]!.topic, 0, effects[0]!.value!, { headers: {} }));
  expect(eventOf(again.decisions[0])).toMatchObject({ type: "routed", counted: ["c/1/acme"] });
});

it("is carried out again as it was decided, after a takeover in another hour", async () => {
  const w = capped({ maxPerHour: 1 });
  const router = await w.start();
  w.run(router, request(0, from("ACME")));
  const first = w.run(router, request(1, from("ACME")));
  w.at(HOUR_END + 1);
  const next = await w.start();
  expect(w.run(next, request(1, from("ACME"))).effects).toEqual(first.effects);
});

it.each([
  ["refuse", 86_400],
  ["wait", 60],
])("ends at once with %s and a validity of %i s", async (whenReached, validitySeconds) => {
  const w = capped({ maxPerHour: 1, whenReached });
  const router = await w.start();
  w.run(router, request(0, from("ACME")));
  const { decisions, effects } = w.run(router, request(1, from("ACME", { validitySeconds })));
  expect(effects).toEqual([]);
  expect(eventOf(decisions[0])).toMatchObject({
    type: "closed",
    state: "failed",
    errorClass: "unroutable",
    errorCode: "cap-reached",
    reason: "cap c: 1 messages this hour from acme",
  });
});

it("the next sender of the pool goes, and the event says why", async () => {
  const pool = ["10001", "10002"];
  const senders = [senderPlaceSchema.parse({ id: "de", countries: ["DE"], allowed: ["short-code"], replaceBy: pool })];
  const w = capped({ maxPerHour: 1 }, { senders });
  const router = await w.start();
  const sent = [0, 1, 2].map((n) => eventOf(w.run(router, request(n, from("ACME"))).decisions[0]));
  expect(sent.map(({ type }) => type)).toEqual(["routed", "routed", "postponed"]);
  expect(new Set(sent.slice(0, 2).map(({ facts }) => facts.sentAs))).toEqual(new Set(pool));
  expect(sent[1]!.rules).toMatch(/goes out as 1000\d; cap c: 1 messages this hour from 1000\d, left out$/);
});

it("another try is neither counted again nor held back", async () => {
  const w = capped({ maxPerHour: 1 });
  const router = await w.start();
  const [first] = w.run(router, request(0, from("ACME"))).effects;
  const { facts, text } = dispatchOf(first);
  const tried = [{ provider: "a", errorClass: "transient", errorCode: "ESME_RSYSERR" }];
  const retry = { facts, text, attempt: 2, tried, inDoubt: null, spendLeft: null, spendCurrency: null, charge: null };
  const { decisions } = w.run(router, inRecord("sms.retry.0s", 0, codecs.retry.encode(retry)));
  expect(eventOf(decisions[0])).toMatchObject({ type: "routed", provider: "b", counted: [] });
  expect(eventOf(w.run(router, request(1, from("ACME"))).decisions[0])).toMatchObject({ errorCode: "cap-reached" });
});

it("tells what it has counted once a second; a new owner goes on from it and from the log, to the message", async () => {
  const w = capped({ maxPerHour: 4 });
  const router = await w.start();
  const { said: told } = w;
  w.run(router, request(0, from("ACME")));
  w.at(NOW + 2_000);
  await w.tick(router);
  const usage = codecs.usage.decode(told[0]!.value!);
  expect([told.length, told[0]!.topic, told[0]!.key, usage]).toMatchObject([
    ...[1, "sms.usage", `c/${told[0]!.key!.toString().split("/")[1]}/acme`],
    { ok: true, value: { cap: "c", value: "acme", hour: 1, hourEnd: HOUR_END, day: 1 } },
  ]);
  w.at(NOW + 2_100);
  w.run(router, request(1, from("ACME")));
  // A decision may stand in the log twice.
  w.log.push({ ...(w.log.at(-1) as InRecord), offset: w.log.length });
  const other = capped({ maxPerHour: 4 });
  other.log.push(...w.log);
  if (usage.ok) other.board.fold(usage.value);
  other.at(NOW + 3_000);
  const next = await other.start([2, 0, 0, 0, 0, 0, 0, 0]);
  const sent = [2, 3, 4].map((n) => eventOf(other.run(next, request(n, from("ACME"))).decisions[0]).type);
  expect(sent).toEqual(["routed", "routed", "postponed"]);
});

it("messages go on while nothing can be written to sms.usage, and what has changed meanwhile is told in one", async () => {
  const w = capped({ maxPerHour: 100 });
  w.answers.silent = true;
  const router = await w.start();
  for (let n = 0; n < 20; n++) {
    expect(eventOf(w.run(router, request(n, from("ACME"))).decisions[0]).type).toBe("routed");
    w.at(NOW + 2_000 * (n + 1));
    expect((await w.tick(router)).decisions).toEqual([]);
  }
  expect(w.said).toHaveLength(1);
});

it("a campaign is that of its account, by its label", async () => {
  const w = capped({ of: "campaign", maxPerDay: 1, whenReached: "refuse" });
  const router = await w.start();
  const of = (n: number, campaign: string) =>
    eventOf(w.run(router, request(n, { metadata: { campaign }, messageId: null })).decisions[0]);
  expect(of(0, "spring").counted).toEqual(["c/1/acme/spring"]);
  expect(of(1, "spring")).toMatchObject({ type: "closed", reason: "cap c: 1 messages this day for acme/spring" });
  expect(of(2, "summer").counted).toEqual(["c/1/acme/summer"]);
  expect(of(3, "").counted).toEqual([]);
});

it("a wait of many hours is looked at every hour, and ends with the period", async () => {
  const w = capped({ maxPerDay: 1 });
  const router = await w.start();
  w.run(router, request(0, from("ACME")));
  const midnight = (Math.floor(NOW / (24 * HOUR_MS)) + 1) * 24 * HOUR_MS;
  const day = { validitySeconds: 172_800 };
  let waits = w.run(router, request(1, from("ACME", day)));
  let looks = 0;
  for (let at = NOW; eventOf(waits.decisions[0]).type === "postponed"; looks++) {
    at = Number(waits.effects[0]!.headers!.due);
    expect(at).toBeLessThanOrEqual(midnight);
    w.at(at);
    waits = w.run(router, inRecord(waits.effects[0]!.topic, looks, codecs.retry.encode(retryOf(waits.effects[0]!))));
  }
  expect(eventOf(waits.decisions[0])).toMatchObject({ type: "routed", at: midnight });
  expect(looks).toBe(Math.ceil((midnight - NOW) / HOUR_MS));
});

it("does not wait for a count that nobody can tell: with no leader for sms.usage it goes on from what is known", async () => {
  const { catalog } = capped({ maxPerHour: 1 });
  const warnings: string[] = [];
  let owned = 0;
  const caps = new PartitionCaps({
    task: { partition: 3 },
    reader: { watermarks: async () => [unknownMarks("sms.usage", 0)] },
    usageMark: { until: async () => true },
    capBoard: { own: () => ({ counts: owned++, toldAt: () => 0 }) },
    log: { warn: (_: object, text: string) => void warnings.push(text) },
  } as unknown as PartitionCapsOptions);
  await caps.restore(catalog.current);
  expect([owned, warnings.length]).toEqual([1, 1]);
});
