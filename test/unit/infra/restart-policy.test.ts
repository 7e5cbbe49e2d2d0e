import { expect, it } from "vitest";
import { failuresAfter, restartDelay } from "../../../infra/local/restart-policy.ts";

it("doubles the delay up to ten seconds for a process that has been ready", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 100].map((failures) =>
    restartDelay({ everReady: true, failures, restart: "always" }),
  );
  expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

it("gives up on a process that never became ready, after three starts", () => {
  const delays = [1, 2, 3].map((failures) => restartDelay({ everReady: false, failures, restart: "always" }));
  expect(delays).toEqual([250, 500, undefined]);
});

it("never restarts what is not to be restarted", () => {
  expect(restartDelay({ everReady: true, failures: 1, restart: "never" })).toBeUndefined();
});

it("forgets earlier failures once the process has been stable", () => {
  expect(failuresAfter(5, 29_999)).toBe(6);
  expect(failuresAfter(5, 30_000)).toBe(1);
});
