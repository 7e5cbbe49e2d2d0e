import "../../../../platform/kafka/connection.ts";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { groupMessagesPerPartition } from "../../../../platform/kafka/kafkajs-grouping.ts";

const require = createRequire(import.meta.url);
type Send = (options: object) => Promise<unknown>;
const createSend = require("kafkajs/src/producer/sendMessages") as (parts: object) => Send;

const messages = Array.from({ length: 50 }, (_, n) => ({ partition: n % 3, value: Buffer.from(`${n}`) }));

test("records are divided by partition, in their order", () => {
  const partitioner = ({ message }: { message: { partition: number } }) => message.partition;
  const grouped = groupMessagesPerPartition({ topic: "t", partitionMetadata: [{}], messages, partitioner });
  expect(Object.keys(grouped)).toEqual(["0", "1", "2"]);
  for (const [partition, own] of Object.entries(grouped))
    expect(own).toEqual(messages.filter((message) => message.partition === Number(partition)));
  expect(groupMessagesPerPartition({ topic: "t", partitionMetadata: [], messages, partitioner })).toEqual({});
});

test("KafkaJS' producer divides them so", async () => {
  const sent: { partition: number; messages: object[] }[] = [];
  const broker = {
    nodeId: 1,
    produce: async ({ topicData }: { topicData: { partitions: typeof sent }[] }) => {
      sent.push(...topicData[0]!.partitions);
      return { topics: [{ topicName: "t", partitions: [] }] };
    },
  };
  let seen = 0;
  const watched = new Proxy(messages, {
    get(target, name) {
      if (name === "reduce") throw new Error("KafkaJS' own way of dividing records was taken");
      if (typeof name === "string" && /^\d+$/.test(name)) seen++;
      return Reflect.get(target, name);
    },
  });
  const cluster = {
    addMultipleTargetTopics: async () => {},
    isConnected: () => true,
    refreshMetadataIfNecessary: async () => {},
    findTopicPartitionMetadata: () => [{}],
    findLeaderForPartitions: (_: string, partitions: string[]) => ({ 1: partitions.map(Number) }),
    findBroker: async () => broker,
    targetTopics: new Set(["t"]),
  };
  const send = createSend({
    logger: { debug() {}, error() {} },
    cluster,
    partitioner: ({ message }: { message: { partition: number } }) => message.partition,
    eosManager: {
      isTransactional: () => false,
      getProducerId: () => -1,
      getProducerEpoch: () => -1,
      getSequence: () => 0,
      updateSequence: () => {},
      acquireBrokerLock: async () => {},
      releaseBrokerLock: async () => {},
    },
    retrier: (attempt: (bail: (error: Error) => never, retries: number) => Promise<unknown>) =>
      attempt((error) => {
        throw error;
      }, 0),
  });
  await send({ acks: -1, timeout: 1_000, topicMessages: [{ topic: "t", messages: watched }] });
  expect(seen).toBe(messages.length);
  expect(sent.map(({ partition, messages: own }) => [partition, own.length])).toEqual([
    [0, 17],
    [1, 17],
    [2, 16],
  ]);
});
