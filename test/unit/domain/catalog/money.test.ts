import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMoney, parseMoney } from "../../../../domain/catalog/money.ts";

describe("money", () => {
  it("is a whole number of micro-units", () => {
    expect(parseMoney("0.0075")).toBe(7_500);
    expect(parseMoney("12")).toBe(12_000_000);
    expect(parseMoney("-0.5")).toBe(-500_000);
    expect(parseMoney("0.000001")).toBe(1);
    expect(Object.is(parseMoney("-0"), 0)).toBe(true);
    expect(parseMoney("9007199254.740991")).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("refuses what it cannot hold exactly", () => {
    for (const text of [
      "",
      ".5",
      "5.",
      "1e3",
      "+1",
      " 1",
      "1,5",
      "0.0000001",
      "9007199254.740992",
      "99999999999",
      "NaN",
    ]) {
      expect([text, parseMoney(text)]).toEqual([text, undefined]);
    }
    expect(() => formatMoney(0.5)).toThrow(RangeError);
    expect(() => formatMoney(2 ** 53)).toThrow(RangeError);
  });

  it("is written in the shortest way and read back exactly", () => {
    expect([7_500, 12_000_000, -500_000, 0, 1].map(formatMoney)).toEqual(["0.0075", "12", "-0.5", "0", "0.000001"]);
    fc.assert(
      fc.property(fc.maxSafeInteger(), (micros) => {
        expect(parseMoney(formatMoney(micros))).toBe(micros === 0 ? 0 : micros);
      }),
    );
  });

  it("agrees with the arithmetic of whole numbers", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(999_999), (units, micros) => {
        expect(parseMoney(`${units}.${String(micros).padStart(6, "0")}`)).toBe(units * 1_000_000 + micros);
      }),
    );
  });
});
