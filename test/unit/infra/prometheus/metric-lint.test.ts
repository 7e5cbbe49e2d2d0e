import { expect, test } from "vitest";
import { metricNames, metricProblems } from "../../../../infra/prometheus/metric-lint.ts";

const GOOD = `# HELP sent_total Sent
# TYPE sent_total counter
sent_total{provider="a"} 1
sent_total{provider="b"} 2
# HELP wait_seconds Wait
# TYPE wait_seconds histogram
wait_seconds_count 1
wait_seconds_sum 0.5
wait_seconds_bucket{le="1"} 1
wait_seconds_bucket{le="+Inf"} 1
`;

test("a page that keeps the rules has no problems", () => {
  expect(metricProblems(GOOD)).toEqual([]);
  expect([...metricNames(GOOD)]).toEqual([
    "sent_total",
    "wait_seconds_bucket",
    "wait_seconds_count",
    "wait_seconds_sum",
  ]);
});

test.each([
  ["# TYPE sent_total counter\nsent_total 1", "sent_total: no help text"],
  ["# HELP sent_total \n# TYPE sent_total counter\nsent_total 1", "sent_total: no help text"],
  ["# HELP sent Sent\n# TYPE sent counter\nsent 1", "sent: counters, and only they, end in _total"],
  [
    "# HELP depth_total D\n# TYPE depth_total gauge\ndepth_total 1",
    "depth_total: counters, and only they, end in _total",
  ],
  ["# HELP wait_ms W\n# TYPE wait_ms gauge\nwait_ms 1", "wait_ms: not in base units"],
  ["# HELP depth_gauge D\n# TYPE depth_gauge gauge\ndepth_gauge 1", "depth_gauge: names its kind"],
  ["# HELP depth_count D\n# TYPE depth_count gauge\ndepth_count 1", "depth_count: its ending belongs to histograms"],
  ["# HELP sentTotal D\n# TYPE sentTotal gauge\nsentTotal 1", "sentTotal: not snake_case"],
  ['# HELP a A\n# TYPE a gauge\na{x="1"} 1\na{x="1"} 2', 'a{x="1"}: twice'],
  ["# HELP a A\n# TYPE a gauge\n# TYPE a gauge\na 1", "a: declared twice"],
  ['# HELP a A\n# TYPE a gauge\na{le="1"} 1', "a: the label le is for histograms"],
  ['# HELP a A\n# TYPE a gauge\na{quantile="0.5"} 1', "a: the label quantile is for summaries"],
  ["stray 1", "stray: no TYPE"],
])("%j", (page, problem) => {
  expect(metricProblems(page)).toContain(problem);
});
