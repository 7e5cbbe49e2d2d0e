import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ReadMark } from "../../../pipeline/follow/read-mark.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("who waits is told when all below has been read, or that it has not in time", async () => {
  const mark = new ReadMark();
  expect(await mark.until(0, 1_000)).toBe(true);
  const [soon, late] = [mark.until(5, 1_000), mark.until(9, 1_000)];
  mark.reached(4);
  mark.reached(5);
  expect(await soon).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await late).toBe(false);
  mark.reached(9);
  expect(await mark.until(9, 1_000)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
