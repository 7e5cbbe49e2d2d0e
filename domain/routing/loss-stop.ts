import type { Account } from "../catalog/account.ts";
import { convert, type ExchangeRates } from "../catalog/exchange-rates.ts";
import { formatMoney, type Micros } from "../catalog/money.ts";
import type { Provider } from "../catalog/provider.ts";
import { isAbove, type PriceLimit } from "./account-price-cap.ts";
import type { MessageFacts } from "./message-facts.ts";

/** What an account pays, ready for comparison with prices in any currency of the catalog. */
export interface SellingTable {
  /** ISO 4217. */
  readonly currency: string;
  /** Micro-units for a segment, by country or by network; of everywhere else: the empty text. */
  readonly prices: ReadonlyMap<string, Micros>;
  /** By currency: its units for one of this. */
  readonly unitsPer: ReadonlyMap<string, number>;
  readonly stops: boolean;
}

/** What an account pays for a message. */
export interface Selling extends PriceLimit {
  /** Whether what costs more is left out. */
  readonly stops: boolean;
  /** The account pays nothing for this destination: its list does not name it. */
  readonly unnamed: boolean;
}

/** By account; undefined where none has selling prices, so that nothing is looked up for them. */
export function sellingTables(
  accounts: readonly Account[],
  providers: readonly Provider[],
  rates: ExchangeRates | undefined,
): ReadonlyMap<string, SellingTable> | undefined {
  const tables = new Map<string, SellingTable>();
  for (const { id, sells } of accounts) {
    if (sells === undefined) continue;
    const { currency, prices, whenLoss } = sells;
    const unitsPer = new Map<string, number>();
    for (const { currency: code } of providers) {
      const units = convert(rates, 1, currency, code);
      if (units !== undefined) unitsPer.set(code, units);
    }
    const byPlace = prices.map((one): [string, Micros] => [one.mccMnc ?? one.country ?? "", one.price]);
    tables.set(id, { currency, prices: new Map(byPlace), unitsPer, stops: whenLoss === "stop" });
  }
  return tables.size === 0 ? undefined : tables;
}

/** What the message's account pays for all its segments; undefined where it has no selling prices. */
export function sellingOf(
  tables: ReadonlyMap<string, SellingTable>,
  { account, country, mccMnc, segments = 1 }: MessageFacts,
): Selling | undefined {
  const table = tables.get(account);
  if (table === undefined) return undefined;
  const { currency, prices, unitsPer, stops } = table;
  const price = (mccMnc === undefined ? undefined : prices.get(mccMnc)) ?? prices.get(country) ?? prices.get("");
  return { amount: (price ?? 0) * segments, currency, wait: true, unitsPer, stops, unnamed: price === undefined };
}

/** Whether the message is sold for less than it costs at this price of a segment. */
export function isLoss(
  selling: Selling,
  price: Micros,
  currency: string,
  facts: Pick<MessageFacts, "segments">,
): boolean {
  return isAbove(selling, price, currency, facts);
}

/** What the account pays, for people. */
export function sellingText({ amount, currency, unnamed }: Selling): string {
  return unnamed
    ? "the account's selling prices name no such destination"
    : `the account pays ${formatMoney(amount)} ${currency}`;
}
