import { DELAY_BOUNDS_MS, DELAY_BUCKETS, delayBucket } from "./delay-buckets.ts";
import { DelayLine } from "./delay-line.ts";

/**
 * Submissions of about the same moment grow old together: within a bucket, those of one slot of this width, ms. A power of
 * two of at least 256 that is a sixteenth of the bucket's age or more, so that slots of later buckets are whole numbers
 * of slots of earlier ones, and a bucket holds a handful.
 */
const SLOT_MS: readonly number[] = DELAY_BOUNDS_MS.map((bound) => Math.max(256, 2 ** Math.floor(Math.log2(bound / 8))));

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
  /** Submissions by the end of their slot, in the bucket that they have reached. */
  private readonly ageing = Array.from({ length: DELAY_BUCKETS }, () => new DelayLine());
  /** Deliveries whose slot has not passed their bucket yet. */
  private readonly arriving = Array.from({ length: DELAY_BUCKETS }, () => new DelayLine());

  /** Whether nothing is on its way through the buckets any more. */
  get idle(): boolean {
    return this.ageing.every((line) => line.empty) && this.arriving.every((line) => line.empty);
  }

  /** `at`: epoch ms. */
  submitted(at: number): void {
    this.ageing[0]!.add(slotEnd(at, 0), 1);
  }

  /** @returns whether it came in time to count: within the last bucket. */
  wasDelivered(submittedAt: number, delayMs: number): boolean {
    const bucket = delayBucket(Math.max(0, delayMs));
    if (bucket === DELAY_BUCKETS) return false;
    this.arriving[bucket]!.add(slotEnd(submittedAt, bucket), 1);
    return true;
  }

  /** Lets time pass. @param now epoch ms, up to which every submission and receipt is known. @returns whether a count has changed */
  advance(now: number): boolean {
    let changed = false;
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      const due = now - DELAY_BOUNDS_MS[bucket]!;
      const [ageing, arriving] = [this.ageing[bucket]!, this.arriving[bucket]!];
      while (ageing.next <= due) {
        const end = ageing.next;
        const count = ageing.shift();
        this.exposed[bucket]! += count;
        if (bucket + 1 < DELAY_BUCKETS) this.ageing[bucket + 1]!.add(slotEnd(end, bucket + 1), count);
        changed = true;
      }
      while (arriving.next <= due) {
        this.delivered[bucket]! += arriving.shift();
        changed = true;
      }
    }
    return changed;
  }
}

function slotEnd(at: number, bucket: number): number {
  const width = SLOT_MS[bucket]!;
  return Math.ceil(at / width) * width;
}
