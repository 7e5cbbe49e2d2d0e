import type { TaskInput } from "../../platform/kafka/task.ts";
import { LANES, ROUTER_INPUTS, requestTopic } from "../../schemas/topics.ts";

export interface BatchSharesOptions {
  /** Of what this process has given out since it was last asked, the part that went to providers with work for so many seconds. */
  readonly shareBehind: (seconds: number, now: number) => number | undefined;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
}

/** Records of one input in a batch at the most. */
const MOST = 100;
/** Of a less urgent input while urgent messages come: at the least, and to begin with. */
const LEAST = 5;
const FIRST = 25;
/** Urgent messages come while one came so long ago, ms. */
const LATELY_MS = 2_000;
/** Providers say every second how they are. */
const TURN_MS = 1_000;
/** The providers have enough to do when nearly all of what is given goes to such that have work for so many seconds. */
const AHEAD_SECONDS = 2;
const NEARLY_ALL = 0.9;
const SLOWER = 0.7;
const FASTER = 1.3;
const MOST_URGENT = ROUTER_INPUTS.indexOf(requestTopic(LANES[0]));
/** Inputs before this one are never held short: the otp messages, and what is routed again at once. */
const HELD_SHORT_FROM = 2;

/**
 * How many records of each input a batch takes. An otp message waits for the batch at hand and for those of the process's other
 * partitions, and what is routed long before it can be submitted takes the processor from those who submit. So while
 * otp messages come, the rest is routed as fast as providers take it, and not much faster.
 */
export class BatchShares {
  private readonly options: BatchSharesOptions;
  private urgentAt = Number.NEGATIVE_INFINITY;
  private share = FIRST;
  private turnAt = Number.NEGATIVE_INFINITY;

  constructor(options: BatchSharesOptions) {
    this.options = options;
  }

  /** For `runTransform`: asked for each input of a task in turn, the most urgent first. */
  readonly most = (index: number, input: Pick<TaskInput, "length">): number => {
    const now = this.options.monotonic();
    if (index === MOST_URGENT && input.length > 0) this.urgentAt = now;
    if (now - this.turnAt >= TURN_MS) this.turn(now);
    return index < HELD_SHORT_FROM || now - this.urgentAt > LATELY_MS ? MOST : Math.round(this.share);
  };

  private turn(now: number): void {
    this.turnAt = now;
    const behind = this.options.shareBehind(AHEAD_SECONDS, now);
    if (behind === undefined) return;
    if (now - this.urgentAt > LATELY_MS) this.share = FIRST;
    else if (behind >= NEARLY_ALL) this.share = Math.max(LEAST, this.share * SLOWER);
    else this.share = Math.min(MOST, this.share * FASTER);
  }
}
