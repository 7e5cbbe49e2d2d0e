import { expect, test } from "vitest";
import { faultsInRow, restartDelayMs } from "../../../../platform/kafka/restart-delay.ts";

test("each fault in a row doubles the wait, up to ten seconds", () => {
  let faults = 0;
  const delays: number[] = [restartDelayMs(faults)];
  for (let n = 0; n < 7; n++) {
    faults = faultsInRow(faults, 1_000);
    delays.push(restartDelayMs(faults));
  }
  expect(delays).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test("who waits for a leader begins within two seconds of its return", () => {
  expect([0, 1, 2, 3, 9].map((faults) => restartDelayMs(faults, true))).toEqual([0, 500, 1_000, 2_000, 2_000]);
});

test("a fault after more than a minute of work counts as the first one", () => {
  expect(faultsInRow(6, 60_000)).toBe(7);
  expect(faultsInRow(6, 60_001)).toBe(1);
});
