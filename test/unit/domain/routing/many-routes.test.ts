import { expect, it } from "vitest";
import { findRoute } from "../../../../domain/routing/route-table.ts";
import { routeFacts } from "../../../../pipeline/records/route-facts.ts";
import { catalogOf, trafficOf } from "../../../bench/decisions.ts";

/** How many routes a message is compared with at the most, and how many different ones decide. */
function looks(routes: number) {
  const { routes: table } = catalogOf(routes, 50);
  const found = trafficOf(routes, false).map((message) => {
    const facts = routeFacts(message, 0);
    return { compared: table.index.possible(facts).length, route: table.ids[findRoute(table, facts)!] };
  });
  return {
    compared: Math.max(...found.map(({ compared }) => compared)),
    mean: found.reduce((sum, { compared }) => sum + compared, 0) / found.length,
    deciding: new Set(found.map(({ route }) => route)).size,
  };
}

it("compares a message with a handful of routes, whether there are ten or ten thousand", () => {
  const [few, many] = [looks(10), looks(10_000)];
  expect(few.deciding).toBe(10);
  expect(many.deciding).toBeGreaterThan(2_000);
  expect(many.mean).toBeLessThan(few.mean * 1.5);
  // Several of one kind with the same values: an account has ten routes.
  expect(many.compared).toBeLessThanOrEqual(12);
});
