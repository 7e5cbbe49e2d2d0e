import type { Candidate } from "../candidate.ts";
import { rendezvous } from "../rendezvous.ts";
import type { Strategy } from "./strategy.ts";

/**
 * The same provider for a number, as long as that can take its messages. By rendezvous hashing: each provider has a score for
 * the number that depends on nothing else, and the highest wins. So when a provider goes away only its own numbers move, when
 * one comes it takes its share from all, and nothing has to be remembered.
 */
export const sticky: Strategy = {
  name: "sticky",
  score: "preference of this number",
  rank: (usable, { facts }) => {
    let best = usable[0]!;
    for (const candidate of usable) {
      candidate.score = preference(candidate, facts.destination);
      candidate.verdict = "less-preferred";
      if (candidate.score > best.score!) best = candidate;
    }
    return best;
  },
};

/** With -w / ln(u), u uniform in (0, 1), each provider is the highest for its weight's share of all numbers. */
function preference({ provider, member }: Candidate, destination: string): number {
  const uniform = (rendezvous(provider, destination) + 0.5) / 2 ** 32;
  return -member.weight / Math.log(uniform);
}
