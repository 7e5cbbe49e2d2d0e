import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { observeConsent } from "../../../../pipeline/boot/open-consent.ts";
import { Readiness } from "../../../../platform/lifecycle/readiness.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function observed(metrics = new MetricRegistry()) {
  const copy = {
    ageMs: undefined as number | undefined,
    oldPartitions: [] as number[],
    leaderless: [] as number[],
  };
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (fields: object) => told.push(fields), info: () => told.push("complete") };
  const readiness = new Readiness();
  const add = async (_: string, { start }: { start: () => unknown }) => start();
  const scope = { metrics, log, add, readiness } as unknown as Parameters<typeof observeConsent>[0];
  return { copy, scope, told, readiness, metrics };
}

test("a copy that has never been complete is as old as the time since it was opened: its alert needs to hear of it", async () => {
  const metrics = new MetricRegistry();
  const { copy, scope } = observed(metrics);
  await observeConsent(scope, copy, 10_000);
  const [metric] = [...metrics.observed()].filter(({ name }) => name === "consent_copy_age_seconds");
  await vi.advanceTimersByTimeAsync(45_000);
  expect(metric!.read()).toBe(45);
  copy.ageMs = 1_500;
  expect(metric!.read()).toBe(1.5);
});

test("of which recipients it is too old is told in the log, by a metric and beside the readiness checks, with the reason", async () => {
  const { copy, scope, told, readiness, metrics } = observed();
  await observeConsent(scope, copy, 10_000);
  const count = [...metrics.observed()].find(({ name }) => name === "consent_copy_old_partitions")!;
  copy.oldPartitions = [0, 1, 2];
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told, "at first it is read in").toEqual([]);
  Object.assign(copy, { ageMs: 100, oldPartitions: [] });
  await vi.advanceTimersByTimeAsync(2_000);
  expect([told, count.read(), (await readiness.report()).degraded]).toEqual([[], 0, {}]);
  Object.assign(copy, { ageMs: 12_000, oldPartitions: [3, 7], leaderless: [3] });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual([{ ageMs: 12_000, staleMs: 10_000, partitions: [3, 7], leaderless: [3] }]);
  expect(count.read()).toBe(2);
  expect(await readiness.report()).toMatchObject({
    ready: true,
    degraded: {
      "copy of sms.consent": "too old to go by for recipients of partitions 3, 7; waiting for kafka: no leader of 3",
    },
  });
  Object.assign(copy, { ageMs: 100, oldPartitions: [], leaderless: [] });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told.at(-1)).toBe("complete");
});

test("it is not told complete while a partition is still read, and its age goes on from when it was known where a new owner does not trust it", async () => {
  const { copy, scope, told, metrics } = observed();
  await observeConsent(scope, copy, 10_000);
  const age = [...metrics.observed()].find(({ name }) => name === "consent_copy_age_seconds")!;
  copy.ageMs = 0;
  await vi.advanceTimersByTimeAsync(86_400_000);
  Object.assign(copy, { ageMs: undefined, oldPartitions: [1], leaderless: [1] });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([told.length, age.read()]).toEqual([1, 5]);
  copy.leaderless = [];
  await vi.advanceTimersByTimeAsync(5_000);
  expect([told.length, age.read()]).toEqual([1, 10]);
  Object.assign(copy, { ageMs: 0, oldPartitions: [] });
  await vi.advanceTimersByTimeAsync(1_000);
  expect([told.at(-1), age.read()]).toEqual(["complete", 0]);
  // It has a leader, and stands still.
  Object.assign(copy, { ageMs: undefined, oldPartitions: [1] });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toMatchObject({ ageMs: 1_000, partitions: [1], leaderless: [] });
});
