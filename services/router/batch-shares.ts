import type { TaskInput } from "../../platform/kafka/task.ts";
import { LANES, ROUTER_INPUTS, requestTopic } from "../../schemas/topics.ts";

export interface BatchSharesOptions {
  /** Tasks of this process. */
  readonly tasks: () => number;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
}

/** Records of one input in a batch. */
const FULL = 100;
/** Less urgent records in the batches of all tasks of a process while urgent ones come. */
const BESIDE_URGENT = 300;
/** However many tasks there are. */
const LEAST = 8;
/** Urgent messages come while one came so long ago, ms. */
const LATELY_MS = 2_000;
const MOST_URGENT = ROUTER_INPUTS.indexOf(requestTopic(LANES[0]));
/** Inputs up to this one are never held short: the otp messages, and what is routed again at once. */
const URGENT_INPUTS = 2;

/**
 * How many records of each input a batch takes. An otp message waits for the batch at hand, and for those of the process's other
 * partitions; and what has been routed far ahead takes the senders' time. While otp messages come, little of the rest is under way.
 */
export class BatchShares {
  private readonly options: BatchSharesOptions;
  private urgentAt = Number.NEGATIVE_INFINITY;

  constructor(options: BatchSharesOptions) {
    this.options = options;
  }

  /** For `runTransform`: asked for each input of a task in turn, the most urgent first. */
  readonly most = (index: number, input: Pick<TaskInput, "length">): number => {
    const now = this.options.monotonic();
    if (index === MOST_URGENT && input.length > 0) this.urgentAt = now;
    if (index < URGENT_INPUTS || now - this.urgentAt > LATELY_MS) return FULL;
    return Math.min(FULL, Math.max(LEAST, Math.floor(BESIDE_URGENT / Math.max(1, this.options.tasks()))));
  };
}
