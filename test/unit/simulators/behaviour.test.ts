import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { BoundedQueue } from "../../../infra/simulators/behaviour/bounded-queue.ts";
import { drawDelay } from "../../../infra/simulators/behaviour/delay.ts";
import { LastLook } from "../../../infra/simulators/behaviour/last-look.ts";
import { LiveSettings, mergeSettings } from "../../../infra/simulators/behaviour/live-settings.ts";
import { chance, pickWeighted, seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { SegmentRate } from "../../../infra/simulators/behaviour/segment-rate.ts";
import { readSimulatorSettings } from "../../../infra/simulators/behaviour/simulator-process.ts";
import { httpProviderSettingsSchema } from "../../../infra/simulators/http-provider/settings.ts";
import { smscSettingsSchema } from "../../../infra/simulators/smsc/settings.ts";

describe("random decisions", () => {
  it("repeat with their seed and follow their shares", () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 5 }, random);
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const random = seededRandom(0);
    let hits = 0;
    const states = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 100_000; i++) {
      if (chance(0.03, random)) hits++;
      states[pickWeighted({ a: 1, b: 3, c: 0 }, random)!]++;
    }
    expect(hits / 100_000).toBeCloseTo(0.03, 2);
    expect(states.b / 100_000).toBeCloseTo(0.75, 2);
    expect(states.c).toBe(0);
    expect(pickWeighted({ a: 0 }, random)).toBeUndefined();
    expect([chance(0, () => 0), chance(1, () => 0.999)]).toEqual([false, true]);
  });

  it("give delays with the median and the 95th percentile asked for", () => {
    const random = seededRandom(7);
    const draws = Array.from({ length: 50_000 }, () =>
      drawDelay({ kind: "lognormal", medianMs: 20, p95Ms: 60, maxMs: 500 }, random),
    ).sort((a, b) => a - b);
    expect(draws[25_000]! / 20).toBeCloseTo(1, 1);
    expect(draws[47_500]! / 60).toBeCloseTo(1, 1);
    expect(draws.at(-1)).toBeLessThanOrEqual(500);
    expect(drawDelay({ kind: "constant", ms: 12 }, random)).toBe(12);
    expect(drawDelay({ kind: "uniform", minMs: 10, maxMs: 30 }, () => 0.5)).toBe(20);
  });
});

describe("SegmentRate", () => {
  it("agrees with a list of all arrivals, to 10 ms, counting each as of the earliest time at which it may have come", () => {
    const arrivals = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 1_500 })),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(arrivals, (steps) => {
        const rate = new SegmentRate();
        const seen: { since: number; segments: number }[] = [];
        let now = 123_456;
        let peak = 0;
        for (const [gap, segments, waited] of steps) {
          now += gap;
          const since = now - waited;
          rate.add(now, segments, since);
          seen.push({ since, segments });
          const first = Math.floor(now / 10) - 99;
          const expected = seen
            .filter(({ since }) => Math.floor(since / 10) >= first)
            .reduce((sum, s) => sum + s.segments, 0);
          expect(rate.lastSecond(now)).toBe(expected);
          peak = Math.max(peak, expected);
        }
        expect(rate.peak).toBe(peak);
        expect(rate.lastSecond(now + 1_001)).toBe(0);
      }),
    );
  });

  it("sees a rate that is too high, and not a process that was scheduled late", () => {
    const [watched, late] = [new SegmentRate(), new SegmentRate()];
    for (let ms = 0; ms < 3_000; ms += 10) {
      watched.add(10_000 + ms, 1, 9_995 + ms);
      // Every half a second this one stands still for 0.4 s, and then reads all at once.
      const gone = ms % 500 < 400;
      const at = gone ? ms - (ms % 500) + 400 : ms;
      late.add(10_000 + at, 1, 10_000 + (gone ? ms - (ms % 500) : ms) - 5);
    }
    expect(watched.peak).toBe(99);
    expect(late.peak).toBeLessThanOrEqual(100);
  });
});

describe("LastLook", () => {
  it("is before whatever can be read, also after the process stood still", async () => {
    const look = new LastLook();
    try {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const began = performance.now();
      expect(began - look.at).toBeLessThan(150);
      while (performance.now() - began < 200);
      await new Promise((resolve) => setImmediate(resolve));
      expect(look.at).toBeLessThanOrEqual(began);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(performance.now() - look.at).toBeLessThan(150);
    } finally {
      look.stop();
    }
  });
});

describe("BoundedQueue", () => {
  it("is a list with a limit", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), fc.integer({ min: 1, max: 60 }), (steps, capacity) => {
        const queue = new BoundedQueue<number>(capacity);
        const model: number[] = [];
        steps.forEach((push, i) => {
          if (push) {
            expect(queue.push(i)).toBe(model.length < capacity);
            if (model.length < capacity) model.push(i);
          } else expect(queue.shift()).toBe(model.shift());
          expect([queue.size, queue.peek()]).toEqual([model.length, model[0]]);
        });
      }),
    );
  });
});

describe("settings", () => {
  const schema = z.strictObject({
    share: z.number().min(0).max(1),
    nested: z.strictObject({ a: z.number(), b: z.number() }),
    delay: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("constant"), ms: z.number() }),
      z.strictObject({ kind: z.literal("uniform"), minMs: z.number(), maxMs: z.number() }),
    ]),
  });
  const initial = { share: 0, nested: { a: 1, b: 2 }, delay: { kind: "constant", ms: 1 } };

  it("are changed in part", () => {
    const settings = new LiveSettings(schema, initial);
    expect(settings.update({ nested: { b: 3 }, delay: { kind: "uniform", minMs: 1, maxMs: 2 } })).toEqual([]);
    expect(settings.current).toEqual({
      share: 0,
      nested: { a: 1, b: 3 },
      delay: { kind: "uniform", minMs: 1, maxMs: 2 },
    });
    expect(mergeSettings({ states: { a: 1 } }, { states: { b: 1 } })).toEqual({ states: { b: 1 } });
  });

  it("name every problem and then change nothing", () => {
    const settings = new LiveSettings(schema, initial);
    const problems = settings.update({ share: 2, nested: { a: "x" }, surprise: 1 });
    expect(problems.map(({ path }) => path).sort()).toEqual(["", "nested.a", "share"]);
    expect(settings.current).toEqual(initial);
    expect(settings.update([1])).toHaveLength(1);
  });

  it("of both simulators have defaults, and the environment wins over them", () => {
    const smsc = readSimulatorSettings(smscSettingsSchema, {
      SLUICE_SIMULATOR_NAME: "smsc-b",
      SLUICE_SIMULATOR_PORT: "12776",
      SLUICE_SIMULATOR_CONTROL_PORT: "12786",
    });
    expect(smsc).toMatchObject({ name: "smsc-b", host: "127.0.0.1", port: 12_776, controlPort: 12_786 });
    expect(smsc.behaviour.rate).toEqual({ segmentsPerSecond: 0, tolerance: 0.05, status: "ESME_RTHROTTLED" });
    expect(readSimulatorSettings(httpProviderSettingsSchema, {})).toMatchObject({ port: 12_777, controlPort: 12_787 });
    expect(() => readSimulatorSettings(smscSettingsSchema, { SLUICE_SIMULATOR_PORT: "http" })).toThrow("port");
  });
});
