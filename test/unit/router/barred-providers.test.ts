import { expect, test } from "vitest";
import { parseProvider } from "../../../domain/catalog/catalog.ts";
import { barredProviders, spendLeftIn } from "../../../services/router/barred-providers.ts";
import { facts } from "../dlr-collector/records.ts";

function provider(id: string, price: string, currency = "EUR", charged = "submit") {
  const smpp = { host: "127.0.0.1", port: 1, systemId: "s", password: "p" };
  const parsed = parseProvider({
    id,
    kind: "smpp",
    rate: 100,
    currency,
    smpp,
    prices: [{ country: "DE", price, charged }],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

const all = [provider("cheap", "0.01"), provider("dear", "0.04"), provider("dollars", "0.001", "USD")];
const providers = new Map(all.map((one) => [one.id, one]));
const rates = { base: "EUR", date: "2026-11-30", rates: { USD: 1.25 } };
const barred = (spendLeft: number | null, segments = 1, country = "DE", by?: typeof rates) => {
  const pending = { facts: facts("m", { segments, country }), tried: [], spendLeft, spendCurrency: "EUR" };
  return [...barredProviders(pending, { providers, catalog: { rates: by } }, 0).keys()];
};

test("without a bound only those are barred that have refused the message or failed with it", () => {
  const tried = ["refused", "undelivered", "missing", "transient", "unknown"].map((errorClass, i) => ({
    provider: `p${i}`,
    errorClass,
    errorCode: null,
  }));
  expect([...barredProviders({ facts: facts("m"), tried }, { providers, catalog: { rates } }, 0).keys()]).toEqual([
    "p0",
    "p1",
    "p2",
  ]);
});

test("with a bound those as well that are too dear for all segments, or have a currency without a rate", () => {
  expect(barred(40_000)).toEqual(["dollars"]);
  expect(barred(39_999)).toEqual(["dear", "dollars"]);
  expect(barred(40_000, 4)).toEqual(["dear", "dollars"]);
  expect(barred(9_999)).toEqual(["cheap", "dear", "dollars"]);
  expect(barred(1_000_000, 1, "FR"), "served by none").toEqual(["cheap", "dear", "dollars"]);
});

test("what is charged on delivery counts as if it were delivered", () => {
  const later = new Map([["later", provider("later", "0.02", "EUR", "delivery")]]);
  const bounded = (spendLeft: number) => {
    const pending = { facts: facts("m"), tried: [], spendLeft, spendCurrency: "EUR" };
    return [...barredProviders(pending, { providers: later, catalog: { rates: undefined } }, 0).keys()];
  };
  expect(bounded(20_000)).toEqual([]);
  expect(bounded(19_999)).toEqual(["later"]);
});

test("another currency is compared by the rates of the catalog", () => {
  expect(barred(800, 1, "DE", rates)).toEqual(["cheap", "dear"]);
  expect(barred(799, 1, "DE", rates)).toEqual(["cheap", "dear", "dollars"]);
});

test("what may be spent is told in the currency of who gets the message, never more than there is", () => {
  const pending = { spendLeft: 799, spendCurrency: "EUR" };
  expect(spendLeftIn(pending, "EUR", undefined)).toBe(799);
  expect(spendLeftIn(pending, "USD", rates)).toBe(998);
  expect(spendLeftIn(pending, "USD", undefined)).toBeNull();
  expect(spendLeftIn({ spendLeft: null }, "EUR", rates)).toBeNull();
});
