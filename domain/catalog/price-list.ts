import { z } from "zod";
import { country, mccMnc, price } from "./fields.ts";
import type { Micros } from "./money.ts";

/** A price of a segment in micro-units of the provider's currency: owed for what is submitted, or only for what is delivered. */
export type Price = Micros | PriceOnDelivery;

/** A price that a provider takes only for what it delivers. */
export interface PriceOnDelivery {
  readonly onDelivery: Micros;
  readonly from?: undefined;
}

/** A price that is the same at all times, or one that changes. */
export type Priced = Price | PriceChange;

/** The last price, and what there was before it. */
export interface PriceChange {
  readonly price: Price;
  /** When it begins, epoch ms. */
  readonly from: number;
  /** Undefined: there was none. */
  readonly before: Priced | undefined;
}

/** Where a message goes, as far as prices depend on it. */
export interface PricedFacts {
  /** E.164 digits without a plus. */
  readonly destination: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly mccMnc: string | undefined;
  /** The moment whose prices count, epoch ms by the brokers' clock. */
  readonly at: number;
}

/** Prices by what they are of; the most exact one counts. */
export interface PriceTable {
  /** By `26201`. */
  readonly byNetwork: ReadonlyMap<string, Priced>;
  /** Networks that have a price of their own in each of several countries: by `310260`, then `PR`. Before `byNetwork`. */
  readonly byNetworkAndCountry: ReadonlyMap<string, ReadonlyMap<string, Priced>>;
  /** By first digits of the destination: the longest counts. */
  readonly byPrefix: ReadonlyMap<string, Priced>;
  /** Lengths of those, the longest first. */
  readonly prefixLengths: readonly number[];
  readonly byCountry: ReadonlyMap<string, Priced>;
  /** For everywhere else; without it the provider serves only what the list names. */
  readonly elsewhere: Priced | undefined;
  /** Some of its prices are charged on delivery. */
  readonly onDelivery: boolean;
}

/** What a provider takes for a segment. */
export class PriceList {
  readonly table: PriceTable;
  /** It stood in a file of its own, whose lines were looked at when it was read. */
  readonly ofFile: boolean;
  /** The list that takes its place as a whole, and when, epoch ms. */
  readonly next: { readonly from: number; readonly table: PriceTable } | undefined;

  constructor(table: PriceTable, ofFile = false, next?: PriceList["next"]) {
    this.table = table;
    this.ofFile = ofFile;
    this.next = next;
  }

  /** All of its tables, the present one first. */
  get tables(): readonly PriceTable[] {
    return this.next === undefined ? [this.table] : [this.table, this.next.table];
  }
}

/**
 * Price of a segment: the network's, else that of the longest prefix, else the
 * country's, else the general one, each as it is at the message's moment. Undefined means that the provider does not serve the
 * destination. Costs some look-ups, however long the list is.
 */
export function priceOf({ prices }: { readonly prices: PriceList }, facts: PricedFacts): Price | undefined {
  const { next } = prices;
  const table = next !== undefined && facts.at >= next.from ? next.table : prices.table;
  const { at, mccMnc: network } = facts;
  let price: Price | undefined;
  if (network !== undefined) {
    price = priceAt(table.byNetworkAndCountry.get(network)?.get(facts.country), at);
    price ??= priceAt(table.byNetwork.get(network), at);
  }
  for (let i = 0; price === undefined && i < table.prefixLengths.length; i++)
    price = priceAt(table.byPrefix.get(facts.destination.slice(0, table.prefixLengths[i])), at);
  return price ?? priceAt(table.byCountry.get(facts.country), at) ?? priceAt(table.elsewhere, at);
}

/** What a price is at a moment, epoch ms; undefined before its first. */
export function priceAt(priced: Priced | undefined, at: number): Price | undefined {
  let last = priced;
  while (typeof last === "object") {
    if (last.from === undefined) return last;
    if (at >= last.from) return last.price;
    last = last.before;
  }
  return last;
}

/** What a price amounts to where it is owed, micro-units. */
export function amountOf(price: Price): Micros {
  return typeof price === "object" ? price.onDelivery : price;
}

export const NO_PRICES: PriceTable = {
  byNetwork: new Map(),
  byNetworkAndCountry: new Map(),
  byPrefix: new Map(),
  prefixLengths: [],
  byCountry: new Map(),
  elsewhere: undefined,
  onDelivery: false,
};

/** When a provider takes a price: for every submission, or only for what was delivered. */
export const charged = z.enum(["submit", "delivery"]);

const priceEntry = z
  .strictObject({ country: country.optional(), mccMnc: mccMnc.optional(), price, charged: charged.default("submit") })
  .refine((entry) => entry.country === undefined || entry.mccMnc === undefined, "country or mccMnc, not both");

/** Prices that stand beside their provider: `[{country | mccMnc | neither, price, charged}]`. */
const writtenPrices = z.array(priceEntry).transform((entries, context): PriceList => {
  const byNetwork = new Map<string, Price>();
  const byCountry = new Map<string, Price>();
  let elsewhere: Price | undefined;
  for (const [index, entry] of entries.entries()) {
    const key = entry.mccMnc ?? entry.country;
    const map = entry.mccMnc === undefined ? byCountry : byNetwork;
    const repeated = key === undefined ? elsewhere !== undefined : map.has(key);
    if (repeated) {
      const message = `a second price for ${key ?? "everywhere else"}`;
      context.addIssue({ code: "custom", path: [index], message });
    }
    const price = entry.charged === "delivery" ? { onDelivery: entry.price } : entry.price;
    if (key === undefined) elsewhere = price;
    else map.set(key, price);
  }
  const onDelivery = entries.some((entry) => entry.charged === "delivery");
  return new PriceList({ ...NO_PRICES, byNetwork, byCountry, elsewhere, onDelivery });
});

/** A provider's prices: written beside it, or a list that has been compiled (see compiled-prices.ts), which is taken as it is. */
export const priceListSchema = z.unknown().transform((input, context): PriceList => {
  if (input instanceof PriceList) return input;
  const written = writtenPrices.safeParse(input);
  if (written.success) return written.data;
  // Each is passed on as it is, for explain-issue.ts: the types know only issues of this schema's own.
  for (const issue of written.error.issues) context.issues.push({ ...issue, input } as z.core.$ZodRawIssue);
  return z.NEVER;
});
