const bucketMs = 10;
const buckets = 100;

/**
 * Counts the segments that came within the last second, in steps of 10 ms: for the rate limit, and for the highest rate
 * that was ever seen. It counts what is certain, so that nobody is accused wrongly: up to 10 ms less than a second is
 * looked at, and a process that was scheduled late does not take what waited for it for a burst. Times are passed in, ms of a
 * monotonic clock.
 */
export class SegmentRate {
  /** The most segments that certainly came in any one second. */
  peak = 0;
  readonly #counts = new Uint32Array(buckets);
  #bucket = 0;
  #sum = 0;

  /** Segments in the second up to `now`. */
  lastSecond(now: number): number {
    this.#advance(now);
    return this.#sum;
  }

  /** `since`: the earliest time at which they may have come. */
  add(now: number, segments: number, since: number): void {
    this.#advance(now);
    const bucket = Math.floor(since / bucketMs);
    if (bucket <= this.#bucket - buckets) return;
    const slot = bucket % buckets;
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
