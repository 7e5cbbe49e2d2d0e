import { expect, it } from "vitest";
import { rateRows } from "../../../../services/analytics-sink/rates/rate-rows.ts";

const of = (source: Readonly<Record<string, unknown>>) => rateRows({ version: 3, at: 1_772_323_200_123, source });

it("gives each currency of a version's rates a row, the base among them, with what the table takes", () => {
  const rates = { base: "EUR", date: "2026-03-01", rates: { USD: "1.0842", IDR: "19300.000000001" } };
  const set = { date: "2026-03-01", applied_at: "1772323200.123", base: "EUR", version: 3 };
  expect(of({ rates, providers: [] })).toEqual([
    { ...set, currency: "EUR", per_base: "1" },
    { ...set, currency: "USD", per_base: "1.084200000" },
    { ...set, currency: "IDR", per_base: "19300.000000001" },
  ]);
});

it("gives none where there are no rates, or none that can be read", () => {
  expect(of({})).toEqual([]);
  expect(of({ rates: { base: "EUR", date: "2026-03-01", rates: { USD: 0 } } })).toEqual([]);
});
