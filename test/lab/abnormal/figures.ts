import { type AttackOutcome, kindOf, type LabAlarm } from "./score.ts";
import { FALSE_ALARMS_PER_MONTH, NAMED, PRECISION, RECALL, SAVED, WITHIN_MINUTES } from "./thresholds.ts";
import { ATTACK_KINDS, type AttackKind } from "./traffic.ts";
import type { Trial } from "./trial.ts";

/** The figures of one kind of attack, over all months of a report. Null: there was nothing to divide by. */
export interface KindFigures {
  readonly kind: AttackKind;
  /** Material attacks, and how many of them were found. */
  readonly attacks: number;
  readonly found: number;
  readonly recall: number | null;
  /** Share of the alarms of this kind that belong to an attack; pumping is one kind of alarm. */
  readonly precision: number | null;
  readonly namedRightly: number | null;
  readonly minutesMedian: number | null;
  readonly minutes90: number | null;
  readonly saved: number | null;
}

export interface Figures {
  readonly kinds: readonly KindFigures[];
  /** A month: of those with attacks, and of those without. */
  readonly falseAlarms: number | null;
  readonly falseAlarmsQuiet: number | null;
  readonly missed: readonly string[];
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : Number((part / whole).toFixed(3)));

/** The value that a share of the values does not exceed; null without any. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** What was found of some attacks, alarms apart. */
type Findings = Omit<KindFigures, "kind" | "precision">;

function findings(outcomes: readonly AttackOutcome[]): Findings {
  const material = outcomes.filter(({ material: counts }) => counts);
  const found = material.filter(({ after }) => after !== undefined);
  const after = found.map((outcome) => outcome.after!);
  const sum = (of: (outcome: AttackOutcome) => number): number => material.reduce((total, one) => total + of(one), 0);
  return {
    attacks: material.length,
    found: found.length,
    recall: ratio(found.length, material.length),
    namedRightly: ratio(found.filter(({ namedRightly }) => namedRightly).length, found.length),
    minutesMedian: quantile(after, 0.5),
    minutes90: quantile(after, 0.9),
    saved: ratio(
      sum(({ saved }) => saved),
      sum(({ cost }) => cost),
    ),
  };
}

function figuresOf(kind: AttackKind, outcomes: readonly AttackOutcome[], trials: readonly Trial[]): KindFigures {
  const named = (alarms: readonly LabAlarm[]): number => alarms.filter((alarm) => alarm.kind === kindOf(kind)).length;
  const alarms = trials.reduce((sum, trial) => sum + named(trial.alarms), 0);
  const wrong = trials.reduce((sum, trial) => sum + named(trial.falseAlarms), 0);
  return {
    kind,
    ...findings(outcomes.filter(({ attack }) => attack.kind === kind)),
    precision: ratio(alarms - wrong, alarms),
  };
}

/** What was found of the attacks of each shape that has a name of its own. No threshold is held against it: the kinds have them. */
export function shapeFigures(outcomes: readonly AttackOutcome[]): Readonly<Record<string, Findings>> {
  const groups = Map.groupBy(outcomes, ({ attack }) => attack.shape);
  return Object.fromEntries([...groups].flatMap(([shape, own]) => (shape ? [[shape, findings(own)]] : [])));
}

/** What the trials come to, and which thresholds they miss. */
export function figures(attacked: readonly Trial[], quiet: readonly Trial[]): Figures {
  const outcomes = attacked.flatMap((trial) => trial.outcomes);
  const kinds = ATTACK_KINDS.map((kind) => figuresOf(kind, outcomes, [...attacked, ...quiet]));
  const perMonth = (trials: readonly Trial[]): number | null =>
    ratio(
      trials.reduce((sum, { falseAlarms }) => sum + falseAlarms.length, 0),
      trials.length,
    );
  const rates = { falseAlarms: perMonth(attacked), falseAlarmsQuiet: perMonth(quiet) };
  return { kinds, ...rates, missed: [...kinds.flatMap(missesOf), ...ratesMissed(rates)] };
}

function missesOf({ kind, recall, precision, namedRightly, minutes90, saved }: KindFigures): string[] {
  const within = WITHIN_MINUTES[kind];
  const missed: string[] = [];
  const least = (name: string, figure: number | null, wanted: number): void => {
    if (figure !== null && figure < wanted) missed.push(`${kind}: ${name} ${figure}, wanted ${wanted}`);
  };
  least("recall", recall, RECALL);
  least("precision", precision, PRECISION);
  least("named rightly", namedRightly, NAMED);
  least("saved", saved, SAVED[kind]);
  if (within !== undefined && minutes90 !== null && minutes90 > within)
    missed.push(`${kind}: nine of ten within ${minutes90} minutes, wanted ${within}`);
  return missed;
}

function ratesMissed(rates: Readonly<Record<string, number | null>>): string[] {
  return Object.entries(rates)
    .filter(([, rate]) => rate !== null && rate > FALSE_ALARMS_PER_MONTH)
    .map(([name, rate]) => `${name}: ${rate} a month, wanted ${FALSE_ALARMS_PER_MONTH}`);
}
