import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BUCKET, BucketFold, type Buckets, differingBuckets, runsOf } from "../../../../services/cli/rows/buckets.ts";

const md5 = (text: string) => createHash("md5").update(text).digest();
const fold = (events: readonly (readonly [number, string])[]): Buckets => {
  const into = new BucketFold();
  for (const [offset, content] of events) into.add(offset, md5(content));
  return into.buckets();
};

test("a bucket's hash is the sum of its contents' first eight octets, modulo 2^64", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3 * BUCKET), fc.string()), { maxLength: 60 }), (events) => {
      const buckets = fold(events);
      for (const [key, { count, offsets, hash }] of buckets) {
        const own = events.filter(([offset]) => Math.floor(offset / BUCKET) === key);
        expect(count).toBe(own.length);
        expect(offsets).toBe(own.reduce((sum, [offset]) => sum + offset - key * BUCKET, 0));
        expect(hash).toBe(
          BigInt.asUintN(
            64,
            own.reduce((sum, [, content]) => sum + md5(content).readBigUInt64BE(0), 0n),
          ),
        );
      }
    }),
  );
});

test("whatever is left out, doubled or changed makes its bucket differ, and no other one", () => {
  const events = Array.from({ length: 40 }, (_, i) => [i * 1_000, `event ${i}`] as const);
  const log = fold(events);
  expect(differingBuckets(log, fold([...events].reverse()))).toEqual([]);
  fc.assert(
    fc.property(fc.nat(39), fc.constantFrom("missing", "doubled", "changed", "moved"), (which, how) => {
      const rows = events.flatMap(([offset, content], i): (readonly [number, string])[] => {
        if (i !== which) return [[offset, content]];
        if (how === "missing") return [];
        if (how === "doubled") return [0, 1].map(() => [offset, content] as const);
        return how === "changed" ? [[offset, `${content}.`]] : [[offset ^ 1, content]];
      });
      expect(differingBuckets(log, fold(rows))).toEqual([Math.floor((which * 1_000) / BUCKET)]);
    }),
  );
});

test("neighbouring buckets are one run, up to a number", () => {
  expect(runsOf([2, 3, 4, 7], 2)).toEqual([
    { from: 2 * BUCKET, to: 4 * BUCKET },
    { from: 4 * BUCKET, to: 5 * BUCKET },
    { from: 7 * BUCKET, to: 8 * BUCKET },
  ]);
});
