import type { Account } from "../catalog/account.ts";
import { convert, type ExchangeRates } from "../catalog/exchange-rates.ts";
import { formatMoney, type Micros } from "../catalog/money.ts";
import { capAmount, type PriceCap } from "../catalog/price-cap.ts";
import type { Provider } from "../catalog/provider.ts";
import type { MessageFacts } from "./message-facts.ts";

/** What a conversion may be wrong by, micro-units: amounts that differ, differ by one. */
const ROUNDING = 0.001;

/** An account's cap, ready for comparison with prices in any currency of the catalog. */
export interface AccountPriceCap {
  readonly cap: PriceCap;
  /** By currency: its units for one of the cap's. What has no rate is missing. */
  readonly unitsPer: ReadonlyMap<string, number>;
}

/** What one message may cost. */
export interface PriceLimit {
  /** Micro-units of the cap's currency, for all segments together. */
  readonly amount: Micros;
  readonly currency: string;
  readonly wait: boolean;
  readonly unitsPer: ReadonlyMap<string, number>;
}

/** Undefined where no account has a cap, so that nothing is looked up for it. */
export function accountPriceCaps(
  accounts: readonly Account[],
  providers: readonly Provider[],
  rates: ExchangeRates | undefined,
): ReadonlyMap<string, AccountPriceCap> | undefined {
  const currencies = new Set(providers.map(({ currency }) => currency));
  const caps = new Map<string, AccountPriceCap>();
  for (const { id, maxPrice: cap } of accounts) {
    if (cap === undefined) continue;
    const unitsPer = new Map<string, number>();
    for (const code of currencies) {
      const units = convert(rates, 1, cap.currency, code);
      if (units !== undefined) unitsPer.set(code, units);
    }
    caps.set(id, { cap, unitsPer });
  }
  return caps.size === 0 ? undefined : caps;
}

/** What a message may cost, for people. */
export function limitText({ amount, currency }: PriceLimit): string {
  return `${formatMoney(amount)} ${currency}`;
}

/** Undefined where nothing bounds the message's price. */
export function priceLimitOf(
  caps: ReadonlyMap<string, AccountPriceCap>,
  { account, country, lane }: MessageFacts,
): PriceLimit | undefined {
  const own = caps.get(account);
  if (own === undefined) return undefined;
  const { cap, unitsPer } = own;
  const amount = capAmount(cap, country, lane);
  return amount === undefined ? undefined : { amount, currency: cap.currency, wait: cap.wait, unitsPer };
}

/** Whether a message costs more at this price of a segment. A price that cannot be compared is above. */
export function isAbove(
  { amount, unitsPer }: PriceLimit,
  price: Micros,
  currency: string,
  { segments = 1 }: Pick<MessageFacts, "segments">,
): boolean {
  const units = unitsPer.get(currency);
  return units === undefined || price * segments - amount * units > ROUNDING;
}
