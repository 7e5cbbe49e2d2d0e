import { expect, test } from "vitest";
import type { Log } from "../../../../platform/log/log.ts";
import { exportWatch } from "../../../../platform/telemetry/export-watch.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";

test("spans are counted by what became of them, and a failure is told of, once a minute", () => {
  const metrics = new MetricRegistry();
  const told: unknown[] = [];
  const log = {
    every: (key: string, ms: number) => ({ warn: (fields: object) => told.push({ key, ms, ...fields }) }),
  } as unknown as Log;
  const watch = exportWatch(metrics, log);
  watch({ spans: 3, outcome: "exported" });
  expect(told).toEqual([]);
  watch({ spans: 2, outcome: "lost", error: new Error("connect ECONNREFUSED") });
  watch({ spans: 1, outcome: "dropped" });
  expect(told).toEqual([
    { key: "trace-export", ms: 60_000, spans: 2, why: "connect ECONNREFUSED" },
    { key: "trace-export", ms: 60_000, spans: 1, why: "too many spans wait for it" },
  ]);
  const [family] = metrics.families();
  expect([...family!.entries()].map(([labels, series]) => [labels, (series as { value: number }).value])).toEqual([
    [{ outcome: "exported" }, 3],
    [{ outcome: "lost" }, 2],
    [{ outcome: "dropped" }, 1],
  ]);
});
