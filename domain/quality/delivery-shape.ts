import type { AgeCounts } from "./age-counts.ts";
import { DELAY_BUCKETS } from "./delay-buckets.ts";

/**
 * Receipts may take as many buckets longer or shorter than usual (a bucket is a factor of √2) and mean nothing bad by it:
 * between half and 2.8 times the usual.
 */
export const STRETCHES: readonly number[] = [-2, -1, 0, 1, 2, 3];
/** Index in {@link STRETCHES} of what is usual. */
export const AS_USUAL = STRETCHES.indexOf(0);

/** So many submissions' worth is taken from who is asked where own data are few. */
const POOLED = 20;
/** This share of the deliveries may come at any time, whatever is usual: nothing is quite impossible. */
const STRAY = 0.02;
const LOG_STRAY = Math.log(STRAY / DELAY_BUCKETS);

/** How deliveries spread over the time since submission: of one submission, what is delivered in each bucket. */
export class DeliveryShape {
  /** Probability to be delivered within the bucket. */
  readonly density = new Float64Array(DELAY_BUCKETS);
  /** Probability to be delivered at all. */
  delivery = 0;
  /** Of the deliveries that are usual, the share that comes within the bucket; never 0. */
  readonly usual = new Float64Array(DELAY_BUCKETS);
  private readonly stretched = STRETCHES.map(() => ({
    shares: new Float64Array(DELAY_BUCKETS),
    logs: new Float64Array(DELAY_BUCKETS),
  }));
  private isStretched = false;

  /** Learns from counts, and from another's shape where they are few. */
  learn({ exposed, delivered }: AgeCounts, pool: DeliveryShape): void {
    let sum = 0;
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      const density = (delivered[bucket]! + POOLED * pool.density[bucket]!) / (exposed[bucket]! + POOLED);
      this.density[bucket] = density;
      sum += density;
    }
    this.settle(sum);
  }

  /** @param sum of `density` */
  settle(sum: number): void {
    // Buckets are of different submissions: a provider that has just become worse may come to more than 1.
    this.delivery = Math.min(sum, 0.999);
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++)
      this.usual[bucket] = ((1 - STRAY) * this.density[bucket]!) / sum + STRAY / DELAY_BUCKETS;
    this.isStretched = false;
  }

  /** By stretch: `usual` as it is when receipts take so much longer, and its logarithm. Few ask for it. */
  get stretches(): readonly { readonly shares: Float64Array; readonly logs: Float64Array }[] {
    if (this.isStretched) return this.stretched;
    const usual = this.usual.map((share) => Math.log(share));
    for (const [index, { shares, logs }] of this.stretched.entries())
      for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
        shares[bucket] = this.usual[bucket - STRETCHES[index]!] ?? STRAY / DELAY_BUCKETS;
        logs[bucket] = usual[bucket - STRETCHES[index]!] ?? LOG_STRAY;
      }
    this.isStretched = true;
    return this.stretched;
  }

  copy(): DeliveryShape {
    const copy = new DeliveryShape();
    copy.density.set(this.density);
    copy.settle(this.density.reduce((sum, one) => sum + one, 0));
    return copy;
  }
}
