import { SinkStats } from "../../platform/kafka/sink-stats.ts";
import type { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";

const ROW_BOUNDS = [1, 10, 100, 300, 1_000, 3_000, 10_000, 20_000, 50_000, 100_000];

/** The sink's figures at /metrics; the lag in records is the consumer group's. */
export function sinkMetrics(metrics: MetricRegistry, now: () => number): SinkStats {
  const seconds = metrics.histogram("sink_insert_seconds", { help: "Duration of a confirmed insert" }).with();
  const rows = metrics.histogram("sink_block_rows", { help: "Rows of a block", bounds: ROW_BOUNDS }).with();
  const stats = new SinkStats((count, ms) => {
    seconds.record(ms / 1_000);
    rows.record(count);
  });
  metrics.observe("sink_rows_total", "counter", "Rows stored", () => stats.rows);
  metrics.observe("sink_blocks_total", "counter", "Blocks stored", () => stats.blocks);
  metrics.observe(
    "sink_repeats_total",
    "counter",
    "Records left out since their id had been read before",
    () => stats.repeats,
  );
  metrics.observe("sink_refused_total", "counter", "Records that went to the dead letters", () => stats.refused);
  metrics.observe("sink_insert_failures_total", "counter", "Inserts not confirmed, and repeated", () => stats.failures);
  metrics.observe(
    "sink_lag_seconds",
    "gauge",
    "Age of the oldest record that has been read and is not stored",
    () => stats.lagMs(now()) / 1_000,
  );
  return stats;
}
