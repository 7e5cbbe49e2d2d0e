import { expect, test } from "vitest";
import { observeKafka } from "../../../../platform/kafka/observe.ts";
import type { TaskGroup } from "../../../../platform/kafka/task-group.ts";
import { Readiness } from "../../../../platform/lifecycle/readiness.ts";
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

test("a group that cannot join says what it waits for", async () => {
  const metrics = new MetricRegistry();
  const readiness = new Readiness();
  let trouble: string | undefined = "connect ECONNREFUSED 127.0.0.1:9092";
  const status = () => ({ joined: false, trouble, assigned: [], running: 0, fetchAgeMs: 0, leaseValid: false });
  const group = {
    get status() {
      return status();
    },
  } as unknown as TaskGroup;
  observeKafka({ metrics, readiness }, { group });
  const why = async () => (await readiness.report()).checks.consumer;
  expect(await why()).toEqual({ ok: false, why: "waiting for kafka: connect ECONNREFUSED 127.0.0.1:9092" });
  trouble = undefined;
  expect(await why()).toEqual({ ok: false, why: "joining the consumer group" });
});
