import { expect, test } from "vitest";
import { increase } from "../../../../pipeline/alerts/increase.ts";

/** Points every 10 s from `start` (seconds), values as given. */
const every10 = (start: number, ...values: number[]) =>
  values.map((value, i) => ({ at: (start + 10 * i) * 1_000, value }));

// Each reckoned by hand from extrapolatedRate in promql/functions.go of Prometheus 3.
test.each([
  ["fewer than two points say nothing", every10(50, 7), undefined],
  ["both ends close: the growth of 40 s stands for 60 s", every10(50, 100, 110, 120, 130, 140), 60],
  ["a series that begins within is stretched by half a distance", every10(60, 100, 110, 120, 130, 140), 45],
  ["not further than its 0, which is 3 s before", every10(60, 3, 13, 23, 33, 43), 43],
  ["by half a distance as well where its 0 is further than that, but close", every10(60, 8, 18, 28, 38, 48), 45],
  ["a start that is close is not passed by its 0", every10(50, 3, 13, 23, 33, 43), 53],
  ["a fall is a restart from 0", every10(60, 100, 110, 5, 15, 25), (10 + 25) * (45 / 40)],
  ["a restart on each point", every10(60, 100, 90, 80, 70, 60), (90 + 80 + 70 + 60) * (45 / 40)],
  ["what does not grow stays 0", every10(60, 0, 0, 0, 0, 0), 0],
  ["an end that is far is stretched by half a distance", every10(50, 100, 110, 120, 130), 30 * (45 / 30)],
])("%s", (_, points, expected) => {
  const grown = increase(points, 40_000, 100_000);
  if (expected === undefined) expect(grown).toBeUndefined();
  else expect(grown).toBeCloseTo(expected, 9);
});
