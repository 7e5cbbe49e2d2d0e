import { expect, test } from "vitest";
import { REPLAY_REASONS } from "../../../pipeline/dead-letters/replay-mark.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { storedLetters } from "../../../services/analytics-sink/stored-letters.ts";

function metrics() {
  const registry = new MetricRegistry();
  const stored = storedLetters(registry);
  const series = (metric: string) => {
    const family = [...registry.families()].find(({ name }) => name === metric)!;
    return [...family.entries()].map(([labels, counter]) => [
      labels,
      (counter as unknown as { readonly value: number }).value,
    ]);
  };
  return {
    stored,
    all: () => series("sink_dead_letters_stored_total"),
    byReason: () => series("sink_dead_letters_total"),
  };
}

test("the count of all letters is there at 0 before the first: increase() misses what a later series begins with", () => {
  const { all, byReason } = metrics();
  expect(all()).toEqual([[{}, 0]]);
  expect(byReason()).toEqual([]);
});

test("letters of every reason are counted together, and marks of replays only by their reason", () => {
  const { stored, all, byReason } = metrics();
  stored([
    { service: "router", reason: "undecodable", count: 900 },
    { service: "someone", reason: "never heard of", count: 100 },
    { service: "replay", reason: REPLAY_REASONS.begun, count: 7 },
    { service: "replay", reason: REPLAY_REASONS.done, count: 6 },
  ]);
  expect(all()).toEqual([[{}, 1_000]]);
  expect(byReason()).toEqual([
    [{ origin: "router", reason: "undecodable" }, 900],
    [{ origin: "someone", reason: "never heard of" }, 100],
    [{ origin: "replay", reason: "replay-begun" }, 7],
    [{ origin: "replay", reason: "replayed" }, 6],
  ]);
});
