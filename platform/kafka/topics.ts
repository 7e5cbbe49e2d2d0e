import type { Admin, ITopicMetadata } from "kafkajs";
import { type KafkaConnection, kafkaClient } from "./connection.ts";
import { noLeader } from "./topic-marks.ts";

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

/**
 * Creates the topics that are missing, and waits until these have leaders; never changes one that is there, whose partitions may be without a leader.
 * `replication` -1: the broker's default. @throws what KafkaJS throws; SluiceError `NO_LEADER` (transient) when one it created has none after a minute
 */
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
        // KafkaJS gives up waiting when it asks a broker that has not heard of the topic; metadataOf waits instead.
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
    const created = missing.map((spec) => spec.name);
    const topics = await metadataOf(admin, { topics: specs.map((spec) => spec.name), created });
    const counts = new Map(topics.map((t) => [t.name, t.partitions.length]));
    return {
      created,
      mismatched: specs
        .filter((spec) => counts.get(spec.name) !== spec.partitions)
        .map((spec) => ({ name: spec.name, partitions: counts.get(spec.name) ?? 0, wanted: spec.partitions })),
    };
  } finally {
    await admin.disconnect();
  }
}

/** A minute at least: a broker of a busy machine has been seen to learn of a topic after more than a quarter of one. */
const METADATA_ATTEMPTS = 240;
const METADATA_PAUSE_MS = 250;

/** What a broker may say of a topic that was created a moment ago, whose news has not reached it. */
const NOT_YET: readonly unknown[] = ["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"];

/** Metadata of topics once those that were `created` a moment ago have leaders: a broker that has not heard of them is asked again, which KafkaJS does not do. */
export async function metadataOf(
  admin: Pick<Admin, "fetchTopicMetadata">,
  { topics, created }: { readonly topics: readonly string[]; readonly created: readonly string[] },
  pauseMs = METADATA_PAUSE_MS,
): Promise<ITopicMetadata[]> {
  // KafkaJS would ask for all topics.
  if (topics.length === 0) return [];
  for (let attempt = 1; ; attempt++) {
    try {
      const found = (await admin.fetchTopicMetadata({ topics: [...topics] })).topics;
      const leaderless = found
        .filter(({ name }) => created.includes(name))
        .flatMap(({ name, partitions }) =>
          partitions.filter(({ leader }) => leader < 0).map(({ partitionId }) => [name, partitionId] as const),
        )[0];
      if (leaderless === undefined) return found;
      if (attempt === METADATA_ATTEMPTS) throw noLeader(...leaderless);
    } catch (error) {
      const { type, cause } = error as { type?: string; cause?: { type?: string } };
      if (!NOT_YET.includes(type ?? cause?.type) || attempt === METADATA_ATTEMPTS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Resolves when a broker has answered, whatever it says of topics and their leaders. @throws what KafkaJS throws when none does */
export async function askBrokers(connection: KafkaConnection): Promise<void> {
  const admin = kafkaClient(connection, 5).admin();
  try {
    await admin.connect();
    await admin.describeCluster();
  } finally {
    await admin.disconnect();
  }
}

/** Brokers that are up, once there are as many as the connection names. Throws while there are fewer. */
export async function countBrokers(connection: KafkaConnection): Promise<number> {
  const admin = kafkaClient(connection, 0).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    if (brokers.length >= connection.brokers.length) return brokers.length;
    throw new Error(`${brokers.length} of ${connection.brokers.length} brokers are up`);
  } finally {
    await admin.disconnect();
  }
}
