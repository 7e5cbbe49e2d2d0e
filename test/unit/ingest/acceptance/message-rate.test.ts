import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageRate } from "../../../../services/ingest/acceptance/message-rate.ts";

describe("MessageRate", () => {
  it("holds the rate over any stretch, whatever the sizes and pauses", () => {
    const requests = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 50 }), wait: fc.integer({ min: 0, max: 3_000 }) }),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(requests, fc.double({ min: 1, max: 100, noNaN: true }), (steps, perSecond) => {
        const rate = new MessageRate();
        let now = 0;
        let admitted = 0;
        let last = 0;
        for (const { size, wait } of steps) {
          now += wait;
          if (rate.charge("a", perSecond, size, now) > 0) continue;
          // Everything before this request fits the rate and one second's burst.
          expect(admitted).toBeLessThanOrEqual(perSecond * (now / 1_000 + 1) + 1e-6);
          admitted += size;
          last = size;
        }
        expect(admitted - last).toBeLessThanOrEqual(perSecond * (now / 1_000 + 1) + 1e-6);
      }),
    );
  });

  it("admits after the time it names, and not a second before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0.1, max: 500, noNaN: true }), (size, rate) => {
        const limiter = new MessageRate();
        expect(limiter.charge("a", Math.max(rate, 1), size, 0)).toBe(0);
        const wait = limiter.charge("a", Math.max(rate, 1), 1, 0);
        if (wait === 0) return;
        expect(limiter.charge("a", Math.max(rate, 1), 0, (wait - 1) * 1_000 - 1)).toBeGreaterThan(0);
        expect(limiter.charge("a", Math.max(rate, 1), 0, wait * 1_000 + 1)).toBe(0);
      }),
    );
  });

  it("works below one message a second", () => {
    const rate = new MessageRate();
    expect(rate.charge("a", 0.1, 1, 0)).toBe(0);
    expect(rate.charge("a", 0.1, 1, 0)).toBe(10);
    expect(rate.charge("a", 0.1, 1, 9_900)).toBeGreaterThan(0);
    expect(rate.charge("a", 0.1, 1, 10_001)).toBe(0);
  });

  it("leaves accounts without a limit alone", () => {
    const rate = new MessageRate();
    for (let i = 0; i < 10; i++) expect(rate.charge("a", undefined, 10_000, 0)).toBe(0);
  });
});
