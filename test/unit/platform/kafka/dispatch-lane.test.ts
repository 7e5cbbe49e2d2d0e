import { expect, test } from "vitest";
import { DispatchLane } from "../../../../platform/kafka/dispatch-lane.ts";
import { Positions, sourceHeader } from "../../../../platform/kafka/positions.ts";

function record(offset: number, source: number) {
  const headers = { src: sourceHeader("in", 0, source) };
  return { topic: "lane", partition: 0, offset, key: null, value: null, headers, timestamp: 0 };
}

test("the source of a record that is not accepted makes no later one a repeat", () => {
  const lane = new DispatchLane<string>(0, 0, new Positions(["in"], 1));
  expect(lane.take(record(0, 7))).toBe(true);
  lane.accept(record(0, 7));
  // Far ahead, and of no use: it is put aside.
  expect(lane.take(record(1, Number.MAX_SAFE_INTEGER))).toBe(true);
  expect(lane.take(record(2, 7))).toBe(false);
  expect(lane.take(record(3, 8))).toBe(true);
});
