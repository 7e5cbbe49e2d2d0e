/**
 * Times from submission to delivery are counted in buckets, each √2 times as wide as the one before. So a distribution
 * that is stretched by √2, 2 or 2√2 is the same one, moved by one, two or three buckets.
 */
const FIRST_BOUND_MS = 500;

/** How many there are; what comes after the last bound counts as not delivered. */
export const DELAY_BUCKETS = 27;

/** Upper bound of each bucket, exclusive, ms: from half a second to 68 minutes. The lower one is that of the bucket before, or 0. */
export const DELAY_BOUNDS_MS: readonly number[] = Array.from({ length: DELAY_BUCKETS }, (_, bucket) =>
  Math.round(FIRST_BOUND_MS * 2 ** (bucket / 2)),
);

/** The bucket of a delay in ms; {@link DELAY_BUCKETS} when it lies beyond the last one. */
export function delayBucket(delayMs: number): number {
  if (delayMs < FIRST_BOUND_MS) return 0;
  // Bounds are rounded to a millisecond: the logarithm may be one off.
  let bucket = Math.min(DELAY_BUCKETS, Math.floor(2 * Math.log2(delayMs / FIRST_BOUND_MS)) + 1);
  if (bucket < DELAY_BUCKETS && delayMs >= DELAY_BOUNDS_MS[bucket]!) bucket++;
  return bucket;
}

/**
 * The delay, ms, that a share of those counted have at the most, taking those of a bucket as spread evenly over it;
 * undefined while nothing is counted. `share`: in (0, 1].
 */
export function delayQuantile(counts: ArrayLike<number>, share: number): number | undefined {
  let total = 0;
  for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) total += counts[bucket]!;
  if (total <= 0) return undefined;
  let left = share * total;
  for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
    const count = counts[bucket]!;
    if (count > 0 && left <= count) {
      const from = bucket === 0 ? 0 : DELAY_BOUNDS_MS[bucket - 1]!;
      return from + (left / count) * (DELAY_BOUNDS_MS[bucket]! - from);
    }
    left -= count;
  }
  return DELAY_BOUNDS_MS[DELAY_BUCKETS - 1];
}
