import { expect, it } from "vitest";
import { inSlices } from "../../../../pipeline/control/in-slices.ts";

/** Work of so many steps of a millisecond each. */
function* work(steps: number): Generator<void, number> {
  for (let n = 0; n < steps; n++) {
    const until = performance.now() + 1;
    while (performance.now() < until);
    yield;
  }
  return steps;
}

it("lets the process do what else there is to do, every few milliseconds", async () => {
  let turns = 0;
  let over = false;
  const turn = (): void => {
    turns++;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  expect(await inSlices(work(60))).toBe(60);
  over = true;
  // 60 ms at the least, in slices of 5 ms and the step that was begun.
  expect(turns).toBeGreaterThanOrEqual(9);
});

it("ends with the fault of the work", async () => {
  const faulty = (function* () {
    yield;
    throw new Error("cannot");
  })();
  await expect(inSlices(faulty)).rejects.toThrow("cannot");
});
