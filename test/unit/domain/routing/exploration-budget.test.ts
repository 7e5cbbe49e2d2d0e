import fc from "fast-check";
import { expect, it } from "vitest";
import { ExplorationBudget } from "../../../../domain/routing/exploration-budget.ts";

const HOUR_MS = 3_600_000;

it("never lets a route spend more within any hour than it may, and lets it spend most of that", () => {
  const wish = fc.record({
    after: fc.integer({ min: 0, max: 600_000 }),
    // Most are far below what may be spent at once, some far above.
    cost: fc.oneof(fc.double({ min: 0, max: 0.2, noNaN: true }), fc.double({ min: 0, max: 0.8, noNaN: true })),
  });
  fc.assert(
    fc.property(fc.array(wish, { minLength: 1, maxLength: 200 }), (wishes) => {
      const budget = new ExplorationBudget();
      let at = 0;
      const spent: { at: number; cost: number }[] = [];
      for (const { after, cost } of wishes) {
        at += after;
        if (budget.spend("r", cost, 1, at)) spent.push({ at, cost });
      }
      for (const { at: from } of spent) {
        const within = spent.filter((one) => one.at >= from && one.at < from + HOUR_MS);
        expect(within.reduce((sum, { cost }) => sum + cost, 0)).toBeLessThanOrEqual(1 + 1e-9);
      }
    }),
  );
  const budget = new ExplorationBudget();
  let all = 0;
  for (let at = 0; at < HOUR_MS; at += 1_000) if (budget.spend("r", 0.01, 1, at)) all += 0.01;
  expect(all).toBeGreaterThan(0.9);
});

it("keeps routes apart, and gives a process its share", () => {
  const budget = new ExplorationBudget(() => 0.5);
  const spend = (route: string) => {
    let times = 0;
    while (budget.spend(route, 0.001, 1, 0)) times++;
    return times;
  };
  expect([spend("a"), spend("b"), spend("a")].map((times) => Math.round(times / 10))).toEqual([5, 5, 0]);
  budget.keep(new Set(["b"]));
  expect(spend("a"), "a route that was gone begins anew").toBeGreaterThan(40);
});

it("lets go what costs nothing, and nothing where nothing may be spent", () => {
  const budget = new ExplorationBudget();
  expect(budget.spend("a", 0, 0, 0)).toBe(true);
  expect(budget.spend("a", 1e-9, 0, HOUR_MS)).toBe(false);
});

it("saves for what costs more than may be spent at once, up to half of an hour's money", () => {
  const times = (cost: number) => {
    const budget = new ExplorationBudget();
    let spent = 0;
    for (let at = 0; at < 10 * HOUR_MS; at += 10_000) if (budget.spend("r", cost, 1, at)) spent++;
    return spent;
  };
  expect(times(0.3)).toBeGreaterThan(20);
  expect(times(0.5)).toBeGreaterThan(8);
  expect(times(0.51)).toBe(0);
});
