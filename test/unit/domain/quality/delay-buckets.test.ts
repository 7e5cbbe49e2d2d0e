import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DELAY_BOUNDS_MS,
  DELAY_BUCKETS,
  delayBucket,
  delayQuantile,
} from "../../../../domain/quality/delay-buckets.ts";

describe("a bucket of delays", () => {
  it("holds what lies below its bound and not below the one before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (delay) => {
        const found = DELAY_BOUNDS_MS.findIndex((bound) => delay < bound);
        expect(delayBucket(delay)).toBe(found < 0 ? DELAY_BUCKETS : found);
      }),
    );
    for (const [bucket, bound] of DELAY_BOUNDS_MS.entries()) {
      expect(delayBucket(bound - 1)).toBe(bucket);
      expect(delayBucket(bound)).toBe(bucket + 1);
    }
  });

  it("is √2 times as wide as the one before: a stretched distribution is a moved one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 1_000_000 }), (delay) => {
        expect(delayBucket(2 * delay) - delayBucket(delay)).toBe(2);
      }),
    );
  });
});

describe("a quantile", () => {
  it("lies in the bucket of the delay that so many have at the most", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (delays, share) => {
          const counts = new Array<number>(DELAY_BUCKETS).fill(0);
          for (const delay of delays) counts[delayBucket(delay)]!++;
          const sorted = [...delays].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(share * sorted.length - 1e-9) - 1]!;
          const bucket = delayBucket(exact);
          const told = delayQuantile(counts, share)!;
          expect(told).toBeGreaterThanOrEqual(bucket === 0 ? 0 : DELAY_BOUNDS_MS[bucket - 1]!);
          expect(told).toBeLessThanOrEqual(DELAY_BOUNDS_MS[bucket]!);
        },
      ),
    );
  });

  it("is not known while nothing is counted", () =>
    expect(delayQuantile(new Array<number>(DELAY_BUCKETS).fill(0), 0.5)).toBeUndefined());
});
