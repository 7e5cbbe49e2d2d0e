import type { AttackShape } from "./attack-shape.ts";
import { SHAPES } from "./attack-shapes.ts";
import { HARMLESS_SHAPES, type HarmlessShape } from "./harmless-shapes.ts";
import { OUTSIDER_SHAPES } from "./outsider-shapes.ts";
import { ATTACK_KINDS } from "./traffic.ts";

/** What a report is made of: attacks, and what its months without attacks have instead. */
export interface ShapeSet {
  readonly attacks: readonly AttackShape[];
  readonly harmless: readonly HarmlessShape[];
}

/** Its attacks tell which shape they are of. */
function named(shape: string, draw: AttackShape): AttackShape {
  return (random, installation, from) => {
    const attack = draw(random, installation, from);
    return attack && { ...attack, shape };
  };
}

const SETS: Readonly<Record<string, ShapeSet>> = {
  report: { attacks: ATTACK_KINDS.map((kind) => SHAPES[kind]), harmless: [] },
  outsider: {
    attacks: Object.entries(OUTSIDER_SHAPES).map(([name, shape]) => named(name, shape)),
    harmless: HARMLESS_SHAPES,
  },
};

/** The set that ABNORMAL_SHAPES names, the report's own when it is not set. Throws for a name that there is not. */
export function shapeSet(name: string | undefined): ShapeSet {
  const set = SETS[name || "report"];
  if (set === undefined)
    throw new Error(`ABNORMAL_SHAPES is "${name}", which there is not: it is one of ${Object.keys(SETS).join(", ")}`);
  return set;
}
