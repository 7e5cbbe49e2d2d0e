import { convert, type ExchangeRates } from "../../domain/catalog/exchange-rates.ts";
import { amountOf, priceOf } from "../../domain/catalog/price-list.ts";
import type { Snapshot } from "../../domain/catalog/snapshot.ts";
import { refusals } from "../../domain/message/tries.ts";
import { routeFacts } from "../../pipeline/records/route-facts.ts";
import type { Retry } from "../../schemas/generated/types.ts";

/** What may be spent on a message, as its retry says; of a request nothing is said. */
export type SpendBound = Partial<Pick<Retry, "spendLeft" | "spendCurrency">>;

/**
 * Who must not get this message: whoever has refused it or failed with it, and, where its route bounds what it may cost, whoever is too
 * dear at this moment (epoch ms). What is in another currency is compared by the catalog's rates, and is too dear without one.
 */
export function barredProviders(
  pending: Pick<Retry, "facts" | "tried"> & SpendBound,
  {
    providers,
    catalog: { rates },
  }: Pick<Snapshot, "providers"> & { readonly catalog: Pick<Snapshot["catalog"], "rates"> },
  now: number,
): ReadonlyMap<string, unknown> {
  const { facts, tried, spendLeft = null } = pending;
  if (spendLeft === null) return refusals(tried);
  const barred = new Map<string, unknown>(refusals(tried));
  const routed = routeFacts(facts, now);
  for (const provider of providers.values()) {
    // What is charged on delivery is taken to be delivered: a bound holds whatever becomes of the message.
    const price = priceOf(provider, routed);
    const left = spendLeftIn(pending, provider.currency, rates);
    if (price === undefined || left === null || amountOf(price) * facts.segments > left)
      barred.set(provider.id, "spend");
  }
  return barred;
}

/** What may be spent on a message, in micro-units of a currency; null where nothing says so, or there is no rate to say it by. */
export function spendLeftIn(
  { spendLeft = null, spendCurrency = null }: SpendBound,
  currency: string,
  rates: ExchangeRates | undefined,
): number | null {
  if (spendLeft === null || spendCurrency === null) return null;
  const left = convert(rates, spendLeft, spendCurrency, currency);
  return left === undefined ? null : Math.floor(left);
}
