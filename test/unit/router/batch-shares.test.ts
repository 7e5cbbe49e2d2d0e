import { expect, test } from "vitest";
import { ROUTER_INPUTS } from "../../../schemas/topics.ts";
import { BatchShares } from "../../../services/router/batch-shares.ts";

function setUp(tasks: number) {
  const world = { now: 10_000, tasks };
  const shares = new BatchShares({ tasks: () => world.tasks, monotonic: () => world.now });
  /** What a batch takes of each input; `otp`: messages that are queued. */
  const batch = (otp: number) => ROUTER_INPUTS.map((_, i) => shares.most(i, { length: i === 0 ? otp : 1_000 }));
  return { world, batch };
}

test("without otp messages a batch takes as much of every input", () => {
  expect(new Set(setUp(12).batch(0))).toEqual(new Set([100]));
});

test("while otp messages come, all tasks together take little of the rest, and for two seconds after", () => {
  const { world, batch } = setUp(12);
  const [otp, again, ...rest] = batch(1);
  expect([otp, again]).toEqual([100, 100]);
  expect(new Set(rest)).toEqual(new Set([25]));
  world.now += 2_000;
  expect(batch(0).at(-1)).toBe(25);
  world.now += 1;
  expect(batch(0).at(-1)).toBe(100);
});

test("a process with few partitions takes more of each, one with very many still some", () => {
  expect(setUp(1).batch(1).at(-1)).toBe(100);
  expect(setUp(6).batch(1).at(-1)).toBe(50);
  expect(setUp(1_000).batch(1).at(-1)).toBe(8);
});
