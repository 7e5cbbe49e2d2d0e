import { expect, it } from "vitest";
import { IdleProbe } from "../../../services/ingest/idle-probe.ts";
import { PATIENT } from "./ingest-harness.ts";

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
