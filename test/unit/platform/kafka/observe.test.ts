import { expect, test } from "vitest";
import { observeKafka } from "../../../../platform/kafka/observe.ts";
import type { TaskGroup } from "../../../../platform/kafka/task-group.ts";
import { Readiness } from "../../../../platform/lifecycle/readiness.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";

const RUNS = { joined: true, assigned: [3, 5, 7], running: 3, waiting: [], fetchAgeMs: 0, leaseValid: true };

test("failures of tasks are counted for each group of the process", () => {
  const metrics = new MetricRegistry();
  const scope = { metrics, readiness: { register: () => {}, note: () => {} } } as unknown as Parameters<
    typeof observeKafka
  >[0];
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
  const status = () => ({ ...RUNS, joined: false, trouble, assigned: [], running: 0, leaseValid: false });
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

test("partitions that wait for a leader are a note; others that do not run, or the others' want of fetches, make it not ready", async () => {
  const readiness = new Readiness();
  let status: object = RUNS;
  const group = {
    get status() {
      return status;
    },
  } as unknown as TaskGroup;
  const forget = observeKafka({ metrics: new MetricRegistry(), readiness }, { group, name: "main" });
  expect(await readiness.report()).toEqual({ ready: true, checks: { "consumer main": { ok: true } }, degraded: {} });
  status = { ...RUNS, running: 1, waiting: [3, 7] };
  const note = "waiting for kafka: partitions 3, 7 do not run, since one that they read from has no leader";
  expect(await readiness.report()).toMatchObject({ ready: true, degraded: { "consumer main": note } });
  status = { ...RUNS, running: 1, waiting: [3] };
  expect((await readiness.report()).checks["consumer main"]).toMatchObject({ why: "1 of 3 partitions are running" });
  status = { ...RUNS, running: 1, waiting: [3, 7], fetchAgeMs: 6_000 };
  expect((await readiness.report()).ready).toBe(false);
  forget();
  expect(await readiness.report()).toEqual({ ready: true, checks: {}, degraded: {} });
});
