import type { Micros } from "../catalog/money.ts";
import type { Place, Spent } from "./budget-word.ts";

/** What a message gives back, and the periods in which it had taken it: their ends, epoch ms. */
export interface GiveBack extends Pick<Spent, "dayEnd" | "monthEnd"> {
  readonly amount: Micros;
}

/** What is left of what was spent. A period that is another one by now gets nothing back. */
export function without(spent: Spent, { amount, dayEnd, monthEnd }: GiveBack): Spent {
  return {
    ...spent,
    day: spent.dayEnd === dayEnd ? Math.max(0, spent.day - amount) : spent.day,
    month: spent.monthEnd === monthEnd ? Math.max(0, spent.month - amount) : spent.month,
  };
}

/**
 * What messages have given back by decisions that may still be lost. Whoever comes after a kill decides these anew, and gives back once more: so nothing of it
 * counts before its decision stands in the event log.
 */
export class GiveBacks {
  private waiting: { readonly place: Place; readonly given: GiveBack }[] = [];

  get size(): number {
    return this.waiting.length;
  }

  add(place: Place, given: GiveBack): void {
    this.waiting.push({ place, given });
  }

  /** Those that count from now on. `stored`: by input, decisions of the records below stand in the log. */
  ripe(stored: readonly number[]): GiveBack[] {
    if (this.waiting.length === 0) return [];
    const stands = ({ input, offset }: Place) => offset < (stored[input] ?? 0);
    const ripe = this.waiting.filter(({ place }) => stands(place));
    if (ripe.length > 0) this.waiting = this.waiting.filter(({ place }) => !stands(place));
    return ripe.map(({ given }) => given);
  }
}
