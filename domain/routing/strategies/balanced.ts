import type { Candidate } from "../candidate.ts";
import { draw } from "./draw.ts";
import type { Strategy, View } from "./strategy.ts";

/**
 * Shared by what each can still take soon: its rate, less what waits for it, times its weight. So two equal providers get
 * the same, and one that falls behind gets less until it has caught up. It is drawn, and not given to the one with the most
 * room: many routers that heard the same word of a second ago would all go to that one.
 */
export const balanced: Strategy = {
  name: "balanced",
  score: "segments it can take soon",
  // Providers without a priority share; those below are spares.
  tierOf: () => 0,
  rank: (usable, view, random) => {
    let room = 0;
    for (const candidate of usable) {
      candidate.score = roomOf(candidate, view);
      room += candidate.score;
    }
    return room > 0 ? draw(usable, random) : shortest(usable);
  },
};

function roomOf({ member, health }: Candidate, { aheadSeconds }: View): number {
  const rate = health?.rate ?? member.provider.rate;
  return Math.max(0, aheadSeconds - (health?.backlogSeconds ?? 0)) * rate * member.weight;
}

/** Where everybody has more to do than can be done soon, all come down together. */
function shortest(usable: readonly Candidate[]): Candidate {
  let best = usable[0]!;
  for (const candidate of usable)
    if ((candidate.health?.backlogSeconds ?? 0) < (best.health?.backlogSeconds ?? 0)) best = candidate;
  return best;
}
