import { expect, it } from "vitest";
import { retryDelayMs } from "../../../services/callbacks/retry-delay.ts";

const HOURS_6 = 6 * 3_600_000;

it("waits three times as long each time, up to six hours, half of it at random", () => {
  const at = (random: number) => Array.from({ length: 10 }, (_, i) => retryDelayMs(i + 1, random) / 1_000);
  expect(at(1)).toEqual([5, 15, 45, 135, 405, 1_215, 3_645, 10_935, 21_600, 21_600]);
  expect(at(0)).toEqual([2.5, 7.5, 22.5, 67.5, 202.5, 607.5, 1_822.5, 5_467.5, 10_800, 10_800]);
  expect(retryDelayMs(1_000_000, 1)).toBe(HOURS_6);
});

it("waits for as long as the address asks for", () => {
  expect(retryDelayMs(1, 1, 60_000)).toBe(60_000);
  expect(retryDelayMs(9, 1, 60_000)).toBe(HOURS_6);
});
