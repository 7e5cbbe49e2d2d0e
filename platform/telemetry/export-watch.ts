import { errorMessage } from "../errors/sluice-error.ts";
import type { Log } from "../log/log.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import type { ExportedBatch } from "./tracing.ts";

/** Counts what became of spans, and says why they are lost: once a minute, since each batch is tried for seconds. */
export function exportWatch(metrics: MetricRegistry, log: Log): (batch: ExportedBatch) => void {
  const spans = metrics.counter("trace_spans_total", {
    help: "Spans handed to the OTLP receiver, by what became of them",
  });
  const [exported, lost] = [spans.with({ outcome: "exported" }), spans.with({ outcome: "lost" })];
  return ({ spans: count, error }) => {
    (error === undefined ? exported : lost).add(count);
    if (error === undefined) return;
    log
      .every("trace-export", 60_000)
      .warn({ spans: count, why: errorMessage(error) }, "spans could not be exported; see OTEL_EXPORTER_OTLP_ENDPOINT");
  };
}
