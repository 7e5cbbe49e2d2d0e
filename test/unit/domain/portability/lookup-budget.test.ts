import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LookupBudget } from "../../../../domain/portability/lookup-budget.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 0, 30, 12);
const terms = (budget: { daily?: number; monthly?: number }, id = "l", zone = "UTC") => ({
  id,
  price: 1_000,
  budget: { zone, ...budget },
});
/** Questions that the budget has at a moment, at most `most`. */
function count(budget: LookupBudget, lookup: ReturnType<typeof terms>, at: number, most = 1_000): number {
  let taken = 0;
  while (taken < most && budget.take(lookup, at)) taken++;
  return taken;
}

describe("a partition's budget of look-ups", () => {
  it("is its even share, by the day and by the month", () => {
    const budget = new LookupBudget(4);
    const both = terms({ daily: 20_000, monthly: 32_000 });
    expect(count(budget, both, NOON)).toBe(5);
    expect(count(budget, both, NOON + DAY)).toBe(3);
    // The next month.
    expect(count(budget, both, NOON + 2 * DAY)).toBe(5);
  });

  it("begins days by the clocks of its zone", () => {
    const budget = new LookupBudget(1);
    const berlin = terms({ daily: 1_000 }, "l", "Europe/Berlin");
    expect(count(budget, berlin, Date.UTC(2026, 0, 30, 22, 59))).toBe(1);
    expect(count(budget, berlin, Date.UTC(2026, 0, 30, 23, 1))).toBe(1);
    expect(count(budget, berlin, Date.UTC(2026, 0, 31, 22, 59))).toBe(0);
  });

  it("goes on where the last owner has committed", () => {
    const daily = terms({ daily: 8_000 });
    const first = new LookupBudget(1);
    expect(count(first, daily, NOON, 5)).toBe(5);
    const next = new LookupBudget(1, JSON.parse(JSON.stringify(first.state())));
    expect(count(next, daily, NOON + 1)).toBe(3);
  });

  it("is not counted where nothing limits it, and says nothing then", () => {
    const budget = new LookupBudget(6);
    expect(count(budget, terms({}), NOON)).toBe(1_000);
    expect(count(budget, { ...terms({ daily: 1 }), price: 0 }, NOON)).toBe(1_000);
    expect(budget.state()).toBeUndefined();
  });

  it("keeps few look-ups that the catalog has no more, and a bounded text", () => {
    const budget = new LookupBudget(1);
    for (let n = 0; n < 100; n++) budget.take(terms({ daily: 5_000 }, `look-up-with-a-rather-long-name-${n}`), NOON);
    expect(JSON.stringify(budget.state()).length).toBeLessThan(2_000);
  });

  it("is never exceeded by all partitions together, whoever owns them when", () => {
    const step = fc.record({ partition: fc.nat(3), hours: fc.nat(6), takeover: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 4_000, max: 40_000 }), (steps, daily) => {
        const owners = Array.from({ length: 4 }, () => new LookupBudget(4));
        const spent = new Map<number, number>();
        let at = NOON;
        for (const { partition, hours, takeover } of steps) {
          at += hours * 3_600_000;
          if (takeover) owners[partition] = new LookupBudget(4, structuredClone(owners[partition]!.state()));
          if (!owners[partition]!.take(terms({ daily }), at)) continue;
          const day = Math.floor(at / DAY);
          spent.set(day, (spent.get(day) ?? 0) + 1_000);
        }
        for (const sum of spent.values()) expect(sum).toBeLessThanOrEqual(daily);
      }),
    );
  });
});
