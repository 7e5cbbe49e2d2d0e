/** Two instances of analytics-sink, of which the one that watches for abnormal traffic is killed between two alarms. */
import { Kafka, logLevel } from "kafkajs";
import { expect } from "vitest";
import type { Suspicion } from "../../../domain/abnormal/suspicion.ts";
import { connectCodecs } from "../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import { suspicionOf } from "../../../pipeline/records/suspicion-record.ts";
import { SchemaRegistryClient } from "../../../platform/codec/schema-registry.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";
import { ABNORMAL_GROUP } from "../../../schemas/groups.ts";
import { ABNORMAL_TOPIC, topicSpecs } from "../../../schemas/topics.ts";
import { ClickhouseProxy } from "../../faults/clickhouse-proxy.ts";
import { clickhouseVariables, type TestCluster } from "../../fixture/cluster-handle.ts";
import { connectionTo, recordingLog, until } from "../platform/kafka-runtime.ts";
import { type SinkProcess, startSinkProcess } from "./sink-process.ts";

const P = 6;
/** An answer of ClickHouse takes so long while the first instance lives: it needs two and more between the alarms. */
const SLOW_MS = 750;
/** On a machine that has much else to do. */
const WITHIN_MS = 120_000;

export interface TakeoverOptions {
  readonly cluster: TestCluster;
  readonly database: string;
  /** The minute up to which everything has been told. */
  readonly toldUpTo: number;
  /** Accounts whose first alarms are told by the first instance, and by the second only. */
  readonly first: string;
  readonly second: string;
}

/**
 * Two instances watch what is stored; whoever watches is killed -9 when it has told of the first account.
 * @returns what was told of the two accounts, in order, and how much of it before the kill
 */
export async function takeover(options: TakeoverOptions): Promise<{ told: Suspicion[]; beforeKill: number }> {
  const { cluster, first, second } = options;
  const connection = connectionTo(cluster.brokers, recordingLog());
  await registerSchemas(new SchemaRegistryClient(cluster.registryUrl));
  await ensureTopics(connection, topicSpecs({ partitions: P, providers: [] }), 1, 1);
  const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const reader = new TopicReader({ connection, topics: [ABNORMAL_TOPIC] });
  const proxy = await ClickhouseProxy.start(cluster.clickhouseUrl);
  const instances: SinkProcess[] = [];
  try {
    await admin.connect();
    await commitTold(kafka, options.toldUpTo);
    const codecs = await connectCodecs(cluster.registryUrl);
    const told: Suspicion[] = [];
    await reader.start();
    await reader.follow(ABNORMAL_TOPIC, ({ value }) => {
      const record = codecs.suspicion.decode(value!);
      const suspicion = record.ok ? suspicionOf(record.value) : undefined;
      if (suspicion !== undefined && [first, second].includes(suspicion.subject.account ?? "")) told.push(suspicion);
    });
    const has = (account: string) => told.some(({ subject }) => subject.account === account);
    proxy.delayMs = SLOW_MS;
    instances.push(...(await Promise.all(["a", "b"].map((name) => startSinkProcess(variables(options, proxy, name))))));
    await until(`the first instance tells of ${first}`, () => has(first), WITHIN_MS);
    const keys = await Promise.all(instances.map((one) => one.metric("abnormal_keys")));
    const watching = keys.findIndex((count) => (count ?? 0) > 0);
    expect(
      keys.filter((count) => (count ?? 0) > 0),
      "instances that watch",
    ).toHaveLength(1);
    await instances[watching]!.end("SIGKILL");
    const beforeKill = told.length;
    expect(has(second), `${second} was told of before the kill, which came too late`).toBe(false);
    proxy.delayMs = 0;
    const other = instances[1 - watching]!;
    await until(`the other instance tells of ${second}`, () => has(second), WITHIN_MS);
    const caughtUp = async () => ((await other.metric("abnormal_behind_seconds")) ?? 999) < 180;
    await until("it has caught up", caughtUp, WITHIN_MS);
    return { told, beforeKill };
  } finally {
    await Promise.allSettled(instances.map((one) => one.end("SIGTERM")));
    await proxy.stop();
    // Other files take what these groups have committed for what they have themselves.
    const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
    const left = groups.filter((id) => id.startsWith("sluice.analytics-sink"));
    await until("the groups are gone", () =>
      admin.deleteGroups(left).then(
        () => true,
        () => false,
      ),
    );
    await Promise.allSettled([reader.stop(), admin.disconnect()]);
  }
}

function variables({ cluster, database }: TakeoverOptions, proxy: ClickhouseProxy, name: string): NodeJS.ProcessEnv {
  return {
    SLUICE_KAFKA_BROKERS: cluster.brokers.join(","),
    SLUICE_REGISTRY_URL: cluster.registryUrl,
    ...clickhouseVariables(cluster),
    SLUICE_CLICKHOUSE_URL: proxy.url,
    SLUICE_CLICKHOUSE_DATABASE: database,
    SLUICE_PARTITIONS: String(P),
    SLUICE_INSTANCE: name,
    SLUICE_KAFKA_SESSION_TIMEOUT: "4s",
    SLUICE_SINK_MAX_AGE: "100ms",
    SLUICE_ABNORMAL_HISTORY: "4h",
    KAFKAJS_NO_PARTITIONER_WARNING: "1",
  };
}

/** As the watch commits it: the last minute that was told of beside the offset. */
async function commitTold(kafka: Kafka, minute: number): Promise<void> {
  const consumer = kafka.consumer({ groupId: ABNORMAL_GROUP });
  await consumer.connect();
  await consumer.subscribe({ topic: ABNORMAL_TOPIC });
  const joined = new Promise((resolve) => consumer.on("consumer.group_join", resolve));
  await consumer.run({ autoCommit: false, eachMessage: async () => {} });
  await joined;
  await consumer.commitOffsets([{ topic: ABNORMAL_TOPIC, partition: 0, offset: "0", metadata: String(minute) }]);
  await consumer.disconnect();
}
