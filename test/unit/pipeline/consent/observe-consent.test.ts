import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { observeConsent } from "../../../../pipeline/boot/open-consent.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a copy that has never been complete is as old as the time since it was opened: its alert needs to hear of it", async () => {
  const metrics = new MetricRegistry();
  const copy: { ageMs: number | undefined } = { ageMs: undefined };
  const add = async (_: string, { start }: { start: () => unknown }) => start();
  const scope = { metrics, log: silentLog, add } as unknown as Parameters<typeof observeConsent>[0];
  await observeConsent(scope, copy, 10_000);
  const [metric] = [...metrics.observed()].filter(({ name }) => name === "consent_copy_age_seconds");
  await vi.advanceTimersByTimeAsync(45_000);
  expect(metric!.read()).toBe(45);
  copy.ageMs = 1_500;
  expect(metric!.read()).toBe(1.5);
});
