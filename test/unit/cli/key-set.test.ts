import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeySet, keyOf } from "../../../services/cli/key-set.ts";

describe("a set of keys", () => {
  it("agrees with Set for any keys", () => {
    const key = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 3_000, size: "max" }), (keys) => {
        const ours = new KeySet();
        const model = new Set<number>();
        for (const one of keys) {
          expect(ours.add(one)).toBe(!model.has(one));
          model.add(one);
          expect(ours.size).toBe(model.size);
        }
        for (const one of keys)
          expect([ours.has(one), ours.has(Math.floor(one / 2))]).toEqual([true, model.has(Math.floor(one / 2))]);
      }),
      { numRuns: 30 },
    );
  });

  it("tells ids of one name space, and name spaces, apart", () => {
    const keys = new KeySet();
    for (const space of ["smsc-a", "smsc-b"])
      for (let n = 0; n < 100_000; n++) expect(keys.add(keyOf(space, String(n)))).toBe(true);
    expect(keys.size).toBe(200_000);
  });
});
