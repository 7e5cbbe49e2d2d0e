/** Counts by bucket, of which half is forgotten within a half-life. Shares of the whole do not depend on when they are asked for. */
export class DecayedHistogram {
  readonly counts: Float64Array;
  total = 0;
  private at = 0;
  private readonly halfLife: number;

  /** @param halfLife minutes */
  constructor(buckets: number, halfLife: number) {
    this.counts = new Float64Array(buckets);
    this.halfLife = halfLife;
  }

  /** Adds what a minute had, not earlier than that of the last addition; further buckets are left out. */
  add(minute: number, added: ArrayLike<number>): void {
    const factor = 2 ** ((this.at - minute) / this.halfLife);
    this.at = minute;
    this.total = 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      const count = this.counts[bucket]! * factor + (added[bucket] ?? 0);
      this.counts[bucket] = count;
      this.total += count;
    }
  }

  /** The largest share that two buckets side by side have; 0 when nothing was counted. */
  narrowest(): number {
    let most = 0;
    for (let b = 1; b < this.counts.length; b++) most = Math.max(most, this.counts[b - 1]! + this.counts[b]!);
    return this.total === 0 ? 0 : most / this.total;
  }
}
