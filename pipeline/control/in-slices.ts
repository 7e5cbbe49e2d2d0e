import { setImmediate as pause } from "node:timers/promises";

/** What one slice may take, ms: everything else in the process waits for so long. */
const SLICE_MS = 5;

/** Does work that can be put off at each of its steps in slices, between which the process does what else there is to do. */
export async function inSlices<Result>(work: Generator<void, Result>): Promise<Result> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
    await pause();
  }
}
