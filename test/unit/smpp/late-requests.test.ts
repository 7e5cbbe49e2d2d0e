import { expect, test } from "vitest";
import { LateRequests } from "../../../domain/smpp/late-requests.ts";

test("it remembers by number, and a number that was given out again stands for the newer request", () => {
  const late = new LateRequests<string>();
  late.add(7, "old", 0);
  late.add(7, "new", 1);
  expect([late.size, late.peek(7), late.peek(8)]).toEqual([1, "new", undefined]);
  late.delete(7);
  expect(late.peek(7)).toBeUndefined();
});

test("it is bounded by count and by time: the oldest fall away", () => {
  const late = new LateRequests<number>();
  for (let n = 1; n <= 10_000; n++) late.add(n, n, 0);
  expect(late.size).toBe(4_096);
  expect([late.peek(10_000 - 4_096), late.peek(10_000 - 4_095)]).toEqual([undefined, 5_905]);
  late.add(20_000, 1, 600_000);
  expect(late.size).toBe(1);
});
