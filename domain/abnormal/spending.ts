import { DecayedCount } from "./decayed-count.ts";

/** Currencies of one key; of further ones nothing is said. */
const CURRENCIES = 4;
const HOUR = 60;

/** What a key costs, by currency: amounts of different ones are never added. */
export class Spending {
  private readonly amounts = new Map<string, DecayedCount>();
  private readonly halfLife: number;

  /** @param halfLife minutes */
  constructor(halfLife: number) {
    this.halfLife = halfLife;
  }

  add(minute: number, cost: number, currency: string): void {
    if (cost === 0) return;
    let amount = this.amounts.get(currency);
    if (amount === undefined) {
      if (this.amounts.size >= CURRENCIES) return;
      amount = new DecayedCount(this.halfLife);
      this.amounts.set(currency, amount);
    }
    amount.add(minute, cost);
  }

  /** Micro-units an hour, as of late. */
  hourly(minute: number): Record<string, number> {
    const hourly: Record<string, number> = {};
    for (const [currency, amount] of this.amounts) {
      const rate = Math.round((amount.get(minute) / amount.window) * HOUR);
      if (rate > 0) hourly[currency] = rate;
    }
    return hourly;
  }
}
