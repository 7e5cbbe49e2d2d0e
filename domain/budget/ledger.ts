import type { Budget } from "../catalog/budget.ts";
import type { Micros } from "../catalog/money.ts";
import {
  type BudgetWord,
  PERIODS,
  type PeriodName,
  type PerPeriod,
  reachOf,
  type Spent,
  spentOf,
} from "./budget-word.ts";
import { type Charge, type UnsureCharges, withCharge } from "./unsure-charges.ts";

const PACE_OVER_MS = 1_000;

/** What a partition knows of one account's budget. Amounts: micro-units of `currency`. */
export interface Ledger {
  readonly account: string;
  readonly currency: string;
  /** What has been decided, but for what was given back and may still be decided anew. */
  spent: Spent;
  /** What of it is decided for good: what is told as spent. In the same periods. */
  sure: Spent;
  /** The word by which this partition may spend: with it all words together were within the budget. */
  grant: BudgetWord;
  /** Said after that, and not read back yet with all words within the budget. */
  claim: BudgetWord | undefined;
  /** The claim has been read back, in the order of the log. */
  claimRead: boolean;
  /** Words were missed since it was said: it is not granted any more, and may itself be one of them. It is said again. */
  claimMissed: boolean;
  /** `sure` is another than was told. */
  changed: boolean;
  /** What is not in `sure` yet. */
  readonly unsure: UnsureCharges;
  /** By input: what was decided of the records below has been read back in a word, since `toldUpToAt`, epoch ms. */
  toldUpTo: readonly number[];
  toldUpToAt: number;
  toldAt: number;
  askedAt: number;
  /** Not to ask for more before, epoch ms: others asked at the same time. */
  askAgainAt: number;
  /** What the last message cost; the dearest one that was held since the last word. */
  lastCost: Micros;
  held: Micros;
  lastAt: number;
  /** Spent since `paceAt`; an estimate of what is spent in a second. */
  since: Micros;
  paceAt: number;
  pace: Micros;
}

/** What was counted stands in a word that has been read back. */
export function isAllTold({ changed, claim, claimRead, unsure }: Ledger): boolean {
  return !changed && (claim === undefined || claimRead) && unsure.size === 0;
}

/** How long ago something was, ms; for ever where it was later than now, by a clock that was ahead and has been set. */
export function passed(since: number, now: number): number {
  return now < since ? Number.POSITIVE_INFINITY : now - since;
}

/** Of any period; otherwise it gives back, or nothing. */
export function takes({ day, month }: PerPeriod): boolean {
  return day > 0 || month > 0;
}

/** The most that it takes of a period that is bounded. */
export function mostOf(amount: PerPeriod, budget: Budget): Micros {
  return Math.max(...boundsOf(budget).map(([period]) => amount[period]));
}

/** What it takes, and what it gives back: this counts later. Undefined: nothing. */
export function apart({ day, month }: PerPeriod): Record<"taken" | "back", PerPeriod | undefined> {
  const taken = { day: Math.max(0, day), month: Math.max(0, month) };
  const back = { day: Math.min(0, day), month: Math.min(0, month) };
  const gives = back.day < 0 || back.month < 0;
  return { taken: takes(taken) || !gives ? taken : undefined, back: gives ? back : undefined };
}

/** Counts what has become sure. */
export function settle(ledger: Ledger, charges: readonly Charge[]): void {
  for (const charge of charges) {
    ledger.sure = withCharge(ledger.sure, charge);
    if (!takes(charge.amount)) ledger.spent = withCharge(ledger.spent, charge);
    ledger.changed = true;
  }
}

/** Estimates anew what is spent in a second, once a second. */
export function measure(ledger: Ledger, now: number): void {
  const ms = passed(ledger.paceAt, now);
  if (ms < PACE_OVER_MS) return;
  const pace = (ledger.since / ms) * 1_000;
  ledger.pace = Math.max(pace, ledger.pace / 2 ** (ms / 1_000));
  ledger.since = 0;
  ledger.paceAt = now;
}

/** What has been taken, and may still be decided anew. */
export function unsureOf({ spent, sure }: Ledger, now: number): Micros {
  return Math.max(...PERIODS.map((period) => spentOf(spent, period, now) - spentOf(sure, period, now)));
}

export function boundsOf({ daily, monthly }: Budget): [PeriodName, Micros][] {
  return PERIODS.flatMap((period): [PeriodName, Micros][] => {
    const bound = period === "day" ? daily : monthly;
    return bound === undefined ? [] : [[period, bound]];
  });
}

export function current(spent: Spent, now: number): Pick<Spent, "day" | "month"> {
  return { day: spentOf(spent, "day", now), month: spentOf(spent, "month", now) };
}

/** What may have been spent in a period at the most: what was granted, and not more than was said since. */
export function limitOf({ grant, claim }: Ledger, period: PeriodName, now: number): Micros {
  const granted = reachOf(grant, period, now);
  return claim === undefined ? granted : Math.min(granted, reachOf(claim, period, now));
}

/** What may be spent on, in every period that is bounded. */
export function spareOf(ledger: Ledger, budget: Budget, now: number): Micros {
  const spares = boundsOf(budget).map(([period]) => limitOf(ledger, period, now) - spentOf(ledger.spent, period, now));
  return Math.max(0, Math.min(...spares));
}

/** Whether a word lets a partition spend no more than another one does. */
export function isLess(word: BudgetWord, than: BudgetWord, budget: Budget, now: number): boolean {
  const bounded = boundsOf(budget);
  return (
    word.ahead <= than.ahead && bounded.every(([period]) => reachOf(word, period, now) <= reachOf(than, period, now))
  );
}

export function isSame(a: BudgetWord, b: BudgetWord): boolean {
  return (
    a.epoch === b.epoch &&
    a.day === b.day &&
    a.month === b.month &&
    a.ahead === b.ahead &&
    a.next.join() === b.next.join()
  );
}
