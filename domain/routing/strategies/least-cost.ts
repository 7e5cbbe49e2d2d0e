import { drawByWeight } from "./draw.ts";
import type { Strategy } from "./strategy.ts";

/**
 * The cheapest that can take the message; drawn by weight among those of one price. Prices are compared in one currency: the
 * catalog's check sees to it that there is a rate wherever a route has several.
 */
export const leastCost: Strategy = {
  name: "least-cost",
  score: "price of a segment, in the currency of comparison",
  rank: (usable, _view, random) => {
    let least = Number.POSITIVE_INFINITY;
    const costs = usable.map(({ price, member }) => price! / member.perBase);
    for (const cost of costs) if (cost < least) least = cost;
    const cheapest = usable.filter((candidate, index) => {
      if (costs[index] === least) return true;
      candidate.verdict = "dearer";
      return false;
    });
    const chosen = drawByWeight(cheapest, random);
    for (const [index, candidate] of usable.entries()) candidate.score = costs[index]! / 1_000_000;
    return chosen;
  },
};
