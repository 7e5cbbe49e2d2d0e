import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { connectionTo, freshTopics, until } from "./kafka-runtime.ts";

const connection = connectionTo(sharedCluster().brokers);
const producer = new RecordProducer({ connection });
const readers: TopicReader[] = [];

beforeAll(() => producer.connect());
afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.stop()));
  await producer.close();
});

async function readerOf(...topics: string[]): Promise<TopicReader> {
  const reader = new TopicReader({ connection, topics });
  readers.push(reader);
  await reader.start();
  return reader;
}

function write(topic: string, partition: number, from: number, to: number): Promise<void> {
  return producer.send(
    Array.from({ length: to - from }, (_, i) => ({
      topic,
      partition,
      key: null,
      value: Buffer.from(`${partition}/${from + i}`),
    })),
  );
}

test("a range gives exactly its records, in order, whichever range was read before", async () => {
  const [topic] = (await freshTopics(connection, ["ranges"], 3)) as [string];
  await Promise.all([0, 1, 2].map((p) => write(topic, p, 0, 5_000)));
  const reader = await readerOf(topic);
  expect(await reader.watermarks(topic)).toEqual([0, 1, 2].map(() => ({ low: 0, high: 5_000 })));
  const read = async (partition: number, from: number, to: number) => {
    const got: number[] = [];
    await reader.readRange(topic, partition, from, to, (record) => {
      expect(record.value!.toString()).toBe(`${partition}/${record.offset}`);
      got.push(record.offset);
    });
    expect(got).toEqual(Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i));
  };
  await Promise.all([read(0, 0, 5_000), read(1, 17, 18), read(2, 4_990, 5_000)]);
  // Backwards, again, and empty.
  await read(0, 100, 200);
  await read(0, 100, 200);
  await read(0, 0, 1);
  await read(0, 300, 300);
  await read(0, 300, 20);
  for (let n = 0; n < 30; n++) {
    const from = Math.floor(Math.random() * 5_000);
    await read(n % 3, from, Math.min(5_000, from + Math.floor(Math.random() * 400)));
  }
});

test("a range that ends beyond the log waits for its records", async () => {
  const [topic] = (await freshTopics(connection, ["waiting"], 1)) as [string];
  await write(topic, 0, 0, 5);
  const reader = await readerOf(topic);
  const got: number[] = [];
  const done = reader.readRange(topic, 0, 3, 8, (record) => got.push(record.offset));
  await until("what is there is read", () => got.length === 2);
  await write(topic, 0, 5, 20);
  await done;
  expect(got).toEqual([3, 4, 5, 6, 7]);
});

test("callers that want the same partition are served one after the other", async () => {
  const [topic] = (await freshTopics(connection, ["shared"], 1)) as [string];
  await write(topic, 0, 0, 50);
  const reader = await readerOf(topic);
  const got = await Promise.all(
    [0, 10, 20, 30].map(async (from) => {
      const offsets: number[] = [];
      await reader.readRange(topic, 0, from, from + 10, (record) => offsets.push(record.offset));
      return offsets;
    }),
  );
  expect(got).toEqual([0, 10, 20, 30].map((from) => Array.from({ length: 10 }, (_, i) => from + i)));
  await reader.follow(topic, () => {});
  await expect(reader.readRange(topic, 0, 0, 10, () => {})).rejects.toThrow(/being followed/);
});

test("following gives what is there before it resolves, and then what comes; a new reader begins from the start", async () => {
  const [table, empty] = (await freshTopics(connection, ["table", "empty"], 2)) as [string, string];
  await Promise.all([write(table, 0, 0, 700), write(table, 1, 0, 900)]);
  const follow = async (reader: TopicReader) => {
    const got: InRecord[] = [];
    await reader.follow(table, (record) => got.push(record));
    return got;
  };
  const reader = await readerOf(table, empty);
  const got = await follow(reader);
  expect(got.length).toBe(1_600);
  const later: InRecord[] = [];
  await reader.follow(empty, (record) => later.push(record));
  await write(table, 1, 900, 1_000);
  await write(empty, 0, 0, 1);
  await until("the new ones came", () => got.length === 1_700 && later.length === 1);
  for (const partition of [0, 1]) {
    const offsets = got.filter((r) => r.partition === partition).map((r) => r.offset);
    expect(offsets).toEqual(offsets.map((_, i) => i));
  }
  await reader.stop();
  expect((await follow(await readerOf(table, empty))).length).toBe(1_700);
});

test("a partition is followed from an offset on; what there is no room for comes when there is", async () => {
  const [topic] = (await freshTopics(connection, ["followed"], 2)) as [string];
  await write(topic, 1, 0, 40);
  const reader = await readerOf(topic);
  const got: number[] = [];
  let reached = 0;
  let refused = 0;
  reader.followFrom(topic, 1, 10, {
    ready: async () => got.length < 30 || refused++ > 1,
    onRecord: ({ offset }) => got.push(offset),
    reached: (next) => {
      reached = next;
    },
  });
  await until("what is there has come", () => reached === 40);
  await write(topic, 1, 40, 50);
  await until("what was refused has come", () => reached === 50);
  expect(refused).toBeGreaterThan(2);
  expect(got).toEqual(Array.from({ length: 40 }, (_, i) => 10 + i));
});

test("a transactional writer's marks and aborted records end no stretch before its time, nor never", async () => {
  const [topic] = (await freshTopics(connection, ["transactional"], 1)) as [string];
  const writer = new Kafka({
    clientId: "writer",
    brokers: [...connection.brokers],
    logLevel: logLevel.NOTHING,
  }).producer({
    transactionalId: topic,
    idempotent: true,
    maxInFlightRequests: 1,
    retry: { initialRetryTime: 20 },
  });
  await writer.connect();
  for (const end of ["commit", "abort", "commit", "abort"] as const) {
    const transaction = await writer.transaction();
    await transaction.send({ topic, messages: [{ value: end }] });
    await transaction[end]();
  }
  await writer.disconnect();
  const reader = await readerOf(topic);
  const read = async (from: number) => {
    const got: number[] = [];
    await reader.readRange(topic, 0, from, 8, ({ offset }) => got.push(offset));
    return got;
  };
  // Each transaction is a record and its mark.
  expect(await read(0)).toEqual([0, 4]);
  expect(await read(1)).toEqual([4]);
  expect(await read(6)).toEqual([]);
  const followed: number[] = [];
  await reader.follow(topic, ({ offset }) => followed.push(offset));
  expect(followed).toEqual([0, 4]);
});
