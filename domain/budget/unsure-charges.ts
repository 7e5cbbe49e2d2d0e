import type { Micros } from "../catalog/money.ts";
import { type Ends, isBelow, type PerPeriod, type Place, type Spent } from "./budget-word.ts";

/** What a message takes of its day and month, or, all of it 0 or below, gives back. The ends of the periods in which it is taken: epoch ms. */
export interface Charge extends Ends {
  readonly amount: PerPeriod;
}

/** What a decision of the log took of a budget. Amounts are micro-units, below 0 given back; ends of the periods that it was counted in are epoch ms. */
export interface RecordedCharge {
  readonly currency: string;
  /** Of the day, which ends at `until`. */
  readonly added: Micros;
  readonly until: number;
  /** Of the month. null: as of the day, in the month of the decision. */
  readonly addedToMonth: Micros | null;
  readonly monthUntil: number | null;
}

/** What has been spent with a charge. A period that is another one by now is left as it is. */
export function withCharge(spent: Spent, { amount, dayEnd, monthEnd }: Charge): Spent {
  return {
    ...spent,
    day: spent.dayEnd === dayEnd ? Math.max(0, spent.day + amount.day) : spent.day,
    month: spent.monthEnd === monthEnd ? Math.max(0, spent.month + amount.month) : spent.month,
  };
}

/**
 * Charges by decisions of records that are not committed. Whoever comes after a kill decides these anew, or finds the decisions in the event log: told as spent they
 * would count twice, and with an offset told beyond them not at all. As many as are decided between two commits.
 */
export class UnsureCharges {
  private waiting: { readonly place: Place; readonly charge: Charge }[] = [];

  get size(): number {
    return this.waiting.length;
  }

  add(place: Place, charge: Charge): void {
    this.waiting.push({ place, charge });
  }

  /** Those that count from now on. `committed`: by input. */
  ripe(committed: readonly number[]): Charge[] {
    if (this.waiting.length === 0) return [];
    const { waiting } = this;
    this.waiting = waiting.filter(({ place }) => !isBelow(committed, place));
    return waiting.filter(({ place }) => isBelow(committed, place)).map(({ charge }) => charge);
  }
}
