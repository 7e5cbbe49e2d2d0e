import fc from "fast-check";
import { expect, test } from "vitest";
import { IdRing } from "../../../../platform/kafka/id-ring.ts";

test("knows exactly the last distinct ids, as many as it holds", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 200 }),
      (capacity, ids) => {
        const ring = new IdRing(capacity);
        const naive: string[] = [];
        for (const id of ids.map(String)) {
          const fresh = !naive.includes(id);
          expect(ring.add(id)).toBe(fresh);
          if (fresh) naive.push(id);
          if (naive.length > capacity) naive.shift();
          for (let n = 0; n <= 15; n++) expect(ring.has(String(n))).toBe(naive.includes(String(n)));
        }
      },
    ),
  );
});
