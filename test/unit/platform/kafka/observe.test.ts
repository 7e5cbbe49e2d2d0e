import { expect, test } from "vitest";
import { observeKafka } from "../../../../platform/kafka/observe.ts";
import type { TaskGroup } from "../../../../platform/kafka/task-group.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";

test("failures of tasks are counted for each group of the process", () => {
  const metrics = new MetricRegistry();
  const scope = { metrics, readiness: { register: () => {} } } as unknown as Parameters<typeof observeKafka>[0];
  const group = (taskFailures: number) => ({ counters: { taskFailures } }) as unknown as TaskGroup;
  observeKafka(scope, { group: group(3), name: "one" });
  observeKafka(scope, { group: group(5), name: "two" });
  const metric = [...metrics.observed()].find(({ name }) => name === "consumer_task_failures_total")!;
  expect(metric.read()).toEqual([
    { value: 3, labels: { group: "one" } },
    { value: 5, labels: { group: "two" } },
  ]);
});
