import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LeaderlessPartitions, leaderless } from "../../../../platform/kafka/leaderless.ts";
import { observeLeaders } from "../../../../platform/kafka/observe.ts";
import { TopicReader } from "../../../../platform/kafka/topic-reader.ts";
import { askBrokers } from "../../../../platform/kafka/topics.ts";
import { Readiness } from "../../../../platform/lifecycle/readiness.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import { ScriptedBrokers } from "./scripted-brokers.ts";
import { silentLog } from "./simulated-kafka.ts";

beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("what is said last of a topic counts, and what nobody asks about any more is forgotten", () => {
  const known = new LeaderlessPartitions();
  known.told("t", [7, 3]);
  known.told("u", [0]);
  known.told("v", []);
  expect(known.topics).toEqual([
    { topic: "t", partitions: [3, 7] },
    { topic: "u", partitions: [0] },
  ]);
  vi.advanceTimersByTime(40_000);
  known.told("t", [3]);
  vi.advanceTimersByTime(40_000);
  expect(known.topics).toEqual([{ topic: "t", partitions: [3] }]);
  known.told("t", []);
  expect(known.topics).toEqual([]);
});

test("what the clients of a process hear is a metric and a note, which keeps it ready; of topics that it does not use it tells nothing", async () => {
  const kafka = new ScriptedBrokers({ table: [1, -1, -1], others: [-1] });
  const connection = { brokers: ["b:1"], clientId: "test", log: silentLog };
  const metrics = new MetricRegistry();
  const readiness = new Readiness();
  observeLeaders({ metrics, readiness });
  const [gauge] = [...metrics.observed()];
  await askBrokers(connection);
  expect([gauge!.name, gauge!.read(), await readiness.report()]).toEqual([
    "kafka_leaderless_partitions",
    [],
    { ready: true, checks: {}, degraded: {} },
  ]);
  const reader = new TopicReader({ connection, topics: ["table"] });
  await reader.start();
  await reader.watermarks("table");
  expect(gauge!.read()).toEqual([{ value: 2, labels: { topic: "table" } }]);
  expect(await readiness.report()).toMatchObject({
    ready: true,
    degraded: { "partitions without a leader": "waiting for kafka: no leader of table 1, 2" },
  });
  kafka.leaders.table = [1, 2, 1];
  await vi.waitFor(async () => {
    await reader.watermarks("table");
    expect(gauge!.read()).toEqual([]);
  }, 5_000);
  for (let i = 1; i <= 12; i++) leaderless.told(`t${i}`, [0]);
  const { degraded } = await readiness.report();
  expect(degraded["partitions without a leader"]).toMatch(/t1 0; t2 0; .*t10 0; and of 2 more topics$/);
  await reader.stop();
}, 20_000);
