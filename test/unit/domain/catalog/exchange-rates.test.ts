import { expect, it } from "vitest";
import { exchangeRatesSchema, unitsPerBase } from "../../../../domain/catalog/exchange-rates.ts";

const plain = { base: "EUR", date: "2026-01-31", rates: { USD: "1.0842", IDR: "17654.25" } };

it("says how much of a currency one unit of the base is worth", () => {
  const rates = exchangeRatesSchema.parse(plain);
  expect(["EUR", "USD", "IDR", "GBP", "toString"].map((code) => unitsPerBase(rates, code))).toEqual([
    ...[1, 1.0842, 17_654.25],
    ...[undefined, undefined],
  ]);
  expect(unitsPerBase(undefined, "EUR")).toBeUndefined();
});

it.each([
  [{ base: "euro" }, "ISO 4217"],
  [{ date: "2026-02-30" }, "a day such as"],
  [{ date: undefined }, "date"],
  [{ rates: { USD: "0" } }, "above 0"],
  [{ rates: { USD: "-1" } }, "decimal string"],
  [{ rates: { USD: "1,08" } }, "decimal string"],
  [{ rates: { usd: "1.08" } }, "ISO 4217"],
  [{ rates: { EUR: "1" } }, "take its line away"],
  [{ valid: "until" }, "valid"],
])("is not %j", (change, message) => {
  const { error } = exchangeRatesSchema.safeParse({ ...plain, ...change });
  expect(JSON.stringify(error?.issues)).toContain(message);
});
