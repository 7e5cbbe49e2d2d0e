import { z } from "zod";
import { currency } from "./fields.ts";

/** A decimal string, as prices are: six decimals at most would be too few for a rate. */
const rate = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, 'a rate is a decimal string such as "1.0842"')
  .transform(Number)
  .refine((value) => value > 0, "a rate is above 0");

/** By what prices in several currencies are compared, as of one day. */
export const exchangeRatesSchema = z
  .strictObject({
    /** The currency in which prices are compared. */
    base: currency,
    /** The day of the rates, for people. */
    date: z.iso.date("a day such as 2026-01-31"),
    /** Units of each currency for one of the base. */
    rates: z.record(currency, rate),
  })
  .refine(({ base, rates }) => !Object.hasOwn(rates, base), {
    path: ["rates"],
    error: "the base is worth 1 of itself: take its line away",
  });

export type ExchangeRates = z.output<typeof exchangeRatesSchema>;

/** Units of a currency for one of the base; undefined where the rates do not say. */
export function unitsPerBase(rates: ExchangeRates | undefined, code: string): number | undefined {
  if (rates === undefined) return undefined;
  return code === rates.base ? 1 : Object.hasOwn(rates.rates, code) ? rates.rates[code] : undefined;
}

/** An amount in another currency, not rounded; undefined where the rates do not say. */
export function convert(
  rates: ExchangeRates | undefined,
  amount: number,
  from: string,
  to: string,
): number | undefined {
  if (from === to) return amount;
  const [perFrom, perTo] = [unitsPerBase(rates, from), unitsPerBase(rates, to)];
  return perFrom === undefined || perTo === undefined ? undefined : (amount / perFrom) * perTo;
}
