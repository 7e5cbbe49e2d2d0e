import fc from "fast-check";
import { expect, it } from "vitest";
import { WriteBatch } from "../../../domain/smpp/write-batch.ts";

it("gives back exactly the octets written, in order, however often they are taken", () => {
  const writes = fc.array(
    fc.record({
      size: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 30_000, max: 90_000 })),
      take: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(writes, (steps) => {
      const batch = new WriteBatch();
      const expected: Buffer[] = [];
      const taken: Buffer[] = [];
      let waiting = 0;
      steps.forEach(({ size, take }, i) => {
        const into = batch.reserve(size);
        into.fill(i, batch.at, batch.at + size);
        batch.commit(batch.at + size);
        expected.push(Buffer.alloc(size, i));
        waiting += size;
        expect(batch.octets).toBe(waiting);
        if (!take) return;
        taken.push(...batch.take());
        waiting = 0;
        expect(batch.octets).toBe(0);
      });
      taken.push(...batch.take());
      expect(Buffer.concat(taken).equals(Buffer.concat(expected))).toBe(true);
    }),
    { numRuns: 60 },
  );
});
