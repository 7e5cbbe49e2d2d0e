import { drawByWeight } from "./draw.ts";
import type { Strategy } from "./strategy.ts";

/** One after the other, the next only when those before cannot; drawn by weight among providers of the same priority. */
export const priority: Strategy = {
  name: "priority",
  score: "weight among those of its priority",
  tierOf: (place) => place,
  rank: (usable, _view, random) => drawByWeight(usable, random),
};
