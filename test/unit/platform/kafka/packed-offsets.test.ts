import fc from "fast-check";
import { expect, test } from "vitest";
import { packOffsets, unpackOffsets } from "../../../../platform/kafka/packed-offsets.ts";

test("offsets are the same after packing, in ascending order", () => {
  const offsets = fc.uniqueArray(fc.nat({ max: Number.MAX_SAFE_INTEGER }), { maxLength: 200 });
  fc.assert(
    fc.property(offsets, (list) => {
      expect(unpackOffsets(packOffsets(list))).toEqual([...list].sort((a, b) => a - b));
    }),
  );
});

test("neighbours take an octet each, and nothing takes none", () => {
  const neighbours = Array.from({ length: 300 }, (_, n) => 5_000_000 + n);
  expect(Buffer.from(packOffsets(neighbours), "base64").length).toBeLessThanOrEqual(300 + 3);
  expect(packOffsets([])).toBe("");
  expect(unpackOffsets("")).toEqual([]);
});

test("text that is cut off is refused", () => {
  const packed = Buffer.from(packOffsets([1_000_000]), "base64")
    .subarray(0, 2)
    .toString("base64");
  expect(() => unpackOffsets(packed)).toThrow(/cut off/);
});
