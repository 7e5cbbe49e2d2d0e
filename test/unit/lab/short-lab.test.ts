import { describe, expect, it } from "vitest";
import { secondsUntilLeft } from "../../lab/collapse.ts";
import { darkShare } from "../../lab/dark.ts";
import { regret, trade } from "../../lab/market.ts";
import { percentile, picture } from "../../lab/picture.ts";
import { falseAlarms } from "../../lab/quiet.ts";
import { collapseOf, DAY_MS, darkOf, quietOf } from "../../lab/trials.ts";
import { worldOf } from "../../lab/world.ts";

// A short form of `make routing-lab`, with seeds of its own.
const SHAPE = { phases: 2, phaseMs: 600_000, rate: 10 };
const busy = { timeout: 60_000 };

describe("the routing lab in short", () => {
  it("buys deliveries cheaper than the least price and than chance, near to the best choice", busy, () => {
    const world = worldOf(20_001, SHAPE);
    const [own, cheap, drawn] = (["least-cost-per-delivered", "least-cost", "weighted"] as const).map((strategy) =>
      regret(world, trade(world, strategy, 240_000).settled),
    );
    expect(own).toBeLessThan(5);
    expect(own).toBeLessThan(Math.max(cheap!, 1));
    expect(own).toBeLessThan(drawn!);
  });

  it("leaves a provider whose receipts collapse within twice their median; the least price does not", busy, () => {
    const trial = collapseOf(20_001);
    expect(secondsUntilLeft(trial, "least-cost-per-delivered") * 1_000).toBeLessThan(2 * trial.truth.medianMs);
    expect(secondsUntilLeft(trial, "least-cost")).toBe(Number.POSITIVE_INFINITY);
  });

  it("believes a collapse of hundreds of receipts within twice a median of some seconds", busy, () => {
    const trial = collapseOf(10_027);
    expect(trial.truth.medianMs).toBeLessThan(7_000);
    expect(secondsUntilLeft(trial, "least-cost-per-delivered") * 1_000).toBeLessThan(2 * trial.truth.medianMs);
  });

  it("does not wait for the chance that a provider became slow and loses many at the same moment", busy, () => {
    const trial = collapseOf(20_120);
    expect(trial.truth.medianMs).toBeLessThan(6_000);
    expect(secondsUntilLeft(trial, "least-cost-per-delivered") * 1_000).toBeLessThan(2 * trial.truth.medianMs);
  });

  it("gives nothing to a link that was lost two seconds ago, or to a provider that fell silent", busy, () => {
    for (const kind of ["lost", "silent"] as const)
      expect(darkShare(darkOf(20_001, kind), "least-cost")).toBeLessThan(0.02);
  });

  it("does not leave one that works", busy, () =>
    expect(falseAlarms(quietOf(20_001, 0.5, DAY_MS / 3))).toMatchObject({ left: 0 }),
  );

  it("draws a dot for each world, and a bar at the percentile", () => {
    const drawn = picture([{ name: "a strategy", regrets: [1, 2, 3] }], "title");
    expect(drawn.match(/<circle/g)).toHaveLength(3);
    expect(drawn).toContain(">a strategy</text>");
    expect(percentile([3, 1, 2], 0.95)).toBe(3);
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
  });
});
