import type { Candidate } from "../candidate.ts";
import { drawByWeight } from "./draw.ts";
import type { Strategy } from "./strategy.ts";

const MICROS = 1_000_000;

/**
 * The cheapest that can take the message; drawn by weight among those of one price. Prices are compared in one currency: the
 * catalog's check sees to it that there is a rate wherever a route has several.
 */
export const leastCost: Strategy = {
  name: "least-cost",
  score: "price of a segment, in the currency of comparison",
  rank: (usable, _view, random) => {
    let cheapest = usable[0]!;
    let alike = 0;
    for (const candidate of usable) {
      const cost = candidate.price! / candidate.member.perBase / MICROS;
      candidate.score = cost;
      candidate.verdict = "dearer";
      if (cost > cheapest.score!) continue;
      if (cost < cheapest.score!) alike = 0;
      cheapest = candidate;
      alike++;
    }
    return alike === 1 ? cheapest : drawAmong(usable, cheapest.score!, random);
  },
};

/** One of those at this price. */
function drawAmong(usable: readonly Candidate[], price: number, random: () => number): Candidate {
  const alike = usable.filter(({ score }) => score === price);
  const drawn = drawByWeight(alike, random);
  for (const candidate of alike) {
    candidate.score = price;
    candidate.verdict = "not-drawn";
  }
  return drawn;
}
