import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedMap } from "../../../../domain/abnormal/bounded-map.ts";
import { DecayedCount } from "../../../../domain/abnormal/decayed-count.ts";
import { SeasonalRate } from "../../../../domain/abnormal/seasonal-rate.ts";

describe("DecayedCount", () => {
  it("is the sum of what was added, each halved by its age", () => {
    const additions = fc.array(fc.tuple(fc.nat(50), fc.nat(1_000)), { maxLength: 40 });
    fc.assert(
      fc.property(additions, fc.integer({ min: 1, max: 100 }), fc.nat(100), (steps, halfLife, later) => {
        const count = new DecayedCount(halfLife);
        const added: { at: number; amount: number }[] = [];
        let minute = 0;
        for (const [step, amount] of steps) {
          minute += step;
          count.add(minute, amount);
          added.push({ at: minute, amount });
        }
        const now = minute + later;
        const naive = added.reduce((sum, { at, amount }) => sum + amount * 0.5 ** ((now - at) / halfLife), 0);
        expect(count.get(now)).toBeCloseTo(naive, 4);
      }),
    );
  });
});

describe("BoundedMap", () => {
  it("holds the keys that were asked for last, as a list that is searched does", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9)), fc.integer({ min: 1, max: 6 }), (keys, limit) => {
        let made = 0;
        const map = new BoundedMap(limit, () => ++made);
        let naive: { key: string; value: number }[] = [];
        let count = 0;
        for (const n of keys) {
          const key = String(n);
          const own = naive.find((entry) => entry.key === key) ?? { key, value: ++count };
          naive = [...naive.filter((entry) => entry !== own), own].slice(-limit);
          expect(map.claim(key)).toBe(own.value);
        }
        expect(map.size).toBe(naive.length);
        expect(map.evicted).toBe(count - naive.length);
        for (const { key, value } of naive) expect(map.peek(key)).toBe(value);
      }),
    );
  });
});

describe("SeasonalRate", () => {
  /** The means that SeasonalRate holds, from the list of all hours. */
  function naive(hours: readonly number[], hour: number): number {
    const mean = (values: readonly number[], least: number): number =>
      values.reduce((sum, value, n) => sum + (value - sum) * Math.max(least, 1 / (n + 1)), 0);
    const of = (period: number): number[] => hours.filter((_, n) => n % period === hour % period);
    const [week, day] = [of(168), of(24)];
    const ofDay = (mean(day, 0.12) * day.length + mean(hours, 0.01)) / (day.length + 1);
    return (mean(week, 0.3) * week.length + ofDay) / (week.length + 1);
  }

  it("expects what a list of all hours says, hours without any included", () => {
    const hours = fc.array(fc.oneof(fc.constant(0), fc.nat(600)), { minLength: 1, maxLength: 500 });
    fc.assert(
      fc.property(hours, fc.nat(200), (messages, ahead) => {
        const rate = new SeasonalRate();
        // The first hour counts from when the key was first seen.
        const seen = [1, ...messages];
        for (const [hour, count] of seen.entries()) if (count > 0) rate.learn(hour * 60 + 7, count);
        const end = seen.length;
        rate.learn(end * 60, 0);
        const expected = naive(
          seen.map((count) => count / 60),
          end + ahead,
        );
        expect(rate.expected((end + ahead) * 60)).toBeCloseTo(expected, 3);
      }),
      { numRuns: 60 },
    );
  });

  it("takes a peak for usual only when its hour is over, and less so every day", () => {
    const rate = new SeasonalRate();
    rate.learn(0, 1);
    rate.peaked(40);
    rate.learn(60, 1);
    expect(rate.peak).toBe(0);
    rate.learn(120, 1);
    expect(rate.peak).toBe(40);
    expect(rate.peakAround(24 * 60)).toBe(40);
    expect(rate.peakAround(12 * 60)).toBe(0);
    rate.learn(120 + 6 * 24 * 60, 1);
    expect(rate.peak).toBeCloseTo(40 * 0.97 ** 6, 3);
  });

  it("forgets a peak that was not usual", () => {
    const rate = new SeasonalRate();
    rate.learn(0, 1);
    rate.peaked(40);
    rate.forgetNewest();
    rate.learn(200, 1);
    expect(rate.peak).toBe(0);
  });
});
