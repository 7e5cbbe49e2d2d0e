import { expect, test } from "vitest";
import { ROUTER_INPUTS } from "../../../schemas/topics.ts";
import { BatchShares } from "../../../services/router/batch-shares.ts";

function setUp() {
  const world = { now: 10_000, behind: 0 as number | undefined };
  const asked: number[] = [];
  const shareBehind = (seconds: number) => {
    asked.push(seconds);
    return world.behind;
  };
  const shares = new BatchShares({ shareBehind, monotonic: () => world.now });
  /** What a batch takes of each input; `otp`: messages that are queued. */
  const batch = (otp: number) => ROUTER_INPUTS.map((_, i) => shares.most(i, { length: i === 0 ? otp : 1_000 }));
  const seconds = (count: number, otp = 1) => {
    for (let n = 0; n < count * 10; n++) {
      batch(otp);
      world.now += 100;
    }
    return batch(otp).at(-1)!;
  };
  return { world, batch, seconds, asked };
}

test("without otp messages a batch takes as much of every input", () => {
  const { world, batch, seconds } = setUp();
  expect(new Set(batch(0))).toEqual(new Set([100]));
  world.behind = 1;
  expect(seconds(60, 0)).toBe(100);
});

test("while otp messages come, and for two seconds after, batches take less of the rest", () => {
  const { world, batch } = setUp();
  world.behind = undefined;
  const [otp, again, ...rest] = batch(1);
  expect([otp, again]).toEqual([100, 100]);
  expect(new Set(rest)).toEqual(new Set([25]));
  world.now += 2_000;
  expect(batch(0).at(-1)).toBe(25);
  world.now += 1;
  expect(batch(0).at(-1)).toBe(100);
});

test("what providers have no time for yet is routed slowly, and faster as soon as they have", () => {
  const { world, seconds, asked } = setUp();
  world.behind = 0.95;
  expect(seconds(3)).toBeLessThan(12);
  expect(seconds(30)).toBe(5);
  world.behind = 0.5;
  expect(seconds(5)).toBeGreaterThan(12);
  expect(seconds(30)).toBe(100);
  expect(asked.length).toBeLessThan(75);
});
