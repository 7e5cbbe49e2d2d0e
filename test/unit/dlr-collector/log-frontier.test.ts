import { afterEach, expect, it, vi } from "vitest";
import { unknownMarks, type Watermarks } from "../../../platform/kafka/topic-marks.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { LogFrontier } from "../../../services/dlr-collector/correlator/log-frontier.ts";

afterEach(() => vi.useRealTimers());

it("asks twice a second where the inputs end, and says when that was asked", async () => {
  vi.useFakeTimers();
  let high = 0;
  const source = { watermarks: async () => [{ low: 0, high: ++high }] as Watermarks[] };
  const frontier = new LogFrontier(source, ["sms.events", "sms.receipts"], silentLog, () => Date.now());
  const startedAt = Date.now();
  frontier.start();
  expect(frontier.sample(0)).toBeUndefined();
  await vi.advanceTimersByTimeAsync(500);
  expect(frontier.sample(0)).toEqual({ askedAt: startedAt + 500, ends: [1, 2] });
  await vi.advanceTimersByTimeAsync(500);
  expect(frontier.sample(0)).toEqual({ askedAt: startedAt + 1_000, ends: [3, 4] });
  frontier.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(high).toBe(4);
});

it("stops at a partition without a leader, and for the others it goes on", async () => {
  vi.useFakeTimers();
  const known = { low: 0, high: 7 };
  const source = {
    watermarks: async (topic: string) => [known, topic === "sms.events" ? unknownMarks(topic, 1) : known],
  };
  const frontier = new LogFrontier(source, ["sms.events", "sms.receipts"], silentLog, () => Date.now());
  frontier.start();
  await vi.advanceTimersByTimeAsync(500);
  expect(frontier.sample(0)?.ends).toEqual([7, 7]);
  // It is never come to, so that no deadline passes.
  expect(frontier.sample(1)?.ends).toEqual([Number.POSITIVE_INFINITY, 7]);
  frontier.stop();
});
