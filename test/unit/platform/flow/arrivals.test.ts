import { expect, test } from "vitest";
import { Arrivals } from "../../../../platform/flow/arrivals.ts";

test("as many are expected as came in half a second of late, and none once they have stopped", () => {
  const arrivals = new Arrivals();
  expect(arrivals.expected(0)).toBe(0);
  let now = 10_000;
  for (let n = 0; n < 40; n++) {
    arrivals.came(now);
    if (n >= 10) expect(arrivals.expected(now)).toBe(10);
    now += 50;
  }
  expect(arrivals.expected(now + 400)).toBe(10);
  expect(arrivals.expected(now + 1_100)).toBe(0);
});
