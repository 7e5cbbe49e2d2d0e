import type { Harmless } from "./harmless-shapes.ts";
import { installationOf } from "./installation.ts";
import { attacksOn, harmlessOn } from "./schedule.ts";
import type { ShapeSet } from "./shape-sets.ts";
import { Simulation } from "./simulation.ts";
import type { Attack } from "./traffic.ts";

/** A simulated month that has not run yet. The first ledgers of the simulation are those of `attacks`, in order. */
export interface Month {
  readonly attacks: readonly Attack[];
  readonly harmless: readonly Harmless[];
  readonly simulation: Simulation;
}

/** The month of a seed: with two happenings of each shape; the report's attacks and nothing harmless unless said otherwise. */
export function monthOf(seed: number, { attacks: shapes, harmless: others = [] }: Partial<ShapeSet> = {}): Month {
  const drawn = installationOf(seed);
  const attacks = attacksOn(drawn, shapes);
  const harmless = harmlessOn(drawn, others, attacks);
  const installation = harmless.reduce((before, { moves }) => moves?.(before) ?? before, drawn);
  return { attacks, harmless, simulation: new Simulation(installation, [...attacks, ...harmless]) };
}
