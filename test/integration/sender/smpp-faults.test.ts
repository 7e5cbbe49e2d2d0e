import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { until } from "../platform/kafka-runtime.ts";
import { JITTER, ledgerOf, peakPerSecond, recordSends, SenderWorld, statsOf } from "./sender-world.ts";

const world = new SenderWorld(sharedCluster());
beforeAll(() => world.start());
afterAll(() => world.stop());

const quick = { response: { delay: { kind: "uniform", minMs: 1, maxMs: 30 } }, receipts: { lossShare: 1 } };

test("messages of one destination are submitted one after the other, in order", async () => {
  const { provider } = await world.smsc(quick);
  const sent = await world.dispatch(provider, 400, { to: (n) => `49171000000${n % 7}` });
  await world.sender(provider);
  await world.outcomes(sent);
  const events = (await world.events(sent)).filter(({ event }) => event.type === "submitted");
  expect(events).toHaveLength(400);
  const place = new Map(sent.map(({ facts }, n) => [facts.messageId, n]));
  const last = new Map<string, { n: number; id: bigint }>();
  for (const { event } of events) {
    const n = place.get(event.facts.messageId)!;
    // The simulator's ids, in hexadecimal digits, rise with the order in which it took the submits.
    const id = BigInt(`0x${event.providerMessageIds[0]}`);
    const before = last.get(event.facts.to);
    if (before !== undefined) {
      expect(n).toBeGreaterThan(before.n);
      expect(id).toBeGreaterThan(before.id);
    }
    last.set(event.facts.to, { n, id });
  }
});

test("under backlog the provider's rate is never exceeded, and at least 97 % of it is used", async () => {
  const rate = 200;
  const { smsc, provider } = await world.smsc(
    { ...quick, rate: { segmentsPerSecond: rate, tolerance: JITTER } },
    { rate },
  );
  const sent = await world.dispatch(provider, 1_600);
  const times = recordSends(await world.sender(provider));
  await until("all are received", () => statsOf(smsc).submits.received >= 1_600);
  await world.outcomes(sent);
  const { submits, peakSegmentsPerSecond } = statsOf(smsc);
  expect(submits).toMatchObject({ received: 1_600, accepted: 1_600, throttled: 0 });
  expect(times).toHaveLength(1_600);
  expect(peakPerSecond(times)).toBeLessThanOrEqual(rate);
  expect(peakSegmentsPerSecond).toBeLessThanOrEqual(rate * (1 + JITTER));
  // The best four seconds: a machine that stands still for a moment is not what is measured here.
  const best = Math.min(...times.slice(800).map((at, n) => at - times[n]!));
  expect(800_000 / best).toBeGreaterThan(rate * 0.97);
});

test("a provider that throttles below its configured rate slows the sender down, and everything still arrives", async () => {
  const { smsc, provider } = await world.smsc({ ...quick, rate: { segmentsPerSecond: 100 } }, { rate: 400 });
  const sent = await world.dispatch(provider, 800);
  await world.sender(provider);
  const outcomes = await world.outcomes(sent);
  expect([...outcomes.values()].every((events) => events.length === 1 && events[0]!.type === "submitted")).toBe(true);
  const { submits } = statsOf(smsc);
  expect(submits.accepted).toBe(800);
  expect(submits.throttled).toBeGreaterThan(0);
  expect(submits.throttled).toBeLessThan(400);
});

test("permanent and temporary refusals go back with their class, and nothing is submitted twice", async () => {
  const { smsc, provider } = await world.smsc({
    ...quick,
    rules: [
      { prefix: "491701", status: "ESME_RINVDSTADR" },
      { prefix: "491702", status: "ESME_RSYSERR" },
      { prefix: "491703", status: "ESME_RINVSRCADR" },
    ],
  });
  const sent = await world.dispatch(provider, 40, { to: (n) => `49170${n % 4}${String(100_000 + n)}` });
  await world.sender(provider);
  const outcomes = await world.outcomes(sent);
  await until("retries are written", async () => (await world.retries(sent)).length >= 30);
  const retries = new Map((await world.retries(sent)).map(({ retry, id }) => [retry.facts.messageId, { retry, id }]));
  const expected = [undefined, "refused", "transient", "refused"];
  for (const [n, { facts }] of sent.entries()) {
    const [event] = outcomes.get(facts.messageId)!;
    const errorClass = expected[n % 4];
    expect(event!.type).toBe(errorClass === undefined ? "submitted" : "returned");
    expect(event!.errorClass ?? undefined).toBe(errorClass);
    const again = retries.get(facts.messageId);
    if (errorClass === undefined) expect(again).toBeUndefined();
    else {
      expect(again!.id).toBe(`${facts.messageId}/2/retry`);
      expect(again!.retry).toMatchObject({ attempt: 2, inDoubt: null, tried: [{ provider: provider.id, errorClass }] });
    }
  }
  expect([...ledgerOf(smsc).values()].every(({ received }) => received === 1)).toBe(true);
});

test("a silent SMSC is left: what waits goes back to the router, what was sent is in doubt by its lane's rule", async () => {
  const { smsc, provider } = await world.smsc(
    { ...quick, dark: { acceptShare: 0.5 } },
    { window: 20, circuit: { failures: 10, openMs: 60_000 } },
    { responseTimeoutMs: 1_500 },
  );
  await world.sender(provider);
  await world.outcomes(await world.dispatch(provider, 10));
  await smsc.goDark("silent");
  const before = performance.now();
  const sent = await world.dispatch(provider, 300);
  const held = await world.dispatch(provider, 100, { lane: "marketing", to: (n) => `4916${String(10_000_000 + n)}` });
  const outcomes = await world.outcomes([...sent, ...held], 30_000);
  expect(performance.now() - before).toBeLessThan(15_000);
  const ledger = ledgerOf(smsc);
  const retries = new Map((await world.retries([...sent, ...held])).map(({ retry }) => [retry.facts.messageId, retry]));
  let doubts = 0;
  for (const { facts } of [...sent, ...held]) {
    const events = outcomes.get(facts.messageId)!;
    expect(events).toHaveLength(1);
    const event = events[0]!;
    const received = ledger.get(facts.messageId)?.received ?? 0;
    if (received === 0) {
      expect(event).toMatchObject({ type: "returned", errorClass: "unsubmitted", reason: null });
      expect(retries.get(facts.messageId)!.inDoubt).toBeNull();
    } else if (facts.lane === "marketing") {
      expect(event).toMatchObject({ type: "in_doubt", errorClass: "unknown" });
      expect(retries.has(facts.messageId)).toBe(false);
    } else {
      doubts++;
      expect(event).toMatchObject({ type: "in_doubt", errorClass: "unknown" });
      expect(retries.get(facts.messageId)!.inDoubt).toBe("response-timeout");
    }
  }
  expect(doubts).toBeGreaterThan(0);
  expect(doubts).toBeLessThanOrEqual(20);
});

test("an SMSC that refuses connections gets its traffic handed back, and traffic again when it returns", async () => {
  const { smsc, provider } = await world.smsc(quick, { circuit: { failures: 10, openMs: 500 } });
  const runtime = await world.sender(provider);
  await world.outcomes(await world.dispatch(provider, 20));
  await smsc.goDark("refuse");
  const away = await world.dispatch(provider, 500);
  const outcomes = await world.outcomes(away, 30_000);
  expect([...outcomes.values()].flat().every(({ type }) => type === "returned")).toBe(true);
  expect(runtime.sender.circuit.state).toBe("open");
  await smsc.goLight();
  await until("the circuit is tried again", () => runtime.sender.circuit.state === "half_open", 20_000);
  const back = await world.dispatch(provider, 200);
  const later = await world.outcomes(back, 30_000);
  expect([...later.values()].flat().every(({ type }) => type === "submitted")).toBe(true);
  expect(runtime.sender.circuit.state).toBe("closed");
});

test("answers that come after the time-out: in doubt first, then submissions of the same attempt with ids and cost", async () => {
  const { smsc, provider } = await world.smsc(
    { ...quick, response: { delay: { kind: "uniform", minMs: 1_400, maxMs: 1_800 } } },
    { window: 20 },
    { responseTimeoutMs: 600 },
  );
  await world.sender(provider);
  const sent = await world.dispatch(provider, 20);
  const told = async () => (await world.events(sent)).filter(({ event }) => event.type === "submitted");
  await until("late answers are told", async () => (await told()).length >= 20, 30_000);
  const all = await world.outcomes(sent);
  for (const { facts } of sent) {
    const [first, second, ...more] = all.get(facts.messageId)!;
    expect(first).toMatchObject({ type: "in_doubt", errorCode: "response-timeout", cost: null });
    expect(first!.price).not.toBeNull();
    expect(second).toMatchObject({ type: "submitted", attempt: 1, cost: first!.price, resubmitted: null });
    expect(second!.providerMessageIds).toHaveLength(1);
    expect(more).toEqual([]);
  }
  expect([...ledgerOf(smsc).values()].map(({ accepted }) => accepted)).toEqual(Array(20).fill(1));
});
