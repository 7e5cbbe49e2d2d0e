import { drawByWeight } from "./draw.ts";
import type { Strategy } from "./strategy.ts";

/** Drawn by weight among all that can take the message. */
export const weighted: Strategy = {
  name: "weighted",
  score: "weight",
  rank: (usable, _view, random) => drawByWeight(usable, random),
};
