/** Where the logs ended when they were asked: what was written before `askedAt` stands below `ends`. */
export interface EndsSample {
  /** Epoch milliseconds, by the brokers' clock as this process knows it. */
  readonly askedAt: number;
  /** One above the last offset, for each input. */
  readonly ends: readonly number[];
}

/**
 * The time up to which everything that was written has been processed. Deadlines pass by it, and so never while there
 * is unread backlog, and also in a partition where nothing happens any more.
 */
export class StreamClock {
  private readonly graceMs: number;
  private pending: EndsSample | undefined;
  private lastAskedAt = Number.NEGATIVE_INFINITY;
  /** Epoch milliseconds; -Infinity before the first proof. */
  readUpTo = Number.NEGATIVE_INFINITY;

  /** `graceMs`: for clocks that differ and for writes that were under way. */
  constructor(graceMs: number) {
    this.graceMs = graceMs;
  }

  /** `positions`: the first offset not processed, for each input. */
  advance(sample: EndsSample | undefined, positions: readonly number[]): void {
    if (this.pending === undefined && sample !== undefined && sample.askedAt > this.lastAskedAt) {
      this.pending = sample;
      this.lastAskedAt = sample.askedAt;
    }
    const pending = this.pending;
    if (pending === undefined || !pending.ends.every((end, i) => positions[i]! >= end)) return;
    this.readUpTo = Math.max(this.readUpTo, pending.askedAt - this.graceMs);
    this.pending = undefined;
  }
}
