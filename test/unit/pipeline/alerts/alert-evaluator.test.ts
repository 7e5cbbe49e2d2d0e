import { expect, test } from "vitest";
import { AlertEvaluator } from "../../../../pipeline/alerts/alert-evaluator.ts";
import type { AlertRule } from "../../../../pipeline/alerts/expression.ts";
import { increase } from "../../../../pipeline/alerts/increase.ts";
import { durationText, promqlOf } from "../../../../pipeline/alerts/promql.ts";
import { divided, increase as increaseOf, reading, when } from "../../../../pipeline/alerts/rules/terms.ts";
import type { Sample } from "../../../../pipeline/alerts/sample-store.ts";

const RULE: AlertRule = {
  name: "Deep",
  severity: "page",
  when: [when(reading("max", "depth", ["at"]), ">", 5)],
  forSeconds: 60,
  summary: "{at} is {value} deep",
};
const depth = (at: string, value: number): Sample => ({ name: "depth", labels: { at }, value });

/** The states after each minute of these depths; undefined: the page does not answer. */
function states(depths: readonly (number | undefined)[]): string[] {
  const evaluator = new AlertEvaluator([RULE]);
  return depths.map((value, minute) => {
    evaluator.observe(minute * 60_000, "t", value === undefined ? [] : [depth("x", value)]);
    return evaluator
      .evaluate(minute * 60_000)
      .map(({ state }) => state)
      .join();
  });
}

test("an alert is pending for its time, fires, and is over; a break begins its time anew", () => {
  expect(states([9, 9, 9, 1, 9, 9])).toEqual(["pending", "firing", "firing", "resolved", "pending", "firing"]);
  expect(states([9, 1, 9, 1])).toEqual(["pending", "", "pending", ""]);
});

test("what is not on its page any more is over at once, and not after the look-back", () => {
  expect(states([9, 9, undefined])).toEqual(["pending", "firing", "resolved"]);
});

test("it is shown as over for a quarter of an hour", () => {
  const shown = states([9, 9, ...Array.from({ length: 20 }, () => 1)]);
  expect(shown.indexOf("", 2)).toBe(18);
});

test("an alert says its labels and its value in words", () => {
  const evaluator = new AlertEvaluator([RULE]);
  evaluator.observe(0, "t", [depth("x", 7.123_456)]);
  expect(evaluator.evaluate(0)[0]).toMatchObject({ summary: "x is 7.123 deep", labels: { at: "x" }, severity: "page" });
});

test("series and alerts are bounded, and what is left out is counted", () => {
  const evaluator = new AlertEvaluator([RULE], { series: 10, alerts: 3 });
  evaluator.observe(
    0,
    "t",
    Array.from({ length: 25 }, (_, i) => depth(String(i), 9)),
  );
  expect(evaluator.evaluate(0)).toHaveLength(3);
  expect([evaluator.store.leftOut, evaluator.leftOut]).toEqual([15, 7]);
});

test("points are bounded: a day of a counter takes some hundreds of them, and its growth stays right over restarts", () => {
  const grown: AlertRule = { ...RULE, when: [when(increaseOf("n_total", [], 86_400), ">", 0)] };
  const evaluator = new AlertEvaluator([grown]);
  let value = 0;
  for (let at = 0; at <= 2 * 86_400; at += 15) {
    value = at % 20_000 === 0 ? 0 : value + 1;
    evaluator.observe(at * 1_000, "t", [{ name: "n_total", labels: {}, value }]);
  }
  const [series] = evaluator.store.matching({ metric: "n_total" });
  expect(series!.points.length).toBeLessThan(900);
  const [alert] = evaluator.evaluate(2 * 86_400_000);
  expect(alert!.value / (86_400 / 15)).toBeCloseTo(1, 1);
});

test("growth is reckoned as Prometheus does: restarts, and stretching to the ends of the window", () => {
  const points = (...values: number[]) => values.map((value, i) => ({ at: 15_000 + i * 60_000, value }));
  // promql/testdata/functions.test of Prometheus: 5 minutes of steady growth are 5 minutes' worth.
  expect(increase(points(100, 110, 120, 130, 140), 0, 300_000)).toBeCloseTo(50);
  expect(increase(points(100, 110, 5, 15, 25), 0, 300_000)).toBeCloseTo(43.75);
  // It began within the window, at about 0: not stretched beyond.
  expect(increase(points(0, 10, 20), 0, 150_000)).toBeCloseTo(22.5);
  expect(increase(points(1), 0, 300_000)).toBeUndefined();
});

test("the same tree is PromQL", () => {
  const rule: AlertRule = {
    ...RULE,
    when: [
      when(
        divided(
          increaseOf("a_total", ["x", "y"], 300, { s: { not: ["p.q", "r"] } }, 3_600),
          reading("sum", "b", ["x"]),
        ),
        "<",
        0.5,
      ),
      when(reading("min", "c", ["x"]), ">=", reading("max", "d", [])),
    ],
  };
  expect(promqlOf(rule)).toBe(
    '(sum by (x, y) (increase(a_total{s!~"p\\\\.q|r"}[5m] offset 1h)) / on (x) group_left () sum by (x) (b)) < 0.5\n' +
      "and on (x) min by (x) (c) >= on () group_left () max(d)",
  );
  expect([durationText(0), durationText(90), durationText(7_200), durationText(86_400)]).toEqual([
    "0s",
    "90s",
    "2h",
    "1d",
  ]);
});
