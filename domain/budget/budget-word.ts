import { periodsAt } from "../catalog/calendar-period.ts";
import type { Micros } from "../catalog/money.ts";

/** What has been spent in a calendar day and month. Ends are epoch ms: from then on it is 0. */
export interface Spent {
  readonly day: Micros;
  readonly dayEnd: number;
  readonly month: Micros;
  readonly monthEnd: number;
}

/**
 * What a partition of the router has spent of an account's budget, and what it may spend beyond that before it says more. Amounts are micro-units of the
 * budget's currency.
 */
export interface BudgetWord extends Spent {
  readonly account: string;
  /** ISO 4217. A budget in another currency begins anew. */
  readonly currency: string;
  readonly partition: number;
  /** Counts the partition's owners: what an earlier one says late is passed over. */
  readonly epoch: number;
  /** When it was said, by its owner's clock, epoch ms. */
  readonly at: number;
  readonly ahead: Micros;
  /** By the router's inputs, in their order: what was decided of the records below counts as spent. What is taken by those from there on is within `ahead`. */
  readonly next: readonly number[];
}

/** Where the record of a decision stands: which of the router's inputs, and its offset there. */
export interface Place {
  readonly input: number;
  readonly offset: number;
}

/** By input, whether a record lies below. */
export function isBelow(ends: readonly number[], { input, offset }: Place): boolean {
  return offset < (ends[input] ?? 0);
}

export const PERIODS = ["day", "month"] as const;
export type PeriodName = (typeof PERIODS)[number];

/** An amount for each period, micro-units. Below 0: given back. */
export type PerPeriod = Readonly<Record<PeriodName, Micros>>;

/** The same of each period. */
export function ofEach(amount: Micros): PerPeriod {
  return { day: amount, month: amount };
}

/** What of it still counts at `now`, epoch ms. A period that has begun ends by the clocks that it began by. */
export function spentOf(spent: Spent, period: PeriodName, now: number): Micros {
  if (period === "day") return now < spent.dayEnd ? spent.day : 0;
  return now < spent.monthEnd ? spent.month : 0;
}

export function endOf({ dayEnd, monthEnd }: Ends, period: PeriodName): number {
  return period === "day" ? dayEnd : monthEnd;
}

/** What a partition may have spent at the most, by its word. What it may spend beyond its count holds in the next period as well. */
export function reachOf(word: BudgetWord, period: PeriodName, now: number): Micros {
  return spentOf(word, period, now) + word.ahead;
}

/** The ends of a day and a month in which something is spent, epoch ms. */
export type Ends = Pick<Spent, "dayEnd" | "monthEnd">;

/** The same, when periods with these ends have begun: in what is another one by then nothing has been spent. */
export function begun(spent: Spent, { dayEnd, monthEnd }: Ends): Spent {
  const { day, month } = spent;
  return {
    ...(dayEnd > spent.dayEnd ? { day: 0, dayEnd } : { day, dayEnd: spent.dayEnd }),
    ...(monthEnd > spent.monthEnd ? { month: 0, monthEnd } : { month, monthEnd: spent.monthEnd }),
  };
}

/** The ends of the day and the month that a moment lies in, by a zone's clocks. */
export class PeriodEnds {
  private readonly known = new Map<
    string,
    { readonly from: number; readonly dayEnd: number; readonly monthEnd: number }
  >();

  at(now: number, zone: string): Ends {
    let ends = this.known.get(zone);
    if (ends === undefined || now >= ends.dayEnd || now < ends.from) {
      const { day, month } = periodsAt(now, zone);
      ends = { from: day.start, dayEnd: day.end, monthEnd: month.end };
      this.known.set(zone, ends);
    }
    return ends;
  }
}
