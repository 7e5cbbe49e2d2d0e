import fc from "fast-check";
import { expect, test } from "vitest";
import { convert } from "../../../domain/catalog/exchange-rates.ts";
import { spendLeftOf as leftOf } from "../../../services/dlr-collector/correlator/spend-left.ts";
import { facts } from "./records.ts";

const of = (attempt: number, cost: number | null, currency: string | null = "EUR", price: number | null = cost) => ({
  attempt,
  cost,
  price,
  currency,
  onDelivery: false,
  facts: facts("m"),
});

const rates = { base: "EUR", date: "2026-11-30", rates: { USD: 1.2 } };
const spendLeftOf = (bound: Parameters<typeof leftOf>[0], list: Parameters<typeof leftOf>[1]) =>
  leftOf(bound, list, (amount, from, to) => convert(rates, amount, from, to));

test("without a bound nothing is counted", () => {
  expect(spendLeftOf(undefined, [of(1, 7_500)])).toBeUndefined();
});

test("what is charged on delivery counts as if it were delivered, whatever it owes so far", () => {
  const later = { ...of(1, 0, "EUR", 7_500), onDelivery: true };
  expect(spendLeftOf({ times: 3 }, [later])).toEqual({ left: 15_000, currency: "EUR" });
  expect(spendLeftOf({ amount: 7_500, currency: "EUR" }, [later])).toBe("spent");
});

test("multiples are those of the first submission, in whatever order they were read", () => {
  expect(spendLeftOf({ times: 3 }, [of(2, 10_000), of(1, 7_500)])).toEqual({ left: 5_000, currency: "EUR" });
  expect(spendLeftOf({ times: 1.5 }, [of(1, 7_501)])).toEqual({ left: 3_750, currency: "EUR" });
});

test("another currency is counted by its rate, rounded up; without a rate nothing more is spent", () => {
  expect(spendLeftOf({ times: 2 }, [of(1, 12_000, "USD"), of(2, 5_001)])).toEqual({ left: 5_998, currency: "USD" });
  const amount = { amount: 20_000, currency: "EUR" };
  expect(spendLeftOf(amount, [of(1, 7_501, "USD"), of(2, 9_000)])).toEqual({ left: 4_749, currency: "EUR" });
  expect(spendLeftOf(amount, [of(1, 1, "CHF")])).toBe("spent");
});

test("what is in doubt may have to be paid; what has no price leaves nothing to go by", () => {
  const doubtful = { ...of(1, null, "EUR", 7_500), facts: facts("m", { segments: 2 }) };
  expect(spendLeftOf({ amount: 20_000, currency: "EUR" }, [doubtful])).toEqual({ left: 5_000, currency: "EUR" });
  expect(spendLeftOf({ times: 3 }, [of(1, null)])).toBe("spent");
  expect(spendLeftOf({ times: 1 }, [of(1, 7_500)])).toBe("spent");
});

test("what is left and what was spent are the bound", () => {
  const costs = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(costs, fc.integer({ min: 1, max: 5_000_000 }), (list, amount) => {
      const left = spendLeftOf(
        { amount, currency: "EUR" },
        list.map((cost, i) => of(i + 1, cost)),
      );
      const sum = list.reduce((a, b) => a + b, 0);
      expect(left).toEqual(sum >= amount ? "spent" : { left: amount - sum, currency: "EUR" });
    }),
  );
});
