import type { PerPeriod } from "../../../../domain/budget/budget-word.ts";

/** In which day and month a decision counts: their ends, epoch ms. */
export interface Labels {
  readonly day: number;
  readonly month: number;
}

/**
 * What an account has spent, message by message: each costs what its last decision says, in the day and the month of that decision. What an earlier one cost stands on in
 * the day and the month that are over by then, and is nothing any more in those that are not.
 */
export class NaiveAccount {
  /** By the end of the period, epoch ms. */
  readonly spent = { day: new Map<number, number>(), month: new Map<number, number>() };
  private readonly held = new Map<object, Labels & { readonly cost: number }>();

  /** By how much it is more than before when a decision makes a message cost so much; 0: nobody takes it in the end. */
  more(message: object, cost: number, labels: Labels): PerPeriod {
    const before = this.held.get(message);
    const of = (period: "day" | "month") => cost - (before?.[period] === labels[period] ? before.cost : 0);
    return { day: of("day"), month: of("month") };
  }

  /** What a message has cost so far stands on for good. */
  keeps(message: object): void {
    this.held.delete(message);
  }

  decided(message: object, cost: number, labels: Labels): void {
    const more = this.more(message, cost, labels);
    for (const period of ["day", "month"] as const) {
      const label = labels[period];
      this.spent[period].set(label, (this.spent[period].get(label) ?? 0) + more[period]);
    }
    this.held.set(message, { ...labels, cost });
  }

  /** Of the day or month in which it is most. */
  most(period: "day" | "month"): number {
    return Math.max(0, ...this.spent[period].values());
  }

  /** In the day and the month that are not over at a moment, epoch ms. */
  at(now: number): PerPeriod {
    const of = (all: ReadonlyMap<number, number>) => [...all].find(([end]) => end > now)?.[1] ?? 0;
    return { day: of(this.spent.day), month: of(this.spent.month) };
  }

  /** Of all days that are not over at `at`, epoch ms. */
  since(at: number): number {
    let sum = 0;
    for (const [end, spent] of this.spent.day) if (end > at) sum += spent;
    return sum;
  }
}
