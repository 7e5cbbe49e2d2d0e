import { errorMessage } from "../errors/sluice-error.ts";
import type { Log } from "../log/log.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import type { ExportedBatch } from "./tracing.ts";

/** Counts what became of spans, and says why they are lost: once a minute, since each batch is tried for seconds. */
export function exportWatch(metrics: MetricRegistry, log: Log): (batch: ExportedBatch) => void {
  const spans = metrics.counter("trace_spans_total", {
    help: "Spans by what became of them: exported to the OTLP receiver, lost as it did not take them, dropped since too many waited",
  });
  const counts = {
    exported: spans.with({ outcome: "exported" }),
    lost: spans.with({ outcome: "lost" }),
    dropped: spans.with({ outcome: "dropped" }),
  };
  return ({ spans: count, outcome, error }) => {
    counts[outcome].add(count);
    if (outcome === "exported") return;
    const why = error === undefined ? "too many spans wait for it" : errorMessage(error);
    log
      .every("trace-export", 60_000)
      .warn({ spans: count, why }, "spans could not be exported; see OTEL_EXPORTER_OTLP_ENDPOINT");
  };
}
