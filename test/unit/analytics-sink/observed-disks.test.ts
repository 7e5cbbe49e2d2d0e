import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { silentLog } from "../../../platform/log/log.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { type DiskSpace, observeDisks } from "../../../services/analytics-sink/observed-disks.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const disk = (name: string, free: number, total = 100): DiskSpace => ({ labels: { disk: name }, free, total });

async function world(ask: () => Promise<readonly DiskSpace[]>) {
  const metrics = new MetricRegistry();
  const add = async (_: string, { start }: { start: () => unknown }) => start();
  const scope = { metrics, log: silentLog, add } as unknown as Parameters<typeof observeDisks>[0];
  await observeDisks(scope, { whose: "their", free: "their_free_bytes", size: "their_size_bytes", ask });
  const shown = (name: string) => [...metrics.observed()].find((metric) => metric.name === name)!.read();
  return { free: () => shown("their_free_bytes"), size: () => shown("their_size_bytes") };
}

test("disks are shown as they say, asked for again and again; one without a bound is none", async () => {
  let left = 50;
  const { free, size } = await world(async () => [disk("a", left), disk("store", 1e19, 1.8e19)]);
  await vi.advanceTimersByTimeAsync(0);
  expect(free()).toEqual([{ value: 50, labels: { disk: "a" } }]);
  expect(size()).toEqual([{ value: 100, labels: { disk: "a" } }]);
  left = 7;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(free()).toEqual([{ value: 7, labels: { disk: "a" } }]);
});

test("one that has filled up and fallen silent is shown for an hour more, whether the others answer or nobody does", async () => {
  let said: readonly DiskSpace[] = [disk("a", 1), disk("b", 60)];
  let fails = false;
  const { free } = await world(async () => {
    if (fails) throw new Error("no answer");
    return said;
  });
  await vi.advanceTimersByTimeAsync(0);
  said = [disk("b", 50)];
  await vi.advanceTimersByTimeAsync(50 * 60_000);
  expect(free()).toEqual([
    { value: 1, labels: { disk: "a" } },
    { value: 50, labels: { disk: "b" } },
  ]);
  fails = true;
  await vi.advanceTimersByTimeAsync(11 * 60_000);
  expect(free()).toEqual([{ value: 50, labels: { disk: "b" } }]);
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(free()).toEqual([]);
});
