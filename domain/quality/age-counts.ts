import { DELAY_BUCKETS } from "./delay-buckets.ts";

/** Submissions that have lived through each bucket of delays, and those of them that were delivered within it. */
export class AgeCounts {
  readonly exposed = new Float64Array(DELAY_BUCKETS);
  readonly delivered = new Float64Array(DELAY_BUCKETS);

  /** Adds `weight` times the others, less what they were before, if that is given. */
  add(more: PlainCounts, weight = 1, less?: PlainCounts): void {
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      this.exposed[bucket]! += weight * (more.exposed[bucket]! - (less?.exposed[bucket] ?? 0));
      this.delivered[bucket]! += weight * (more.delivered[bucket]! - (less?.delivered[bucket] ?? 0));
    }
  }

  scale(factor: number): void {
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      this.exposed[bucket]! *= factor;
      this.delivered[bucket]! *= factor;
    }
  }

  clear(): void {
    this.exposed.fill(0);
    this.delivered.fill(0);
  }

  copy(): AgeCounts {
    const copy = new AgeCounts();
    copy.add(this);
    return copy;
  }
}

export interface PlainCounts {
  readonly exposed: ArrayLike<number>;
  readonly delivered: ArrayLike<number>;
}
