/**
 * One partition without a leader fails all metadata that names it in KafkaJS 2.2.4: who reads, writes or looks at any partition of the topic, or at any
 * topic of the same client, stands still until it has one again. Here such a partition is a part of the answer, with leader -1: KafkaJS neither
 * fetches from it nor writes to it, and goes on with the others. While there is one, its metadata is of use for half a second only, so that it finds
 * the new leader, and `leaderless` knows of it. Asked where logs end, it tells nothing of such a partition (`topicMarks` says which). KafkaJS has had no release since February 2023. Held by
 * test/unit/platform/kafka/kafkajs-leaderless.test.ts.
 */
import { createRequire } from "node:module";
import { leaderless } from "./leaderless.ts";

interface PartitionMetadata {
  readonly partitionErrorCode: number;
  readonly partitionId: number;
  readonly leader: number;
}
interface TopicMetadata {
  readonly topic: string;
  readonly partitionMetadata: readonly PartitionMetadata[];
}
interface Metadata {
  readonly topicMetadata: readonly TopicMetadata[];
}
interface MetadataResponse {
  parse(data: Metadata): Promise<Metadata>;
}
interface BrokerPool {
  metadata: Metadata | null;
  metadataExpireAt: number | null;
  refreshMetadata(topics: readonly string[]): Promise<void>;
}
interface AskedTopic {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number }[];
  readonly fromTimestamp?: number;
}
interface ToldTopic {
  readonly topic: string;
  /** `offset` undefined, or no number: the partition has no leader. */
  readonly partitions: readonly { readonly partition: number; readonly offset: string | undefined }[];
}
interface Cluster {
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  findBroker(of: { readonly nodeId: string | number }): Promise<unknown>;
  fetchTopicsOffset(topics: readonly AskedTopic[]): Promise<ToldTopic[]>;
}

/** LEADER_NOT_AVAILABLE, and LISTENER_NOT_FOUND: its leader does not listen where the client is. */
const NO_LEADER_CODES = [5, 72];
const LEADER_NOT_AVAILABLE = 5;
const METADATA_VERSIONS = [0, 1, 2, 3, 4, 5, 6];
/** How long metadata is of use that names a partition without a leader, ms. */
const AGAIN_MS = 500;
/**
 * Told in answer to a question by time. KafkaJS has asked for the ends before, and takes the end where this answer begins with no number: of a partition
 * that has lost its leader in between it would say that nothing came since.
 */
const NOBODY_CAN_SAY = "0, but there is no leader";

const require = createRequire(import.meta.url);
const { createErrorFromCode } = require("kafkajs/src/protocol/error") as { createErrorFromCode(code: number): Error };

function isLeaderless({ leader, partitionErrorCode }: PartitionMetadata): boolean {
  return leader < 0 && NO_LEADER_CODES.includes(partitionErrorCode);
}

for (const version of METADATA_VERSIONS) {
  const response = require(`kafkajs/src/protocol/requests/metadata/v${version}/response`) as MetadataResponse;
  const { parse } = response;
  response.parse = async (data) => {
    const led = (topic: TopicMetadata) => ({
      ...topic,
      partitionMetadata: topic.partitionMetadata.filter((partition) => !isLeaderless(partition)),
    });
    await parse({ ...data, topicMetadata: data.topicMetadata.map(led) });
    return data;
  };
}

const pool = (require("kafkajs/src/cluster/brokerPool") as { prototype: BrokerPool }).prototype;
const refresh = pool.refreshMetadata;
pool.refreshMetadata = async function (this: BrokerPool, topics): Promise<void> {
  await refresh.call(this, topics);
  const without = (this.metadata?.topicMetadata ?? []).map(({ topic, partitionMetadata }) => ({
    topic,
    partitions: partitionMetadata.filter(isLeaderless).map(({ partitionId }) => partitionId),
  }));
  if (without.some(({ partitions }) => partitions.length > 0)) this.metadataExpireAt = Date.now() + AGAIN_MS;
  // Whoever names no topic is told of all that the brokers have, others' too.
  if (topics.length > 0) for (const { topic, partitions } of without) leaderless.told(topic, partitions);
};

const cluster = (require("kafkajs/src/cluster") as { prototype: Cluster }).prototype;
const findBroker = cluster.findBroker;
/** A write to such a partition says why it is not made. */
cluster.findBroker = async function (this: Cluster, of): Promise<unknown> {
  if (Number(of.nodeId) < 0) throw createErrorFromCode(LEADER_NOT_AVAILABLE);
  return findBroker.call(this, of);
};

const fetchTopicsOffset = cluster.fetchTopicsOffset;
cluster.fetchTopicsOffset = async function (this: Cluster, asked): Promise<ToldTopic[]> {
  const led = asked.map((one) => {
    const unled = this.findTopicPartitionMetadata(one.topic).filter(isLeaderless);
    const without = new Set(unled.map(({ partitionId }) => partitionId));
    return { ...one, partitions: one.partitions.filter(({ partition }) => !without.has(partition)) };
  });
  const told = new Map((await fetchTopicsOffset.call(this, led)).map(({ topic, partitions }) => [topic, partitions]));
  return asked.map(({ topic, partitions, fromTimestamp }) => {
    const offsets = new Map(told.get(topic)?.map(({ partition, offset }) => [partition, offset]));
    const unknown = fromTimestamp === undefined ? undefined : NOBODY_CAN_SAY;
    const offsetOf = ({ partition }: { partition: number }) => ({
      partition,
      offset: offsets.get(partition) ?? unknown,
    });
    return { topic, partitions: partitions.map(offsetOf) };
  });
};
