import { REPLAY_REASONS } from "../../pipeline/dead-letters/replay-mark.ts";
import type { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";

/** Anybody may write into the topic: what comes beyond is counted together. */
const MAX_REASONS = 200;
/** Marks of replays stand among dead letters, and are none. */
const MARKS: ReadonlySet<string> = new Set(Object.values(REPLAY_REASONS));

/** Letters of a block by who wrote them and why. */
export type LetterCounts = Iterable<{ readonly service: string; readonly reason: string; readonly count: number }>;

/** Counts dead letters once they are stored. */
export function storedLetters(registry: MetricRegistry): (letters: LetterCounts) => void {
  const byReason = registry.counter("sink_dead_letters_total", {
    help: "Dead letters stored, by the service that wrote them and the reason",
    maxSeries: MAX_REASONS,
  });
  // Reasons are free, so a series by reason begins with what came first, which increase() misses: this one is there at 0.
  const all = registry
    .counter("sink_dead_letters_stored_total", { help: "Dead letters stored, without the marks of replays" })
    .with();
  return (letters) => {
    for (const { service, reason, count } of letters) {
      // Not `service`: that label is the target's own in Prometheus.
      byReason.with({ origin: service, reason }).add(count);
      if (!MARKS.has(reason)) all.add(count);
    }
  };
}
