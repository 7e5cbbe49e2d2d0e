import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetSchema } from "../../../../domain/catalog/budget.ts";
import { midnightOf } from "../../../../domain/prices/zone.ts";
import { SimulatedRouters } from "./simulated-routers.ts";

const START = Date.UTC(2026, 10, 30, 12);
/** Of a message, micro-units. */
const CHEAPEST = 30_000;
const MIDNIGHT = Date.UTC(2026, 11, 1);
const daily = (amount: string, more: object = {}) => budgetSchema.parse({ currency: "EUR", daily: amount, ...more });

const nextDay = (date: string) => new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);

/** mulberry32 */
function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function world(seed: number, amount: string, more: object = {}) {
  const random = seeded(seed);
  const routers = new SimulatedRouters({
    budget: daily(amount),
    partitions: 12,
    routers: 3,
    random,
    start: START,
    ...more,
  });
  for (let i = 0; i < 20; i++) routers.pass(100);
  return { random, routers };
}

describe("the budget of an account over several routers", { timeout: 60_000 }, () => {
  it("is used to the last message, and never exceeded, at any rate, with messages that give back, kills and routers that hear late", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 5, max: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (seed, perStep, units, hot) => {
          const { random, routers } = world(seed, String(units));
          const bound = units * 1e6;
          // Twice as much as may be spent is asked for.
          for (let asked = 0; asked < 2 * bound; ) {
            for (let n = 0; n < perStep; n++) {
              const cost = CHEAPEST + (random() < 0.1 ? 50_000 : 0);
              asked += cost;
              routers.message(Math.floor(random() * hot), cost);
              if (random() < 0.2) routers.comeBack(Math.floor(random() * hot), 0);
            }
            // Some die before they have come to what the one before them had not told.
            for (let die = random() < 0.02; die; die = random() < 0.7) {
              routers.kill(Math.floor(random() * 3));
              routers.pass(100 * random());
            }
            if (random() < 0.02) routers.deafen(Math.floor(random() * 3), 5_000);
            if (random() < 0.2) routers.compact();
            routers.pass(50);
            expect(routers.spent).toBeLessThanOrEqual(bound);
          }
          for (let step = 0; step < 200; step++) {
            for (let partition = 0; partition < 12; partition++) routers.message(partition, CHEAPEST);
            routers.pass(100);
          }
          expect(routers.spent).toBeLessThanOrEqual(bound);
          expect(bound - routers.spent).toBeLessThan(2 * CHEAPEST);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("is kept by day and month with midnights between a charge and its return, clocks that differ and are set, takeovers, and a budget that is taken away for a while", () => {
    const midnights = [
      ["UTC", "2026-12-01"],
      ["Europe/Berlin", "2026-10-25"],
      ["America/New_York", "2026-11-01"],
      ["Pacific/Auckland", "2027-01-01"],
      ["Asia/Kolkata", "2026-11-18"],
    ] as const;
    const budgets = fc.constantFrom(["2", "3"], ["2", undefined], [undefined, "3"], ["2", "2"], ["3", "30"]);
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(...midnights),
        budgets,
        fc.constantFrom(0, 200, 2_000),
        fc.integer({ min: 1, max: 12 }),
        (seed, [zone, date], [daily, monthly], skew, hot) => {
          const midnight = midnightOf(date, zone);
          const budget = budgetSchema.parse({ currency: "EUR", daily, monthly, zone });
          const { random, routers } = world(seed, "1", { budget, skew, start: midnight - 15_000 });
          const spend = (until: number, perStep: number) => {
            while (routers.now < until) {
              for (let n = 0; n < perStep; n++) {
                routers.message(Math.floor(random() * hot), CHEAPEST + (random() < 0.1 ? 50_000 : 0));
                const again = [0, 0.5 * CHEAPEST, CHEAPEST, 2 * CHEAPEST][Math.floor(random() * 4)]!;
                if (random() < 0.5) routers.comeBack(Math.floor(random() * hot), again);
              }
              for (let die = random() < 0.03; die; die = random() < 0.7) {
                routers.kill(Math.floor(random() * 3));
                routers.pass(100 * random());
              }
              if (random() < 0.02) routers.deafen(Math.floor(random() * 3), 3_000);
              if (random() < 0.1) routers.compact();
              if (random() < 0.02) routers.setClock(Math.floor(random() * 3));
              if (random() < (routers.takenAway ? 0.1 : 0.01)) routers.takenAway = !routers.takenAway;
              routers.pass(50);
              expect(routers.account.most("day")).toBeLessThanOrEqual(budget.daily ?? Number.POSITIVE_INFINITY);
              expect(routers.account.most("month")).toBeLessThanOrEqual(budget.monthly ?? Number.POSITIVE_INFINITY);
            }
          };
          const isToldOnce = () => {
            routers.takenAway = false;
            routers.rest();
            expect(routers.told).toEqual(routers.account.at(routers.now));
          };
          spend(midnight + 5_000, 1 + Math.floor(3 * random()));
          if (random() < 0.5) isToldOnce();
          routers.now = midnightOf(nextDay(date), zone) - 4_000;
          spend(routers.now + 8_000, 1 + Math.floor(3 * random()));
          isToldOnce();
        },
      ),
      { numRuns: 20 },
    );
  });

  it("begins anew with each day, with what was at hand, and with each month", () => {
    const budget = budgetSchema.parse({ currency: "EUR", daily: "3", monthly: "4" });
    const { routers } = world(7, "1", { budget, start: MIDNIGHT - 40_000 });
    const spend = (steps: number) => {
      const met = Array.from({ length: steps }, (_, i) => {
        routers.pass(100);
        return routers.message(i % 12, 500_000);
      });
      routers.pass(200);
      return met;
    };
    spend(200);
    expect(routers.spent).toBe(3_000_000);
    spend(300);
    // A day and a month later.
    expect(routers.now).toBeGreaterThan(MIDNIGHT);
    expect(routers.account.since(MIDNIGHT)).toBe(3_000_000);
    routers.now = MIDNIGHT + 86_400_000;
    const last = spend(300);
    expect(routers.account.since(MIDNIGHT)).toBe(4_000_000);
    expect(last.at(-1)).toBe("reached");
  });

  it("a message that is more than all of it never goes", () => {
    const { routers } = world(1, "1");
    expect(routers.message(0, 1_000_001)).toBe("never");
  });

  it("what idle partitions have at hand is given to the one that needs it", () => {
    const { routers } = world(2, "10");
    for (let i = 0; i < 600; i++) {
      routers.message(3, 100_000);
      routers.pass(100);
    }
    expect(routers.spent).toBe(10_000_000);
  });

  it.each([2, 3, 5, 10, 24])("of %d messages is used up, though most partitions have none", (count) => {
    const { routers } = world(6, (count * 0.068).toFixed(3));
    let met = "";
    for (let i = 0; i < 600 && met !== "reached"; i++) {
      met = routers.message(i % 2, 68_000);
      routers.pass(100);
    }
    expect(routers.spent).toBe(count * 68_000);
    expect(met).toBe("reached");
  });

  it("goes without a wait where much is left", () => {
    const { routers } = world(3, "1000");
    const met = Array.from({ length: 12 }, (_, partition) => routers.message(partition, 100_000));
    expect(new Set(met)).toEqual(new Set(["go"]));
  });

  it("stops when its words are not read any more, and holds back what it has not been given", () => {
    const { routers } = world(4, "100");
    for (const router of [0, 1, 2]) routers.deafen(router, 3_600_000);
    for (let i = 0; i < 2_000; i++) {
      routers.message(i % 12, 100_000);
      routers.pass(10);
    }
    expect(routers.spent).toBeGreaterThan(20_000_000);
    expect(routers.spent).toBeLessThan(40_000_000);
    expect(routers.message(0, 100_000)).toBe("held");
  });

  it("a budget that is lowered below what has been spent stops, and is at rest", () => {
    const { routers } = world(5, "10");
    for (let i = 0; i < 60; i++) {
      routers.message(i % 12, 100_000);
      routers.pass(100);
    }
    for (let i = 0; i < 20; i++) routers.pass(100);
    routers.budget = daily("1");
    expect(routers.message(0, 100_000)).toBe("reached");
    for (let i = 0; i < 100; i++) routers.pass(100);
    const words = routers.log.length;
    for (let i = 0; i < 100; i++) routers.pass(100);
    expect(routers.log.length).toBe(words);
  });
});
