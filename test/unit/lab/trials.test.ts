import { describe, expect, it } from "vitest";
import { collapseOf, DAY_MS, darkOf, factorAt, quietOf, quietRate, quietTruth } from "../../lab/trials.ts";

describe("the trials", () => {
  it("are made of their seeds alone", () => {
    for (const make of [
      collapseOf,
      (seed: number) => quietOf(seed, 1, DAY_MS),
      (seed: number) => darkOf(seed, "lost"),
    ]) {
      expect(make(3)).toEqual(make(3));
      expect(make(3)).not.toEqual(make(4));
    }
  });

  it("let one network collapse as well as all, with receipts that are on their way and without", () => {
    const trials = Array.from({ length: 40 }, (_, seed) => collapseOf(seed));
    expect(new Set(trials.map(({ by, networks }) => `${by} ${networks.length}`)).size).toBe(4);
  });

  it("have quiet months of nights, bursts, slow receipts and drift", () => {
    const trial = quietOf(1, 2, 30 * DAY_MS);
    expect(quietRate({ ...trial, bursts: [] }, 0)).toBeCloseTo(0.2);
    expect(quietRate({ ...trial, bursts: [] }, DAY_MS / 2)).toBeCloseTo(2);
    expect(trial.bursts.length).toBeGreaterThan(100);
    expect(trial.slow.length).toBeGreaterThan(30);
    for (const { factor } of trial.slow) expect(factor >= 2 && factor <= 3).toBe(true);
    expect(Math.min(...trial.drift)).toBeLessThan(0.9);
    const [spell] = trial.slow;
    const [before, within] = [spell!.fromMs - 1, spell!.fromMs + 1].map((at) => quietTruth(trial, at).medianMs);
    expect(within! / before!).toBeCloseTo(spell!.factor, 6);
  });

  it("find the factor of a moment as one who looks at all", () => {
    const { bursts } = quietOf(2, 1, 30 * DAY_MS);
    for (let at = 0; at < 30 * DAY_MS; at += 61_000) {
      const spell = bursts.find(({ fromMs, untilMs }) => fromMs <= at && at < untilMs);
      expect(factorAt(bursts, at)).toBe(spell?.factor ?? 1);
    }
  });
});
