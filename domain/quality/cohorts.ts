import { Arrivals } from "./arrivals.ts";
import { DELAY_BOUNDS_MS, DELAY_BUCKETS, delayBucket } from "./delay-buckets.ts";
import { DelayLine } from "./delay-line.ts";

const SLOT_MS = 256;
/**
 * Submissions of about the same moment grow old together: within a bucket, those of one step of this width, ms. A power of
 * two of slots that is a sixteenth of the bucket's age or more: a count changes only so often.
 */
const STEPS_MS: readonly number[] = DELAY_BOUNDS_MS.map((bound) =>
  Math.max(SLOT_MS, 2 ** Math.floor(Math.log2(bound / 8))),
);
/** Up to when submissions have passed each bucket, epoch ms: worked out anew for each use. */
const passedAt = new Float64Array(DELAY_BUCKETS);

/**
 * How submissions fare as they age. Of each bucket of delays it counts the submissions that have lived through it, and
 * those of them that were delivered within it. The quotient of the two is the probability to be delivered just then,
 * whatever the traffic was meanwhile: receipts that cannot have come yet are not missed, and those of an earlier, larger
 * traffic do not count for the present one. Both counts only grow, and of one submission they grow together.
 */
export class Cohorts {
  /** Submissions that have passed each bucket. */
  readonly exposed: number[] = new Array<number>(DELAY_BUCKETS).fill(0);
  /** Of these, delivered within it. */
  readonly delivered: number[] = new Array<number>(DELAY_BUCKETS).fill(0);
  private readonly submissions = new Arrivals(SLOT_MS);
  /** By bucket: deliveries whose submission has not passed it yet. */
  private readonly arriving: (DelayLine | undefined)[] = [];

  /** Whether, at a time in epoch ms, nothing is on its way through the buckets any more. */
  isIdle(now: number): boolean {
    const last = DELAY_BUCKETS - 1;
    return (
      this.submissions.last <= now - DELAY_BOUNDS_MS[last]! - STEPS_MS[last]! &&
      this.arriving.every((line) => line === undefined || line.empty)
    );
  }

  /** `at`: epoch ms. */
  submitted(at: number): void {
    this.submissions.add(at);
  }

  /** @returns whether it came in time to count: within the last bucket. */
  wasDelivered(submittedAt: number, delayMs: number): boolean {
    const bucket = delayBucket(Math.max(0, delayMs));
    if (bucket === DELAY_BUCKETS) return false;
    this.arriving[bucket] ??= new DelayLine();
    this.arriving[bucket].add(Math.ceil(submittedAt / STEPS_MS[bucket]!) * STEPS_MS[bucket]!, 1);
    return true;
  }

  /** Counts anew. @param now epoch ms, up to which every submission and receipt is known. @returns whether a count has changed */
  count(now: number): boolean {
    const before = sum(this.exposed) + sum(this.delivered);
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      const step = STEPS_MS[bucket]!;
      const passed = Math.floor((now - DELAY_BOUNDS_MS[bucket]!) / step) * step;
      passedAt[bucket] = passed;
      const line = this.arriving[bucket];
      while (line !== undefined && line.next <= passed) this.delivered[bucket]! += line.shift();
    }
    this.submissions.upTo(passedAt, this.exposed);
    if (this.submissions.crowded) this.submissions.thin(passedAt, STEPS_MS);
    return sum(this.exposed) + sum(this.delivered) !== before;
  }
}

function sum(counts: readonly number[]): number {
  let all = 0;
  for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) all += counts[bucket]!;
  return all;
}
