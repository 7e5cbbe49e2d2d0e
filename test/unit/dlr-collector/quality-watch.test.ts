import { expect, test } from "vitest";
import type { Quality } from "../../../schemas/generated/types.ts";
import { QUALITY_TOPIC, retryTopic } from "../../../schemas/topics.ts";
import { event, facts, receipt, submitted } from "./records.ts";
import { oneRoute } from "./reroutes.ts";
import { codecs, Owner, SimulatedLog } from "./simulated-kafka.ts";

const SETTINGS = { receiptDeadlineMs: 60_000 };
const MANY = [1_000, 1_000];

/** The newest record of each key, as a reader of the compacted topic has it. */
function told(log: SimulatedLog): Map<string, Quality> {
  return new Map(
    log.records(QUALITY_TOPIC).map(({ key, value }) => {
      const decoded = codecs.quality.decode(value!);
      if (!decoded.ok) throw new Error(decoded.detail);
      return [String(key), decoded.value];
    }),
  );
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

async function pass(log: SimulatedLog, owner: Owner, ms: number): Promise<void> {
  for (const ends = log.now + ms; log.now < ends; ) {
    log.now += 1_000;
    await owner.step(MANY, true);
  }
}

function submit(log: SimulatedLog, m: string, over: Parameters<typeof submitted>[2] = {}): void {
  const more = { at: log.now, submittedAt: log.now, ...over };
  log.appendEvent(`${m}/1/submitted`, submitted(m, [`${m}-0`], { facts: facts(m, { network: "26201" }), ...more }));
}

test("what receipts say is counted once, by provider, network and lane", async () => {
  const log = new SimulatedLog();
  const owner = await Owner.begin(log, SETTINGS);
  for (let n = 0; n < 10; n++) submit(log, `m${n}`);
  submit(log, "m0"); // written twice
  submit(log, "otp", { facts: facts("otp", { lane: "otp", network: "26201" }) });
  submit(log, "other", { provider: "smsc-b" });
  await pass(log, owner, 3_000);
  for (let n = 0; n < 6; n++) log.appendReceipt(receipt(`m${n}-0`, "delivered", { receivedAt: log.now }));
  log.appendReceipt(receipt("m0-0", "delivered", { receivedAt: log.now }));
  log.appendReceipt(receipt("m6-0", "undelivered", { receivedAt: log.now }));
  await pass(log, owner, 120_000);
  const cells = told(log);
  expect([...cells.keys()].sort()).toEqual([
    "smsc-a/DE/26201/otp/0",
    "smsc-a/DE/26201/transactional/0",
    "smsc-b/DE/26201/transactional/0",
  ]);
  const quality = cells.get("smsc-a/DE/26201/transactional/0")!;
  expect(quality).toMatchObject({ submitted: 10, failed: 1, missing: 3, late: 0, partition: 0, lane: "transactional" });
  expect(sum(quality.deliveries)).toBe(6);
  expect(quality.exposed[0]).toBe(10);
  expect(quality.medianMillis).toBeGreaterThan(2_000);
  expect(quality.medianMillis).toBeLessThan(4_500);
});

test("a failed receipt counts for its provider also when the message goes on, and is delivered by another", async () => {
  const log = new SimulatedLog();
  const owner = await Owner.begin(log, { ...SETTINGS, reroute: oneRoute(["smsc-a", "smsc-b"]) });
  const bound = { spendLeft: null, spendCurrency: null, charge: null };
  const retry = { facts: facts("m"), text: "text", attempt: 1, tried: [], inDoubt: null, ...bound };
  log.append({ topic: retryTopic("5s"), key: retry.facts.to, value: codecs.retry.encode(retry) });
  submit(log, "m", { source: `${retryTopic("5s")}/0/0` });
  await pass(log, owner, 1_000);
  log.appendReceipt(receipt("m-0", "rejected", { receivedAt: log.now }));
  await pass(log, owner, 1_000);
  const second = { attempt: 2, provider: "smsc-b", at: log.now, submittedAt: log.now };
  log.appendEvent("m/2/submitted", submitted("m", ["9"], { facts: facts("m", { network: "26201" }), ...second }));
  log.appendReceipt(receipt("9", "delivered", { provider: "smsc-b", receivedAt: log.now }));
  await pass(log, owner, 120_000);
  const of = (provider: string) => told(log).get(`${provider}/DE/26201/transactional/0`)!;
  expect(of("smsc-a")).toMatchObject({ submitted: 1, failed: 1, missing: 0 });
  expect(of("smsc-b")).toMatchObject({ submitted: 1, failed: 0, missing: 0 });
});

test("a submission in doubt counts when an answer or a receipt shows that it was taken, once", async () => {
  const log = new SimulatedLog();
  const owner = await Owner.begin(log, SETTINGS);
  const doubt = (m: string) => {
    const over = { at: log.now, submittedAt: log.now, facts: facts(m, { network: "26201" }) };
    log.appendEvent(`${m}/1/in_doubt`, event("in_doubt", m, over));
  };
  // What was submitted before its way was first heard of is left out.
  submit(log, "plain");
  await pass(log, owner, 1_000);
  doubt("answered");
  doubt("receipted");
  doubt("silent");
  await pass(log, owner, 2_000);
  submit(log, "answered");
  await pass(log, owner, 1_000);
  log.appendReceipt(receipt("plain-0", "delivered", { receivedAt: log.now }));
  log.appendReceipt(receipt("answered-0", "delivered", { receivedAt: log.now }));
  log.appendReceipt(receipt("x", "delivered", { messageId: "receipted", receivedAt: log.now }));
  await pass(log, owner, 120_000);
  const [quality] = [...told(log).values()];
  expect(quality).toMatchObject({ submitted: 3, failed: 0 });
  expect(sum(quality!.deliveries)).toBe(3);
});

test("what happens is told twice a second, also when the log's ends are known a little early", async () => {
  const log = new SimulatedLog();
  const owner = await Owner.begin(log, SETTINGS);
  const words = () => log.records(QUALITY_TOPIC).length;
  for (let step = 0; step < 20; step++) {
    for (let n = 0; n < 10; n++) submit(log, `m${step}-${n}`);
    log.now += 490;
    await owner.step(MANY, true);
  }
  expect(words()).toBeGreaterThanOrEqual(18);
  expect(words()).toBeLessThanOrEqual(20);
});

test("the next owner begins anew, and leaves out what was submitted before", async () => {
  const log = new SimulatedLog();
  const first = await Owner.begin(log, SETTINGS);
  for (let n = 0; n < 10; n++) submit(log, `m${n}`);
  await pass(log, first, 3_000);
  log.now += 1_000;
  const second = await Owner.begin(log, SETTINGS);
  const since = log.now;
  for (let n = 0; n < 10; n++) log.appendReceipt(receipt(`m${n}-0`, "undelivered", { receivedAt: log.now }));
  submit(log, "later");
  await pass(log, second, 70_000);
  const [quality] = [...told(log).values()];
  expect(quality).toMatchObject({ since, submitted: 1, failed: 0, missing: 1 });
});
