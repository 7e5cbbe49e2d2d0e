import type { CorrelationCounters } from "./correlation-counters.ts";
import type { CorrelationOutputs } from "./correlation-terms.ts";

/** One call of the correlation: what all that it concludes has in common. */
export interface Turn {
  /** Where conclusions go. */
  readonly out: CorrelationOutputs;
  /** Epoch milliseconds. */
  readonly now: number;
  /** What is given has been processed before: it is taken in, and nothing is concluded from it. */
  readonly replaying: boolean;
  /** Of this process; in a replay others, which nobody reads: whoever took it in before has counted it. */
  readonly counters: CorrelationCounters;
}
