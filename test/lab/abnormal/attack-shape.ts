import type { Random } from "../../../infra/simulators/behaviour/random-source.ts";
import type { Installation } from "./installation.ts";
import type { Attack } from "./traffic.ts";

/**
 * Draws an attack that begins in `from` or, where its time of the day matters, soon after; undefined when this installation has
 * nothing that it could be done to. How to write one stands at the top of traffic.ts.
 */
export type AttackShape = (random: Random, installation: Installation, from: number) => Attack | undefined;
