import { afterEach, expect, it, vi } from "vitest";
import { IdleProbe, kafkaProbe } from "../../../services/ingest/idle-probe.ts";
import { ScriptedBrokers } from "../platform/kafka/scripted-brokers.ts";
import { silentLog } from "../platform/kafka/simulated-kafka.ts";
import { PATIENT } from "./ingest-harness.ts";

afterEach(() => void vi.restoreAllMocks());

const probeOf = (ask: () => Promise<unknown>, acknowledgedAgo?: number) =>
  new IdleProbe({
    lastAcknowledgedAt: () => (acknowledgedAgo === undefined ? 0 : performance.now() - acknowledgedAgo),
    ask,
    everyMs: 1_000,
    timeoutMs: 30,
  });

it("does not ask while writes are being acknowledged", async () => {
  let asked = 0;
  const probe = probeOf(async () => asked++, 10);
  await probe.probe();
  expect([probe.outcome.ok, asked]).toEqual([true, 0]);
});

it("asks when nothing has been written, or not for long", async () => {
  let asked = 0;
  for (const ago of [undefined, 5_000]) await probeOf(async () => asked++, ago).probe();
  expect(asked).toBe(2);
});

it("says why when the brokers refuse or do not answer, and recovers", async () => {
  let answer: Promise<unknown> = Promise.reject(new Error("no brokers"));
  const probe = probeOf(() => answer);
  await probe.probe();
  expect(probe.outcome).toEqual({ ok: false, why: "Kafka does not answer: no brokers" });
  let settle: () => void = () => {};
  answer = new Promise<void>((resolve) => (settle = resolve));
  await expect.poll(() => probe.probe().then(() => probe.outcome), PATIENT).toMatchObject({ why: /within 30 ms/ });
  answer = Promise.resolve();
  settle();
  await expect.poll(() => probe.probe().then(() => probe.outcome.ok), PATIENT).toBe(true);
});

it("takes an acknowledgement for the better word while a question hangs", async () => {
  let last = 0;
  let asked = 0;
  const probe = new IdleProbe({
    lastAcknowledgedAt: () => last,
    ask: () => {
      asked++;
      return new Promise<void>(() => {});
    },
    everyMs: 60_000,
    timeoutMs: 30,
  });
  await probe.probe();
  expect(probe.outcome.ok).toBe(false);
  last = performance.now();
  await probe.probe();
  expect([probe.outcome.ok, asked]).toEqual([true, 1]);
});

it("is not overruled by a question that had no answer while a write was confirmed", async () => {
  let last = 0;
  const probe = new IdleProbe({
    lastAcknowledgedAt: () => last,
    ask: () => new Promise<void>(() => {}),
    everyMs: 60_000,
    timeoutMs: 30,
  });
  const asking = probe.probe();
  last = performance.now();
  await asking;
  expect(probe.outcome.ok).toBe(true);
});

it("is content with brokers that answer while a partition of any topic has no leader", async () => {
  const kafka = new ScriptedBrokers({ "sms.inbound": [1, -1, 2], "sms.events": [1, 2] });
  const probe = kafkaProbe({ brokers: ["b:1"], clientId: "test", log: silentLog }, { lastAcknowledgedAt: 0 });
  await probe.probe();
  expect([probe.outcome, kafka.metadataAsked > 0]).toEqual([{ ok: true }, true]);
}, 20_000);
