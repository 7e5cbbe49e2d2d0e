import type { Candidate } from "../candidate.ts";
import { drawByWeight } from "./draw.ts";
import type { Strategy } from "./strategy.ts";

const MICROS = 1_000_000;

/**
 * The cheapest that can take the message. It does not look at deliveries: a price that is charged on delivery counts as it stands, as if
 * the message were delivered. By the money that is expected for a submission who delivers nothing would be the cheapest of all. At the
 * same price who is paid on delivery only goes first, since he never costs more; else it is drawn by weight. Prices are compared in one currency: the
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
      const better = cost - cheapest.score! || Number(cheapest.onDelivery) - Number(candidate.onDelivery);
      if (better > 0) continue;
      if (better < 0) alike = 0;
      cheapest = candidate;
      alike++;
    }
    return alike === 1 ? cheapest : drawAmong(usable, cheapest, random);
  },
};

/** One of those that cost the same. */
function drawAmong(usable: readonly Candidate[], cheapest: Candidate, random: () => number): Candidate {
  const price = cheapest.score!;
  const alike = usable.filter(({ score, onDelivery }) => score === price && onDelivery === cheapest.onDelivery);
  const drawn = drawByWeight(alike, random);
  for (const candidate of alike) {
    candidate.score = price;
    candidate.verdict = "not-drawn";
  }
  return drawn;
}
