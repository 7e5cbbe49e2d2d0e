import fc from "fast-check";
import { expect, test } from "vitest";
import { OffsetTracker } from "../../../../platform/kafka/offset-tracker.ts";

test("agrees with a naive model, with gaps, repeats and completions nobody asked for", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000 }),
      fc.array(fc.record({ take: fc.boolean(), gap: fc.integer({ min: 0, max: 3 }), pick: fc.nat(200) }), {
        maxLength: 400,
      }),
      (start, steps) => {
        const tracker = new OffsetTracker(start);
        const taken: number[] = [];
        const done = new Set<number>();
        let next = start;
        for (const { take, gap, pick } of steps) {
          if (take) {
            tracker.take(next + gap);
            taken.push(next + gap);
            next += gap + 1;
          } else {
            const offset = taken[pick % Math.max(taken.length, 1)] ?? start + 5_000;
            tracker.complete(offset);
            if (taken.includes(offset)) done.add(offset);
          }
          const open = taken.filter((offset) => !done.has(offset));
          expect(tracker.pending).toBe(open.length);
          expect(tracker.taken).toBe(next);
          // Nothing open may lie below; everything done in a row from the start must.
          if (open.length === 0) expect(tracker.committable).toBe(next);
          else {
            expect(tracker.committable).toBeLessThanOrEqual(open[0]!);
            const before = taken.filter((offset) => offset < open[0]!);
            expect(tracker.committable).toBe(before.length === 0 ? start : before.at(-1)! + 1);
          }
        }
      },
    ),
  );
});

test("an offset cannot be taken twice", () => {
  const tracker = new OffsetTracker(5);
  expect(() => tracker.take(4)).toThrow(/taken already/);
  tracker.take(5);
  expect(() => tracker.take(5)).toThrow(/taken already/);
});

test("stays small over a long run with one straggler now and then", () => {
  const tracker = new OffsetTracker(0);
  let straggler = 0;
  for (let offset = 0; offset < 200_000; offset++) {
    tracker.take(offset);
    if (offset % 3_000 === 0) {
      tracker.complete(straggler);
      straggler = offset;
    } else tracker.complete(offset);
  }
  tracker.complete(straggler);
  expect(tracker.committable).toBe(200_000);
  expect((tracker as unknown as { entries: unknown[] }).entries.length).toBeLessThan(10_000);
});
