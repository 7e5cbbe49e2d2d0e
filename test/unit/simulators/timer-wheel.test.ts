import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { TimerWheel } from "../../../infra/simulators/behaviour/timer-wheel.ts";
import { until } from "../smpp/loopback.ts";

const wheels: TimerWheel<unknown>[] = [];
afterEach(() => {
  for (const wheel of wheels.splice(0)) wheel.clear();
});

function wheelOf<T>(onDue: (item: T) => void, now: () => number, capacity = 10_000): TimerWheel<T> {
  const wheel = new TimerWheel<T>(onDue, { capacity, now, resolutionMs: 5 });
  wheels.push(wheel as TimerWheel<unknown>);
  return wheel;
}

describe("TimerWheel", () => {
  it("fires each item once, never early and at most one resolution after the clock has passed it", () => {
    const step = fc.oneof(
      fc.record({ delay: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 19_000, max: 90_000 })) }),
      fc.record({ advance: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 15_000, max: 45_000 })) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 1_000 }), (steps, start) => {
        let now = start;
        const waiting = new Map<number, number>();
        const wheel = wheelOf<number>(
          (id) => {
            expect(waiting.get(id)).toBeLessThanOrEqual(now);
            waiting.delete(id);
          },
          () => now,
        );
        steps.forEach((s, id) => {
          if ("delay" in s) {
            expect(wheel.schedule(id, s.delay)).toBe(true);
            waiting.set(id, now + s.delay);
          } else {
            now += s.advance;
            wheel.advance(now);
            for (const due of waiting.values()) expect(due).toBeGreaterThan(now - 10);
          }
          expect(wheel.size).toBe(waiting.size);
        });
        wheel.clear();
      }),
      { numRuns: 300 },
    );
  });

  it("lets what fires schedule again", () => {
    let now = 0;
    const fired: number[] = [];
    const wheel = wheelOf<number>(
      (n) => {
        fired.push(now);
        if (n > 0) wheel.schedule(n - 1, 20);
      },
      () => now,
    );
    wheel.schedule(3, 20);
    for (now = 0; now <= 200; now += 5) wheel.advance(now);
    expect(fired).toEqual([20, 40, 60, 80]);
    expect(wheel.size).toBe(0);
  });

  it("refuses items beyond its capacity", () => {
    const wheel = wheelOf(
      () => {},
      () => 0,
      2,
    );
    expect([wheel.schedule(1, 10), wheel.schedule(2, 10), wheel.schedule(3, 10)]).toEqual([true, true, false]);
    expect(wheel.size).toBe(2);
  });

  it("runs on its own timer", async () => {
    const fired: string[] = [];
    const wheel = wheelOf<string>(
      (item) => fired.push(item),
      () => performance.now(),
    );
    wheel.schedule("later", 30);
    wheel.schedule("soon", 5);
    await until(() => fired.length === 2, "both fire");
    expect(fired).toEqual(["soon", "later"]);
  });
});
