import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawDelivery, pooledPosterior, posteriorMean } from "../../../../domain/quality/delivery-posterior.ts";
import { PRIOR_DELIVERY, PRIOR_WEIGHT } from "../../../../domain/quality/prior-delivery.ts";
import { seededRandom } from "../../../../infra/simulators/behaviour/random-source.ts";

/** What is known from elsewhere weighs as much as so many submissions at the most. */
const POOLED = 8;

const trials = (all: number, delivered: number) => ({ trials: all, successes: delivered });
const level = fc.tuple(fc.integer({ min: 0, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }));

/** Wholes of which each holds the next: what was seen outside of the next is given. */
function nested(outside: readonly (readonly [number, number])[]) {
  const levels = outside.map(([all, share]) => ({ trials: all, successes: all * share }));
  for (let place = levels.length - 2; place >= 0; place--) {
    levels[place]!.trials += levels[place + 1]!.trials;
    levels[place]!.successes += levels[place + 1]!.successes;
  }
  return levels;
}

describe("what is known of a probability", () => {
  it("is the prior before anything was seen", () => {
    for (const levels of [[], [trials(0, 0)], [trials(0, 0), trials(0, 0), trials(0, 0)]]) {
      const { alpha, beta } = pooledPosterior(levels);
      expect(posteriorMean({ alpha, beta })).toBeCloseTo(PRIOR_DELIVERY, 9);
      expect(alpha + beta).toBeCloseTo(PRIOR_WEIGHT, 9);
    }
  });

  it("equals a sum of all that was seen, what is further out weighed down to a bound", () => {
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 4 }), (outside) => {
        let weight = PRIOR_WEIGHT;
        let mean = PRIOR_DELIVERY;
        for (const [all, share] of outside) {
          const kept = Math.min(POOLED, weight);
          weight = kept + all;
          mean = (kept * mean + all * share) / weight;
        }
        const posterior = pooledPosterior(nested(outside));
        expect(posteriorMean(posterior)).toBeCloseTo(mean, 6);
        expect(posterior.alpha + posterior.beta).toBeCloseTo(weight, 6);
      }),
    );
  });

  it("is what was seen itself where that is much, whatever was seen elsewhere", () => {
    fc.assert(
      fc.property(level, level, fc.double({ min: 0, max: 1, noNaN: true }), (provider, country, share) => {
        const mean = posteriorMean(pooledPosterior(nested([provider, country, [10_000, share]])));
        expect(Math.abs(mean - share)).toBeLessThan(POOLED / 10_000 + 1e-9);
      }),
    );
  });

  it("is what was seen elsewhere where nothing was seen, and not surer than a few submissions make it", () => {
    const posterior = pooledPosterior(
      nested([
        [5_000, 0.3],
        [0, 0],
        [0, 0],
      ]),
    );
    expect(posteriorMean(posterior)).toBeCloseTo(0.3, 2);
    expect(posterior.alpha + posterior.beta).toBeCloseTo(POOLED, 6);
  });
});

describe("a draw", () => {
  it.each([
    [1.7, 0.3],
    [8, 2],
    [0.4, 0.2],
    [900, 100],
  ])("of Beta(%d, %d) has its mean and deviation", (alpha, beta) => {
    const random = seededRandom(4);
    const draws = Array.from({ length: 20_000 }, () => drawDelivery({ alpha, beta }, random));
    const mean = draws.reduce((sum, one) => sum + one, 0) / draws.length;
    const variance = draws.reduce((sum, one) => sum + (one - mean) ** 2, 0) / draws.length;
    const exact = (alpha * beta) / ((alpha + beta) ** 2 * (alpha + beta + 1));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThanOrEqual(1);
    expect(Math.abs(mean - alpha / (alpha + beta))).toBeLessThan(5 * Math.sqrt(exact / draws.length));
    expect(variance / exact).toBeCloseTo(1, 1);
  });
});
