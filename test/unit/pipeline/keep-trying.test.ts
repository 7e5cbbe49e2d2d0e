import { expect, test } from "vitest";
import { keepTrying } from "../../../pipeline/follow/keep-trying.ts";

test("what cannot be followed at first is tried until it can, and not again", async () => {
  const faults: unknown[] = [];
  let tries = 0;
  const follow = async () => {
    if (++tries < 3) throw new Error(`not the leader, ${tries}`);
  };
  await keepTrying(follow, (error) => faults.push((error as Error).message), 1);
  expect([tries, faults]).toEqual([3, ["not the leader, 1", "not the leader, 2"]]);
});
