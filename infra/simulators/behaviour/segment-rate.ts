const bucketMs = 10;
const buckets = 100;

/**
 * Counts segments over the last second, in steps of 10 ms: for the rate limit, and for the highest rate that was ever
 * seen. Time is passed in, ms of a monotonic clock.
 */
export class SegmentRate {
  /** The most segments seen in any one second. */
  peak = 0;
  readonly #counts = new Uint32Array(buckets);
  #bucket = 0;
  #sum = 0;

  /** Segments in the second up to `now`; up to 10 ms less than a second is looked at, so that nobody is accused wrongly. */
  lastSecond(now: number): number {
    this.#advance(now);
    return this.#sum;
  }

  add(now: number, segments: number): void {
    this.#advance(now);
    const slot = this.#bucket % buckets;
    this.#counts[slot] = this.#counts[slot]! + segments;
    this.#sum += segments;
    if (this.#sum > this.peak) this.peak = this.#sum;
  }

  #advance(now: number): void {
    const bucket = Math.floor(now / bucketMs);
    if (bucket <= this.#bucket) return;
    if (bucket - this.#bucket >= buckets) {
      this.#counts.fill(0);
      this.#sum = 0;
    } else {
      for (let b = this.#bucket + 1; b <= bucket; b++) {
        this.#sum -= this.#counts[b % buckets]!;
        this.#counts[b % buckets] = 0;
      }
    }
    this.#bucket = bucket;
  }
}
