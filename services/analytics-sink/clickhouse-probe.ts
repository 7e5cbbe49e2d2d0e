import { errorMessage } from "../../platform/errors/sluice-error.ts";
import type { SinkStats } from "../../platform/kafka/sink-stats.ts";
import type { CheckOutcome } from "../../platform/lifecycle/readiness.ts";

/** Inserts that fail for so long make the service not ready, ms. */
const FAILING_MS = 5_000;
/** An answer of ClickHouse counts for so long, ms: readiness may be asked far more often. */
const FRESH_MS = 2_000;

/** Whether rows can be stored: the last inserts were, and the table answers. */
export function clickhouseReadiness(
  check: () => Promise<void>,
  stats: SinkStats,
  now: () => number = () => performance.now(),
): () => Promise<CheckOutcome> {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let answer: Promise<CheckOutcome> | undefined;
  return async () => {
    if (stats.failingSince !== 0 && now() - stats.failingSince > FAILING_MS)
      return { ok: false, why: `inserts have been failing for ${Math.round(now() - stats.failingSince)} ms` };
    if (answer === undefined || now() - checkedAt > FRESH_MS) {
      checkedAt = now();
      answer = check().then(
        () => ({ ok: true }) as const,
        (error: unknown) => ({ ok: false, why: errorMessage(error) }) as const,
      );
    }
    return answer;
  };
}
