import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { until } from "../platform/kafka-runtime.ts";
import { JITTER, ledgerOf, peakPerSecond, recordSends, SenderWorld, statsOf } from "./sender-world.ts";

const world = new SenderWorld(sharedCluster());
beforeAll(() => world.start());
afterAll(() => world.stop());

const quick = { response: { delay: { kind: "uniform", minMs: 1, maxMs: 30 } }, receipts: { lossShare: 1 } };

test("a sender that is stopped in mid-traffic leaves nothing in doubt; the next one does the rest", async () => {
  const { smsc, provider } = await world.smsc(quick, { rate: 400 });
  const sent = await world.dispatch(provider, 1_500);
  const first = await world.sender(provider);
  await until("some are submitted", () => statsOf(smsc).submits.received > 300);
  await first.stop();
  expect(first.sender.link.inFlight).toBe(0);
  const atStop = statsOf(smsc).submits.received;
  expect(atStop).toBeLessThan(1_500);
  await world.sender(provider);
  const outcomes = await world.outcomes(sent);
  for (const events of outcomes.values())
    expect(events.map(({ type, resubmitted }) => [type, resubmitted])).toEqual([["submitted", null]]);
  expect([...ledgerOf(smsc).values()].every(({ received }) => received === 1)).toBe(true);
});

test("two senders share a provider's partitions and its rate", async () => {
  const rate = 300;
  const { smsc, provider } = await world.smsc(
    { ...quick, rate: { segmentsPerSecond: rate, tolerance: JITTER } },
    { rate, partitions: 2 },
  );
  const [a, b] = [await world.sender(provider), await world.sender(provider)];
  await until("each owns one", () => a.sender.owned === 1 && b.sender.owned === 1);
  const [ofA, ofB] = [recordSends(a), recordSends(b)];
  const sent = await world.dispatch(provider, 1_200);
  const outcomes = await world.outcomes(sent);
  for (const events of outcomes.values()) expect(events.map(({ type }) => type)).toEqual(["submitted"]);
  expect(ofA.length + ofB.length).toBe(1_200);
  expect(Math.min(ofA.length, ofB.length)).toBeGreaterThan(400);
  expect(statsOf(smsc).submits.throttled).toBe(0);
  await a.stop();
  await until("the other owns both", () => b.sender.owned === 2, 30_000);
  const more = await world.dispatch(provider, 300);
  expect([...(await world.outcomes(more)).values()].flat().every(({ type }) => type === "submitted")).toBe(true);
  expect(peakPerSecond([...ofA, ...ofB])).toBeLessThanOrEqual(rate);
});

test("urgent lanes overtake a backlog of less urgent ones", async () => {
  const { provider } = await world.smsc(quick, { rate: 100 });
  const slow = await world.dispatch(provider, 800, { lane: "marketing" });
  await world.sender(provider);
  await until("the backlog is moving", async () => (await world.events(slow)).length > 50);
  const urgent = await world.dispatch(provider, 20, { lane: "otp", to: (n) => `4915${String(10_000_000 + n)}` });
  const outcomes = await world.outcomes(urgent);
  const latest = Math.max(...[...outcomes.values()].flat().map(({ submittedAt }) => submittedAt!));
  expect(latest - urgent[0]!.facts.acceptedAt).toBeLessThan(2_000);
  expect((await world.events(slow)).length).toBeLessThan(800);
});
