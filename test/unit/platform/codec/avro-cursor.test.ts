import fc from "fast-check";
import { expect, it } from "vitest";
import { AvroCursor } from "../../../../platform/codec/avro-cursor.ts";

/** Zigzag varint (specification, "Binary Encoding") of any 64-bit number. */
function varint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

it("reads every long: as a number where that is exact, else as a bigint", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.integer({ min: 0, max: 63 }),
      (any, shift) => {
        for (const value of [any, any >> BigInt(shift)]) {
          const cursor = new AvroCursor(Buffer.concat([Buffer.from([9]), varint(value)]), 1);
          const read = cursor.long();
          expect(BigInt(read)).toBe(value);
          expect(typeof read).toBe(Number.isSafeInteger(Number(value)) ? "number" : "bigint");
          expect(cursor.at).toBe(cursor.bytes.length);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

it("ends at the end, and at numbers that are none", () => {
  const read = (hex: string, how: (cursor: AvroCursor) => unknown) => () =>
    how(new AvroCursor(Buffer.from(hex, "hex"), 0));
  expect(read("80", (c) => c.long())).toThrow("truncated");
  expect(read("ff".repeat(12), (c) => c.long())).toThrow("more than ten bytes");
  expect(read("8080808010", (c) => c.int())).toThrow("32 bits");
  expect(read("0461", (c) => c.text())).toThrow("truncated");
  expect(read("01", (c) => c.text())).toThrow("negative length");
  expect(read("02", (c) => c.boolean())).toThrow("boolean");
  expect(read("8080808008", (c) => c.block())).toThrow("more items than bytes");
  expect(read("00000000", (c) => c.double())).toThrow("truncated");
});

it("values of no bytes cannot be more than bytes and a constant: neither in many blocks nor as records", () => {
  const many = new AvroCursor(Buffer.alloc(100), 0);
  many.spend(10_100);
  expect(() => many.spend(1)).toThrow("more items than bytes");
  // Blocks of 50 items, each written as 100 (zigzag), by a type that has no bytes.
  const blocks = new AvroCursor(Buffer.alloc(400, 100), 0);
  expect(() => {
    for (;;) blocks.block();
  }).toThrow("more items than bytes");
  expect(blocks.at).toBeLessThan(400);
});
