import { afterAll, beforeAll, expect, test } from "vitest";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { connectionTo, freshTopics, readAll } from "./kafka-runtime.ts";

const P = 6;
const connection = connectionTo(sharedCluster().brokers);
const producer = new RecordProducer({ connection });

beforeAll(() => producer.connect());
afterAll(() => producer.close());

test("a large bulk and many single senders at once: all stored once, in the order of each sender", async () => {
  const [bulk, singles] = (await freshTopics(connection, ["bulk", "singles"], P)) as [string, string];
  const text = Buffer.alloc(280, "x").toString();
  const value = (n: number) => Buffer.from(`${n}:${text}`);
  const requestsBefore = producer.counters.requests;
  const [senders, each] = [300, 20];
  await Promise.all([
    producer.send(
      Array.from({ length: 60_000 }, (_, n) => ({ topic: bulk, partition: n % P, key: null, value: value(n) })),
    ),
    ...Array.from({ length: senders }, async (_, sender) => {
      for (let n = 0; n < each; n++)
        await producer.send([{ topic: singles, partition: sender % P, key: String(sender), value: value(n) }]);
    }),
  ]);
  expect(producer.queued).toEqual({ records: 0, bytes: 0 });
  const numbers = (records: { value: Buffer | null }[]) =>
    records.map((r) => Number(r.value!.toString().split(":")[0]));
  const stored = await readAll(connection, bulk);
  expect(stored.length).toBe(60_000);
  for (let p = 0; p < P; p++)
    expect(numbers(stored.filter((r) => r.partition === p))).toEqual(
      Array.from({ length: 10_000 }, (_, n) => n * P + p),
    );
  const single = await readAll(connection, singles);
  expect(single.length).toBe(senders * each);
  for (let sender = 0; sender < senders; sender++)
    expect(numbers(single.filter((r) => r.key!.toString() === String(sender)))).toEqual(
      Array.from({ length: each }, (_, n) => n),
    );
  // Singles share requests: far fewer of them than records.
  expect(producer.counters.requests - requestsBefore).toBeLessThan(senders * each * 0.2);
  expect(producer.counters.repeated).toBe(0);
});

test("keys, tombstones and headers arrive as they were given", async () => {
  const [topic] = (await freshTopics(connection, ["content"], 1)) as [string];
  await producer.send([
    { topic, partition: 0, key: "käy", value: null },
    {
      topic,
      partition: 0,
      key: Buffer.from([0, 255]),
      value: Buffer.alloc(0),
      headers: { a: "é", b: Buffer.from([1, 2]) },
    },
    { topic, partition: 0, key: null, value: Buffer.from("v") },
  ]);
  const [tombstone, empty, bare] = await readAll(connection, topic);
  expect(tombstone!.key!.toString()).toBe("käy");
  expect(tombstone!.value).toBeNull();
  expect([...empty!.key!]).toEqual([0, 255]);
  expect(empty!.value!.length).toBe(0);
  expect(String(empty!.headers.a)).toBe("é");
  expect(empty!.headers.b).toEqual(Buffer.from([1, 2]));
  expect(bare!.key).toBeNull();
});

test("the largest record that is taken is stored, alone and in a crowd", async () => {
  const [topic] = (await freshTopics(connection, ["large"], 1)) as [string];
  const large = { topic, partition: 0, key: null, value: Buffer.alloc(699_900, 1) };
  const small = { topic, partition: 0, key: null, value: Buffer.alloc(300, 2) };
  await producer.send([large, ...Array.from({ length: 3_000 }, () => small), large, large]);
  expect((await readAll(connection, topic)).map((r) => r.value!.length)).toEqual([
    699_900,
    ...Array.from({ length: 3_000 }, () => 300),
    699_900,
    699_900,
  ]);
});
