import { type Random, seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { uniform } from "../distributions.ts";
import type { AttackShape } from "./attack-shape.ts";
import { SHAPES } from "./attack-shapes.ts";
import type { Harmless, HarmlessShape } from "./harmless-shapes.ts";
import type { Installation } from "./installation.ts";
import { ATTACK_KINDS, type Attack, DAY, FIRST_MINUTE_OF_MONTH, type Happening, HOUR, LAST_MINUTE } from "./traffic.ts";

/** Attacks of each shape in a month. */
const EACH = 2;
const TRIES = 30;

/** The attacks of a month: two of each shape, at any time, none on what another one is being done to. */
export function attacksOn(
  installation: Installation,
  shapes: readonly AttackShape[] = ATTACK_KINDS.map((kind) => SHAPES[kind]),
): Attack[] {
  return drawnFrom(shapes, installation, seededRandom(installation.seed * 2 + 3_000_003), []);
}

/** What happens in a month besides and is no attack: two of each shape, none on what an attack is being done to. */
export function harmlessOn(
  installation: Installation,
  shapes: readonly HarmlessShape[],
  attacks: readonly Attack[],
): Harmless[] {
  return drawnFrom(shapes, installation, seededRandom(installation.seed * 2 + 4_000_003), attacks);
}

function drawnFrom<H extends Happening>(
  shapes: readonly ((random: Random, installation: Installation, from: number) => H | undefined)[],
  installation: Installation,
  random: Random,
  others: readonly Happening[],
): H[] {
  const chosen: H[] = [];
  for (const shape of shapes)
    for (let n = 0; n < EACH; n++)
      for (let tried = 0; tried < TRIES; tried++) {
        const from = Math.floor(uniform(random, FIRST_MINUTE_OF_MONTH + HOUR, LAST_MINUTE - 3 * DAY));
        const drawn = shape(random, installation, from);
        if (drawn === undefined || [...others, ...chosen].some((other) => meet(drawn, other))) continue;
        chosen.push(drawn);
        break;
      }
  return chosen;
}

/** Two happenings on one account or provider need half a day between them. */
function meet(a: Happening, b: Happening): boolean {
  const apart = DAY / 2;
  if (a.from >= b.until + apart || b.from >= a.until + apart) return false;
  const common = (mine: readonly string[] = [], others: readonly string[] = []): boolean =>
    mine.some((value) => others.includes(value));
  return common(a.marks.account, b.marks.account) || common(a.marks.provider, b.marks.provider);
}
