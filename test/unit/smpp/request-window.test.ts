import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxSequence } from "../../../domain/smpp/command-id.ts";
import { RequestWindow } from "../../../domain/smpp/request-window.ts";

describe("RequestWindow", () => {
  it("opens no more than its capacity", () => {
    const window = new RequestWindow<string>(2);
    expect(window.open("a", 10)).toBe(1);
    expect(window.open("b", 10)).toBe(2);
    expect(window.full).toBe(true);
    expect(window.open("c", 10)).toBe(0);
    expect(window.close(1)).toBe("a");
    expect(window.open("c", 10)).toBe(3);
    expect(window.size).toBe(2);
  });

  it("tells late, duplicate and unknown responses apart", () => {
    const window = new RequestWindow<string>(4);
    const answered = window.open("a", 100);
    const late = window.open("b", 50);
    const waiting = window.open("c", 100);
    window.close(answered);
    const expired: string[] = [];
    window.expire(49, (request) => expired.push(request));
    expect(expired).toEqual([]);
    window.expire(50, (request) => expired.push(request));
    expect(expired).toEqual(["b"]);
    expect(window.correlate(answered)).toBe("duplicate");
    expect(window.correlate(late)).toBe("late");
    expect(window.correlate(waiting)).toBe("pending");
    expect(window.correlate(4_000)).toBe("unknown");
    expect(window.correlate(0)).toBe("unknown");
    expect(window.close(late)).toBeUndefined();
    expect(window.peek(waiting)).toBe("c");
  });

  it("wraps from 0x7fffffff to 1, and drains in the order of sending across the wrap", () => {
    const window = new RequestWindow<number>(8, maxSequence - 1);
    const sequences = [0, 1, 2, 3].map((i) => window.open(i, 0));
    expect(sequences).toEqual([maxSequence - 1, maxSequence, 1, 2]);
    const drained: number[] = [];
    window.drain((request) => drained.push(request));
    expect(drained).toEqual([0, 1, 2, 3]);
    expect(window.size).toBe(0);
  });

  it("steps over a number whose slot is still waiting", () => {
    const window = new RequestWindow<string>(2);
    const old = window.open("old", 0);
    for (let i = 0; i < 20; i++) {
      const sequence = window.open("new", 0);
      expect(window.peek(old)).toBe("old");
      expect(window.close(sequence)).toBe("new");
    }
  });

  it("refuses a capacity that makes no sense", () => {
    for (const capacity of [0, -1, 1.5, 65_537]) expect(() => new RequestWindow(capacity)).toThrow(RangeError);
  });

  it("behaves as a map of what waits", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("open" as const), timeout: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant("close" as const), back: fc.integer({ min: 0, max: 40 }) }),
      fc.record({ kind: fc.constant("tick" as const), ms: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ kind: fc.constant("number" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 9 }), (steps, capacity) => {
        const window = new RequestWindow<number>(capacity, maxSequence - 20);
        const model = new Map<number, { request: number; deadline: number }>();
        let now = 0;
        let last = 0;
        let serial = 0;
        for (const s of steps) {
          if (s.kind === "open") {
            const sequence = window.open(++serial, now + s.timeout);
            expect(sequence !== 0).toBe(model.size < capacity);
            if (sequence === 0) continue;
            expect(model.has(sequence)).toBe(false);
            model.set(sequence, { request: serial, deadline: now + s.timeout });
            last = sequence;
          } else if (s.kind === "number") {
            last = window.nextSequence();
            expect(model.has(last)).toBe(false);
          } else if (s.kind === "close") {
            const sequence = Math.max(1, last - s.back);
            expect(window.close(sequence)).toBe(model.get(sequence)?.request);
            model.delete(sequence);
          } else {
            now += s.ms;
            const expired: number[] = [];
            window.expire(now, (request) => expired.push(request));
            const due = [...model].filter(([, { deadline }]) => deadline <= now);
            for (const [sequence] of due) model.delete(sequence);
            expect(expired.sort()).toEqual(due.map(([, { request }]) => request).sort());
          }
          expect(window.size).toBe(model.size);
        }
        const left: number[] = [];
        window.drain((request) => left.push(request));
        expect(left).toEqual([...model.values()].map(({ request }) => request));
      }),
      { numRuns: 500 },
    );
  });
});
