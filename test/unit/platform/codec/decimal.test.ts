import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesToDecimal, decimalToBytes } from "../../../../platform/codec/decimal.ts";

/** The definition, in big integers: the reference that the fast code is held against. */
function reference(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length++;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, "0");
  return Buffer.from(hex, "hex");
}

const safeInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -70_000, max: 70_000 }),
  // The values around each power of two, where a byte more is needed.
  fc
    .tuple(fc.integer({ min: 0, max: 52 }), fc.constantFrom(-1, 1), fc.integer({ min: -1, max: 1 }))
    .map(([power, sign, step]) => sign * 2 ** power + step),
);

describe("decimals on the wire", () => {
  test("are two's complement, big endian, as short as possible", () => {
    fc.assert(
      fc.property(safeInteger, (value) => {
        expect(decimalToBytes(value).toString("hex")).toBe(reference(BigInt(value)).toString("hex"));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    [0, "00"],
    [-1, "ff"],
    [127, "7f"],
    [128, "0080"],
    [-128, "80"],
    [-129, "ff7f"],
    [7_500, "1d4c"],
    [2 ** 32, "0100000000"],
    [-(2 ** 32), "ff00000000"],
    [Number.MAX_SAFE_INTEGER, "1fffffffffffff"],
    [Number.MIN_SAFE_INTEGER, "e0000000000001"],
  ])("%d is %s", (value, hex) => {
    expect(decimalToBytes(value).toString("hex")).toBe(hex);
    expect(bytesToDecimal(Buffer.from(hex, "hex"))).toBe(value);
  });

  test("come back as they went, also with sign bytes that need not be there", () => {
    fc.assert(
      fc.property(safeInteger, fc.integer({ min: 0, max: 9 }), (value, more) => {
        const padding = Buffer.alloc(more, value < 0 ? 0xff : 0);
        expect(bytesToDecimal(Buffer.concat([padding, decimalToBytes(value)]))).toBe(value + 0);
      }),
      { numRuns: 2_000 },
    );
  });

  test("beyond the safe integers, or without bytes, are refused", () => {
    const unsafe = fc.bigInt({ min: BigInt(Number.MAX_SAFE_INTEGER) + 1n, max: 2n ** 100n });
    fc.assert(
      fc.property(unsafe, fc.boolean(), (value, negative) => {
        expect(() => bytesToDecimal(reference(negative ? -value : value))).toThrow(RangeError);
      }),
    );
    expect(() => bytesToDecimal(Buffer.alloc(0))).toThrow(RangeError);
    for (const value of [0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY, "1" as never])
      expect(() => decimalToBytes(value)).toThrow(RangeError);
  });
});
