import { type CalendarPeriods, periodsAt } from "../catalog/calendar-period.ts";
import type { Lookup } from "../catalog/lookup.ts";
import type { Micros } from "../catalog/money.ts";

/** What one look-up has cost in the day and the month that end at these moments, epoch ms. */
type Spent = [day: Micros, dayEnd: number, month: Micros, monthEnd: number];

/** As it stands in a partition's committed state: by the look-up's id. */
export type SpentOnLookups = Readonly<Record<string, Spent>>;

type Terms = Pick<Lookup, "id" | "price" | "budget">;

/** Look-ups whose sums are kept: those of the catalog, and of earlier ones until their month is over. */
const MAX_KEPT = 16;

/**
 * What one partition may spend on look-ups: its even share of each look-up's budget. Only its owner spends it, and the sum is
 * committed with the partition's offsets, so all partitions together never spend more, whoever owns them; what was asked
 * since the last commit is not counted when the owner changes.
 */
export class LookupBudget {
  private readonly partitions: number;
  private readonly spent: Map<string, Spent>;

  /** `partitions`: among which budgets are shared. `restored`: what the last owner committed. */
  constructor(partitions: number, restored: SpentOnLookups = {}) {
    this.partitions = partitions;
    this.spent = new Map(Object.entries(restored));
  }

  /** Counts one question; false, and nothing counted, when the budget does not have it. `now`: epoch ms by the brokers' clock. */
  take({ id, price, budget }: Terms, now: number): boolean {
    const { daily, monthly, zone } = budget;
    if (price === 0 || (daily === undefined && monthly === undefined)) return true;
    const spent = this.at(id, zone, now);
    if (spent[0] + price > this.shareOf(daily) || spent[2] + price > this.shareOf(monthly)) return false;
    spent[0] += price;
    spent[2] += price;
    return true;
  }

  /** To be committed; undefined where nothing was ever spent. */
  state(): SpentOnLookups | undefined {
    return this.spent.size === 0 ? undefined : Object.fromEntries(this.spent);
  }

  private at(id: string, zone: string, now: number): Spent {
    let spent = this.spent.get(id);
    if (spent === undefined) {
      this.forget(now);
      spent = [0, 0, 0, 0];
      this.spent.set(id, spent);
    }
    // Periods that have begun end by the clocks that they began by.
    let periods: CalendarPeriods | undefined;
    if (now >= spent[1]) {
      periods = periodsAt(now, zone);
      [spent[0], spent[1]] = [0, periods.day.end];
    }
    if (now >= spent[3]) [spent[2], spent[3]] = [0, (periods ?? periodsAt(now, zone)).month.end];
    return spent;
  }

  private shareOf(limit: Micros | undefined): Micros {
    return limit === undefined ? Number.POSITIVE_INFINITY : partitionShare(limit, this.partitions);
  }

  /** Look-ups that the catalog no longer has go when their month is over, and the oldest where they are too many. */
  private forget(now: number): void {
    for (const [id, [, , , monthEnd]] of this.spent)
      if (monthEnd <= now || this.spent.size >= MAX_KEPT) this.spent.delete(id);
  }
}

/** What of a budget one of so many partitions may spend. */
export function partitionShare(limit: Micros, partitions: number): Micros {
  return Math.floor(limit / partitions);
}
