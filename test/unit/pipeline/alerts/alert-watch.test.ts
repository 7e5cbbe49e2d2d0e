import { expect, test } from "vitest";
import type { Alert } from "../../../../pipeline/alerts/alert-evaluator.ts";
import { ALERT_RULES } from "../../../../pipeline/alerts/alert-rules.ts";
import { AlertWatch, type WatchedTarget } from "../../../../pipeline/alerts/alert-watch.ts";
import { readExposition } from "../../../../pipeline/alerts/exposition.ts";

const PAGE = `# HELP depth Depth
# TYPE depth gauge
depth 1
depth{a="x",b="say \\"hi\\"\\nthere"} -2.5
depth{service="mine"} +Inf
deep{a="x"} 3
`;

test("a metrics page is read, as far as it is wanted; the target's labels come first", () => {
  const wants = (name: string) => name === "depth";
  expect([...readExposition(PAGE, wants, { service: "router" })]).toEqual([
    { name: "depth", labels: { service: "router" }, value: 1 },
    { name: "depth", labels: { a: "x", b: 'say "hi"\nthere', service: "router" }, value: -2.5 },
    { name: "depth", labels: { service: "router" }, value: Number.POSITIVE_INFINITY },
  ]);
});

test("a last line without an end may be cut, and is not read", () => {
  const read = (page: string) => [...readExposition(page, () => true)].map(({ value }) => value);
  expect(read('depth 1\ndepth{a="x"} 1234\n')).toEqual([1, 1234]);
  expect(read('depth 1\ndepth{a="x"} 12')).toEqual([1]);
  expect(read("depth 12")).toEqual([]);
});

test("an instance that stops answering is an alert after its time, and is over when it is not watched any more", async () => {
  let at = 0;
  let alerts: readonly Alert[] = [];
  let answers = true;
  let targets: WatchedTarget[] = [{ service: "router", instance: "r1", url: "http://r1/metrics" }];
  const watch = new AlertWatch({
    rules: ALERT_RULES,
    targets: () => targets,
    read: async () => {
      if (!answers) throw new Error("ECONNREFUSED");
      return 'catalog_not_taken_over 1\nnodejs_eventloop_lag_seconds{statistic="p99"} 0.01\n';
    },
    onAlerts: (all) => {
      alerts = all;
    },
    now: () => at,
  });
  const told = () => alerts.map(({ name, state, labels }) => `${name} ${state} ${labels.service}/${labels.instance}`);
  const minutes = async (count: number) => {
    for (let i = 0; i < count * 4; i++, at += 15_000) await watch.turn();
  };
  await minutes(2);
  expect(told()).toEqual(["CatalogNotTakenOver firing router/r1"]);
  answers = false;
  await minutes(2);
  expect(told().sort()).toEqual(["CatalogNotTakenOver resolved router/r1", "InstanceDown firing router/r1"]);
  targets = [];
  await minutes(1);
  expect(told()).toContain("InstanceDown resolved router/r1");
});
