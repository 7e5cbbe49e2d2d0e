import fc from "fast-check";
import { expect, test } from "vitest";
import { ReadBackMarks } from "../../../../platform/kafka/read-back-mark.ts";

const step = fc.oneof(
  fc.record({ kind: fc.constant("work" as const), input: fc.nat(1), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant("settle" as const), input: fc.nat(1), pick: fc.nat(50) }),
  fc.record({ kind: fc.constant("mark" as const), lag: fc.nat(3) }),
  fc.record({ kind: fc.constant("commit" as const), back: fc.nat(3) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 50 }) }),
);

test("E is never beyond an outcome of uncommitted work, inherited outcomes included", () => {
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.nat(20),
      fc.array(step, { maxLength: 150 }),
      fc.constantFrom(0, 30),
      (first, second, steps, keepMs) => {
        // An earlier owner worked up to `inherited` and left its outcomes in the log, in some order.
        const inherited = [first, second];
        const log: { input: number; offset: number }[] = [];
        inherited.forEach((count, input) => {
          for (let offset = count - 1; offset >= 0; offset--) log.push({ input, offset });
        });
        const marks = new ReadBackMarks(keepMs, [0], [0, 0], inherited);
        const horizon = [0, 0];
        const settled = inherited.map((count) => new Set(Array.from({ length: count }, (_, n) => n)));
        const committed = [0, 0];
        let endsSeen = log.length;
        let now = 0;
        let last = 0;
        for (const s of steps) {
          if (s.kind === "work") horizon[s.input]! += s.count;
          else if (s.kind === "settle") {
            const open = Array.from({ length: horizon[s.input]! }, (_, n) => n).filter(
              (n) => !settled[s.input]!.has(n),
            );
            const offset = open[s.pick % Math.max(open.length, 1)];
            if (offset === undefined) continue;
            settled[s.input]!.add(offset);
            log.push({ input: s.input, offset });
          } else if (s.kind === "mark") {
            // The ends known may be older than the moment of the note.
            if (s.lag === 0) endsSeen = log.length;
            marks.note(now, horizon, [endsSeen]);
          } else if (s.kind === "wait") now += s.ms;
          else {
            committed.forEach((old, input) => {
              let c = old;
              while (c < horizon[input]! && settled[input]!.has(c)) c++;
              committed[input] = Math.max(old, c - s.back);
            });
            const e = marks.pick(now, committed)[0]!;
            expect(e).toBeGreaterThanOrEqual(last);
            last = e;
            log.forEach(({ input, offset }, at) => {
              if (offset >= committed[input]!) expect(at, `outcome of ${input}/${offset}`).toBeGreaterThanOrEqual(e);
            });
          }
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test("E comes along when all is done", () => {
  const marks = new ReadBackMarks(0, [0], [0]);
  marks.note(1, [10], [50]);
  marks.note(2, [20], [90]);
  expect(marks.pick(3, [9])).toEqual([0]);
  expect(marks.pick(3, [10])).toEqual([50]);
  expect(marks.pick(3, [25])).toEqual([90]);
});

test("where an end is not known, the one noted last stands", () => {
  const marks = new ReadBackMarks(0, [7, 8], [0]);
  marks.note(1, [10], [50, undefined]);
  expect(marks.pick(2, [10])).toEqual([50, 8]);
  marks.note(3, [20], [undefined, 90]);
  expect(marks.pick(4, [20])).toEqual([50, 90]);
});

test("keeps the history asked for", () => {
  const marks = new ReadBackMarks(1_000, [0], [0]);
  marks.note(0, [10], [50]);
  expect(marks.pick(999, [10])).toEqual([0]);
  expect(marks.pick(1_000, [10])).toEqual([50]);
});

test("marks of a still input are not piled up", () => {
  for (const keepMs of [0, 10_000]) {
    const marks = new ReadBackMarks(keepMs, [0], [0]);
    for (let n = 1; n <= 5_000; n++) marks.note(n * 1_000, [7], [n]);
    expect(marks.size).toBeLessThan(20);
    expect(marks.pick(5_000_000, [7])).toEqual([5_000 - keepMs / 1_000]);
  }
});
