import { expect, test } from "vitest";
import { providerCost } from "../../../../pipeline/measure/provider-cost.ts";
import { STAGE_BOUNDS, stageSeconds } from "../../../../pipeline/measure/stage-seconds.ts";
import { type Histogram, MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";

test("a stage is recorded for its lane, in seconds, and never below 0", () => {
  const registry = new MetricRegistry();
  const record = stageSeconds(registry, "accepted_routed");
  record("otp", 250);
  record("otp", -3);
  record("marketing", 7_200_000);
  const family = registry.histogram("message_stage_seconds", { help: "" });
  const of = (lane: string) => family.with({ stage: "accepted_routed", lane }) as Histogram;
  expect([of("otp").sum, of("marketing").sum, of("transactional").sum]).toEqual([0.25, 7_200, 0]);
  expect(of("otp").counts[0]).toBe(1);
  expect(of("otp").counts[STAGE_BOUNDS.indexOf(0.25)]).toBe(1);
});

test("amounts of different currencies are counted apart", () => {
  const registry = new MetricRegistry();
  const add = providerCost(registry);
  add("a", "EUR", 1_500_000);
  add("a", "USD", 250_000);
  add("a", "EUR", 500_000);
  const series = [...registry.counter("provider_cost_total", { help: "" }).entries()];
  expect(series.map(([labels, { value }]) => [labels.currency, value])).toEqual([
    ["EUR", 2],
    ["USD", 0.25],
  ]);
});
