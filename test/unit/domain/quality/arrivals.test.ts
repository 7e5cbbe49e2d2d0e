import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arrivals } from "../../../../domain/quality/arrivals.ts";

const SLOT = 256;
const AGES = [500, 4_000, 60_000];
const STEPS = [256, 512, 8_192];

/** Multiples of the steps that lie so long ago, the latest first. */
const asked = (now: number) => AGES.map((age, n) => Math.floor((now - age) / STEPS[n]!) * STEPS[n]!);

function counts(arrivals: Arrivals, times: readonly number[]): number[] {
  const found: number[] = [];
  arrivals.upTo(times, found);
  return found;
}

describe("arrivals", () => {
  it("are counted up to any moment that may be asked for, thinned out or not, in whatever order they come", () => {
    const gaps = fc.array(fc.tuple(fc.nat(3_000), fc.nat(700)), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 50 }), (steps, every) => {
        const arrivals = new Arrivals(SLOT);
        const all: number[] = [];
        let now = 1_000_000;
        for (const [index, [gap, late]] of steps.entries()) {
          now += gap;
          all.push(now - late);
          arrivals.add(now - late);
          const times = asked(now);
          const naive = times.map((time) => all.filter((at) => Math.ceil(at / SLOT) * SLOT <= time).length);
          expect(counts(arrivals, times)).toEqual(naive);
          if (index % every === 0) arrivals.thin(times, STEPS);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("take a bounded room, however many there are", () => {
    const arrivals = new Arrivals(SLOT);
    let thinned = 0;
    for (let now = 0; now < 3_600_000; now += SLOT) {
      arrivals.add(now);
      if (!arrivals.crowded) continue;
      thinned++;
      arrivals.thin(asked(now), STEPS);
      expect(arrivals.crowded).toBe(false);
    }
    expect(counts(arrivals, [3_600_000])).toEqual([Math.ceil(3_600_000 / SLOT)]);
    expect(thinned).toBeGreaterThan(20);
  });
});
