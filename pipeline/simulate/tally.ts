import { type ExchangeRates, unitsPerBase } from "../../domain/catalog/exchange-rates.ts";
import type { Micros } from "../../domain/catalog/money.ts";

/** Traffic that one provider has. */
export interface ProviderShare {
  messages: number;
  segments: number;
}

/** What a message's provider takes. */
export interface PriceOfSegment {
  readonly price: Micros;
  /** ISO 4217. */
  readonly currency: string;
  /** Only for what is delivered. */
  readonly onDelivery: boolean;
}

/** Where messages went, or would go, and what of it. */
export class Tally {
  readonly providers = new Map<string, ProviderShare>();
  /** By currency: they are never added. */
  readonly costs = new Map<string, Micros>();
  /** Messages that nobody takes, by why. */
  readonly refused = new Map<string, number>();
  messages = 0;
  /** How many are delivered, by what was seen of the providers. */
  delivered = 0;

  /** `delivery`: probability. What is charged on delivery costs what is expected of it. */
  give(provider: string, segments: number, { price, currency, onDelivery }: PriceOfSegment, delivery: number): void {
    let share = this.providers.get(provider);
    if (share === undefined) {
      share = { messages: 0, segments: 0 };
      this.providers.set(provider, share);
    }
    share.messages++;
    share.segments += segments;
    this.costs.set(
      currency,
      (this.costs.get(currency) ?? 0) + Math.round(price * segments * (onDelivery ? delivery : 1)),
    );
    this.messages++;
    this.delivered += delivery;
  }

  refuse(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
    this.messages++;
  }

  get notCarried(): number {
    let sum = 0;
    for (const count of this.refused.values()) sum += count;
    return sum;
  }

  /** All costs in the base of the rates; undefined where one has no rate. A single currency needs none. */
  total(rates: ExchangeRates | undefined): { readonly micros: number; readonly currency: string } | undefined {
    const [only, ...more] = this.costs;
    if (only === undefined) return rates === undefined ? undefined : { micros: 0, currency: rates.base };
    if (more.length === 0 && (rates === undefined || only[0] === rates.base))
      return { micros: only[1], currency: only[0] };
    let sum = 0;
    for (const [currency, micros] of this.costs) {
      const perBase = unitsPerBase(rates, currency);
      if (perBase === undefined) return undefined;
      sum += micros / perBase;
    }
    return { micros: Math.round(sum), currency: rates!.base };
  }
}
