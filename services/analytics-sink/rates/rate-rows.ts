import { exchangeRatesSchema } from "../../../domain/catalog/exchange-rates.ts";

/** A row of the table `exchange_rates`, as JSONEachRow. */
export interface RateRow {
  /** As 2026-01-31. */
  readonly date: string;
  /** Epoch seconds with milliseconds, as ClickHouse reads a DateTime64(3). */
  readonly applied_at: string;
  readonly currency: string;
  readonly base: string;
  /** Units of the currency for one of the base, a decimal string. */
  readonly per_base: string;
  readonly version: number;
}

/** A catalog's version, or its files: version 0. */
export interface RatesOf {
  readonly version: number;
  /** When it came into effect, epoch ms. */
  readonly at: number;
  /** What it holds, as plain data. */
  readonly source: Readonly<Record<string, unknown>>;
}

/** Decimals that ClickHouse keeps, as many as the catalog takes. */
const DECIMALS = 9;

/** A row for each currency of a catalog's exchange rates, the base among them; none where it has no rates that can be read. */
export function rateRows({ version, at, source }: RatesOf): RateRow[] {
  const read = exchangeRatesSchema.safeParse(source.rates);
  if (!read.success) return [];
  const { base, date, rates } = read.data;
  const set = { date, applied_at: (at / 1_000).toFixed(3), base, version };
  return [
    { ...set, currency: base, per_base: "1" },
    ...Object.entries(rates).map(([currency, rate]) => ({ ...set, currency, per_base: rate.toFixed(DECIMALS) })),
  ];
}
