import { seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { uniform } from "../distributions.ts";
import type { AttackShape } from "./attack-shape.ts";
import { SHAPES } from "./attack-shapes.ts";
import type { Installation } from "./installation.ts";
import { ATTACK_KINDS, type Attack, DAY, FIRST_MINUTE_OF_MONTH, HOUR, LAST_MINUTE } from "./traffic.ts";

/** Attacks of each shape in a month. */
const EACH = 2;
const TRIES = 30;

/** The attacks of a month: two of each shape, at any time, none on what another one is being done to. */
export function attacksOn(
  installation: Installation,
  shapes: readonly AttackShape[] = ATTACK_KINDS.map((kind) => SHAPES[kind]),
): Attack[] {
  const random = seededRandom(installation.seed * 2 + 3_000_003);
  const attacks: Attack[] = [];
  for (const shape of shapes)
    for (let n = 0; n < EACH; n++)
      for (let tried = 0; tried < TRIES; tried++) {
        const from = Math.floor(uniform(random, FIRST_MINUTE_OF_MONTH + HOUR, LAST_MINUTE - 3 * DAY));
        const attack = shape(random, installation, from);
        if (attack === undefined || attacks.some((other) => meet(attack, other))) continue;
        attacks.push(attack);
        break;
      }
  return attacks;
}

/** Two attacks on one account or provider need half a day between them. */
function meet(a: Attack, b: Attack): boolean {
  const apart = DAY / 2;
  if (a.from >= b.until + apart || b.from >= a.until + apart) return false;
  const common = (mine: readonly string[] = [], others: readonly string[] = []): boolean =>
    mine.some((value) => others.includes(value));
  return common(a.marks.account, b.marks.account) || common(a.marks.provider, b.marks.provider);
}
