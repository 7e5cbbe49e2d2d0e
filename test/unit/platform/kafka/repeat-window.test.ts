import fc from "fast-check";
import { expect, it } from "vitest";
import { RepeatWindow } from "../../../../platform/kafka/repeat-window.ts";

/** The log as (gap to the offset before, id) pairs. */
const log = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 12 })), { maxLength: 120 })
  .map((pairs) => {
    let offset = -1;
    return pairs.map(([gap, id]) => {
      offset += gap;
      return { offset, id: `m${id}` };
    });
  });

it("lets through exactly what has not stood within the span before", () => {
  fc.assert(
    fc.property(log, fc.integer({ min: 1, max: 20 }), (records, span) => {
      const window = new RepeatWindow(span);
      records.forEach(({ id, offset }, i) => {
        const repeat = records.slice(0, i).some((r) => r.id === id && offset - r.offset <= span);
        expect(window.admit(id, offset)).toBe(!repeat);
        expect(window.size).toBeLessThanOrEqual(span);
      });
    }),
  );
});

it("answers the same when it began one span earlier as when it began at the start", () => {
  fc.assert(
    fc.property(log, fc.integer({ min: 1, max: 20 }), fc.nat({ max: 200 }), (records, span, from) => {
      const whole = new RepeatWindow(span);
      const late = new RepeatWindow(span);
      for (const { id, offset } of records) {
        const answer = whole.admit(id, offset);
        if (offset >= from - span) {
          const lateAnswer = late.admit(id, offset);
          if (offset >= from) expect(lateAnswer).toBe(answer);
        }
      }
    }),
  );
});
