import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AnswerTimes } from "../../../../platform/flow/answer-times.ts";
import { Circuit } from "../../../../platform/flow/circuit.ts";
import { running } from "../../sender/provider-world.ts";

it("knows what 99.9 of 100 answers take, up to a tenth, once there are a thousand", () => {
  const times = new AnswerTimes();
  for (let n = 0; n < 999; n++) times.add(100);
  expect(times.p999Ms).toBeUndefined();
  times.add(100);
  expect(times.p999Ms).toBeGreaterThanOrEqual(100);
  expect(times.p999Ms).toBeLessThan(111);
  // One in a hundred takes a second.
  for (let n = 0; n < 10_000; n++) times.add(n % 100 === 0 ? 1_000 : 100);
  expect(times.p999Ms).toBeGreaterThanOrEqual(1_000);
  expect(times.p999Ms).toBeLessThan(1_110);
});

it("goes with what is so of late, and bears any time", () => {
  const times = new AnswerTimes();
  for (let n = 0; n < 30_000; n++) times.add(3_000);
  for (let n = 0; n < 400_000; n++) times.add(50);
  expect(times.p999Ms).toBeLessThan(70);
  for (const odd of [0, -1, 1e9]) times.add(odd);
});

it("lets a circuit open sooner for a provider that is quick, and never later than it would", () => {
  const silentFor = (tookMs: number, answers: number, silenceMs = 5_000) => {
    const circuit = new Circuit({ failures: 10, openMs: 10_000, silenceMs });
    let now = 0;
    for (let n = 0; n < answers; n++) {
      circuit.sent(0, now);
      now += tookMs;
      circuit.answered(0, now, tookMs);
    }
    circuit.sent(0, now);
    const from = now;
    while (circuit.state === "closed") {
      now += 10;
      circuit.tick(now);
    }
    return now - from;
  };
  expect(silentFor(50, 2_000)).toBe(1_750);
  expect(silentFor(50, 900)).toBe(5_000);
  const slow = silentFor(800, 2_000);
  expect(slow).toBeGreaterThanOrEqual(2_400);
  expect(slow).toBeLessThan(2_660);
  expect(silentFor(2_000, 2_000)).toBe(5_000);
  expect(silentFor(50, 2_000, 1_000), "its response time-out is shorter").toBe(1_000);
});

describe("what an answer took", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 2_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it("counts from its own request: not from an earlier one that was throttled, nor from the first part", async () => {
    const { link, sender, submit } = await running({ rate: 10 });
    const took = vi.spyOn(sender.circuit, "answered");
    submit({ facts: { segments: 2 } });
    await vi.advanceTimersByTimeAsync(50);
    link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 3_000 });
    while (link.sent < 2) await vi.advanceTimersByTimeAsync(10);
    await vi.advanceTimersByTimeAsync(40);
    link.answer();
    while (link.sent < 3) await vi.advanceTimersByTimeAsync(10);
    await vi.advanceTimersByTimeAsync(30);
    link.answer();
    const times = took.mock.calls.map(([, , tookMs]) => tookMs);
    expect(times[0]).toBe(50);
    for (const tookMs of times.slice(1)) expect(tookMs).toBeLessThanOrEqual(50);
    expect(times).toHaveLength(3);
    await sender.stop();
  });
});
