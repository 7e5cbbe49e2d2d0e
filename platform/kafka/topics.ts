import type { Admin } from "kafkajs";
import { type KafkaConnection, kafkaClient } from "./connection.ts";

/** A topic as it should be. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly config?: Readonly<Record<string, string>>;
}

export interface TopicsResult {
  readonly created: string[];
  /** Topics whose partition count is not the wanted one: keys would move, so nothing is changed. */
  readonly mismatched: { name: string; partitions: number; wanted: number }[];
}

/** Creates the topics that are missing; never changes one that is there. `replication` -1: the broker's default. */
export async function ensureTopics(
  connection: KafkaConnection,
  specs: readonly TopicSpec[],
  replication: number,
  minInSyncReplicas: number,
): Promise<TopicsResult> {
  const admin = kafkaClient(connection, 5).admin();
  await admin.connect();
  try {
    const present = new Set(await admin.listTopics());
    const missing = specs.filter((spec) => !present.has(spec.name));
    if (missing.length > 0)
      await admin.createTopics({
        // KafkaJS gives up when the broker that it asks has not heard of the topic yet; `partitionCounts` waits.
        waitForLeaders: false,
        timeout: 30_000,
        topics: missing.map((spec) => ({
          topic: spec.name,
          numPartitions: spec.partitions,
          replicationFactor: replication,
          configEntries: Object.entries({
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": String(minInSyncReplicas),
            ...spec.config,
          }).map(([name, value]) => ({ name, value })),
        })),
      });
    const counts = await partitionCounts(
      admin,
      specs.map((spec) => spec.name),
    );
    return {
      created: missing.map((spec) => spec.name),
      mismatched: specs
        .filter((spec) => counts.get(spec.name) !== spec.partitions)
        .map((spec) => ({ name: spec.name, partitions: counts.get(spec.name) ?? 0, wanted: spec.partitions })),
    };
  } finally {
    await admin.disconnect();
  }
}

const NOT_THERE_YET: ReadonlySet<string> = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"]);
const WAIT_MS = 30_000;
const ASK_EVERY_MS = 200;

/** Partitions of each topic, once the brokers know all of them and their leaders. */
async function partitionCounts(admin: Admin, names: string[]): Promise<Map<string, number>> {
  for (const until = performance.now() + WAIT_MS; ; ) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: names });
      return new Map(topics.map((topic) => [topic.name, topic.partitions.length]));
    } catch (error) {
      const { type, cause } = error as { type?: string; cause?: { type?: string } };
      if (!NOT_THERE_YET.has(type ?? cause?.type ?? "") || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }
}
