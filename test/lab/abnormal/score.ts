import type { AttackLedger } from "./simulation.ts";
import { MATERIAL_COST, MATERIAL_MESSAGES } from "./thresholds.ts";
import { type Attack, type AttackKind, FIRST_MINUTE_OF_MONTH, type Happening, HOUR, type Marks } from "./traffic.ts";

/** What whoever looks for abnormal traffic says: once when it begins, however long it lasts. */
export interface LabAlarm {
  readonly kind: "pumping" | "burst" | "stolen-key" | "grey-route" | "forged-receipts";
  /** The last minute that it had seen when it said so. */
  readonly minute: number;
  readonly account?: string | undefined;
  readonly country?: string | undefined;
  readonly range?: string | undefined;
  readonly sender?: string | undefined;
  readonly provider?: string | undefined;
}

/** An alarm may come so many minutes after an attack, and is its own still. */
const GRACE = HOUR;
const DIMENSIONS = ["account", "country", "range", "sender", "provider"] as const satisfies readonly (keyof Marks)[];

/** Whether an alarm is of an attack: it names something of it, at its time, and nothing else. */
export function belongs(alarm: LabAlarm, { from, until, marks }: Pick<Happening, "from" | "until" | "marks">): boolean {
  if (alarm.minute < from || alarm.minute >= until + GRACE) return false;
  let common = false;
  for (const dimension of DIMENSIONS) {
    const [named, marked] = [alarm[dimension], marks[dimension]];
    if (named === undefined || marked === undefined) continue;
    // Of all accounts together a block of ranges is named: their first digits.
    const isOf = (value: string): boolean =>
      dimension === "range" && alarm.account === undefined ? value.startsWith(named) : value === named;
    if (!marked.some(isOf)) return false;
    common = true;
  }
  return common;
}

export interface AttackOutcome {
  readonly seed: number;
  readonly attack: Attack;
  readonly messages: number;
  /** Micro-euros. */
  readonly cost: number;
  readonly material: boolean;
  /** Minutes from its beginning to the end of the minute after which the first alarm came; undefined: none did. */
  readonly after: number | undefined;
  readonly namedRightly: boolean;
  /** Micro-euros that were not yet spent then. */
  readonly saved: number;
}

/** What became of each attack, and which alarms of the month belong to none. */
export function judge(
  seed: number,
  attacks: readonly Attack[],
  ledgers: readonly AttackLedger[],
  alarms: readonly LabAlarm[],
): { outcomes: AttackOutcome[]; alarms: LabAlarm[]; falseAlarms: LabAlarm[] } {
  const counted = alarms.filter(({ minute }) => minute >= FIRST_MINUTE_OF_MONTH);
  const outcomes = attacks.map((attack, n) => outcomeOf(seed, attack, ledgers[n]!, counted));
  const falseAlarms = counted.filter((alarm) => !attacks.some((attack) => belongs(alarm, attack)));
  return { outcomes, alarms: counted, falseAlarms };
}

function outcomeOf(seed: number, attack: Attack, ledger: AttackLedger, alarms: readonly LabAlarm[]): AttackOutcome {
  const own = alarms.filter((alarm) => belongs(alarm, attack));
  const first = own.reduce((least, { minute }) => Math.min(least, minute), Number.POSITIVE_INFINITY);
  const messages = sum(ledger.messages, 0);
  const cost = sum(ledger.cost, 0);
  const found = Number.isFinite(first);
  const ofWay = attack.alter !== undefined;
  return {
    seed,
    attack,
    messages,
    cost,
    material: ofWay ? messages >= MATERIAL_MESSAGES : cost >= MATERIAL_COST,
    after: found ? first + 1 - attack.from : undefined,
    namedRightly: own.some(({ kind }) => kindOf(attack.kind) === kind),
    saved: found ? sum(ledger.cost, first + 1 - attack.from) : 0,
  };
}

function sum(values: Float64Array, from: number): number {
  let total = 0;
  for (let n = from; n < values.length; n++) total += values[n]!;
  return total;
}

/** How fast somebody pumps is for the lab to know only. */
export function kindOf(kind: AttackKind): LabAlarm["kind"] {
  return kind === "pumping-fast" || kind === "pumping-slow" ? "pumping" : kind;
}
