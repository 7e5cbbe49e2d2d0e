import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { sourceHeader } from "../../../platform/kafka/positions.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { runSink } from "../../../platform/kafka/sink.ts";
import { SinkStats } from "../../../platform/kafka/sink-stats.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { runTransform, type Transform } from "../../../platform/kafka/transform.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { connectionTo, firstOccurrences, freshTopics, readAll, recordingLog, until } from "./kafka-runtime.ts";
import { transactionalWriter } from "./transactions.ts";

const P = 6;
const log = recordingLog();
const connection = connectionTo(sharedCluster().brokers, log);
const producer = new RecordProducer({ connection });

beforeAll(() => producer.connect());
afterAll(() => producer.close());

/** Copies each record as a decision to `decisions` and as an effect to `effects`. */
function copy(decisions: string, effects: string): Transform {
  return {
    restore: async () => {},
    process(record, _input, out) {
      const headers = { src: sourceHeader(record.topic, record.partition, record.offset) };
      out.decide({ topic: decisions, partition: record.partition, key: record.key, value: record.value, headers });
      out.effect({ topic: effects, partition: record.partition, key: record.key, value: record.value, headers });
    },
    state: () => "",
  };
}

test("records pass once and in order per key while instances join and leave", async () => {
  const [input, decisions, effects] = (await freshTopics(connection, ["in", "decisions", "effects"], P)) as [
    string,
    string,
    string,
  ];
  const count = 30_000;
  const groupId = `copy-${input}`;
  const start = async () => {
    const group = new TaskGroup({
      connection,
      groupId,
      topics: [input],
      partitions: P,
      run: (task) => runTransform(task, copy(decisions, effects), { producer, maxBatchPerInput: 100 }),
    });
    await group.start();
    return group;
  };
  const send = (from: number, to: number) =>
    producer.send(
      Array.from({ length: to - from }, (_, i) => {
        const key = `k${(from + i) % 97}`;
        return { topic: input, partition: partitionFor(key, P), key, value: Buffer.from(String(from + i)) };
      }),
    );
  const first = await start();
  await send(0, count / 3);
  const second = await start();
  await until(
    "both own partitions",
    () => first.status.running > 0 && second.status.running > 0 && first.status.running + second.status.running === P,
  );
  expect(Math.abs(first.status.running - second.status.running)).toBeLessThanOrEqual(1);
  await send(count / 3, (2 * count) / 3);
  await first.stop();
  await send((2 * count) / 3, count);
  await until("the second owns all", () => second.status.running === P);
  await until("all inputs are read", () =>
    second.tasks.every((t) => t.inputs.every((i) => i.end > 0 && i.backlog === 0)),
  );
  await second.stop();

  for (const topic of [decisions, effects]) {
    const out = firstOccurrences(await readAll(connection, topic), "src");
    expect(out.length, topic).toBe(count);
    expect(new Set(out.map((r) => r.value!.toString())).size).toBe(count);
    const lastOfKey = new Map<string, number>();
    for (const r of out) {
      const n = Number(r.value!.toString());
      expect(n).toBeGreaterThan(lastOfKey.get(r.key!.toString()) ?? -1);
      lastOfKey.set(r.key!.toString(), n);
    }
  }
  expect(log.lines.filter((l) => l.startsWith("error"))).toEqual([]);
});

/** Keeps what it is given. */
function memorySink(stored: string[], reader: TopicReader, groupId: string): (task: Task) => Promise<void> {
  const open = () => {
    const values: string[] = [];
    const add = ({ value }: InRecord) => {
      values.push(value!.toString());
      return "added" as const;
    };
    return {
      values,
      add,
      bytes: 0,
      get rows() {
        return values.length;
      },
    };
  };
  const store = {
    open,
    insert: async ({ values }: ReturnType<typeof open>) => void stored.push(...values),
    deadLetter: () => {
      throw new Error("nothing is refused here");
    },
  };
  const stats = new SinkStats();
  return (task) => runSink(task, { groupId, store, producer, reader, stats, log, maxAgeMs: 100 });
}

test("of an upstream system's transactions what is committed passes once, what is aborted never, and their marks hold up nobody", async () => {
  const [input, decisions, effects] = (await freshTopics(connection, ["transactions", "decisions", "effects"], P)) as [
    string,
    string,
    string,
  ];
  const stored: string[] = [];
  const reader = new TopicReader({ connection, topics: [input] });
  await reader.start();
  const admin = new Kafka({ brokers: [...connection.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const upstream = await transactionalWriter(connection, input, P);
  const [copying, storing] = [`copy-${input}`, `store-${input}`];
  const start = async () => {
    const shared = { connection, topics: [input], partitions: P };
    const groups = [
      new TaskGroup({
        ...{ ...shared, groupId: copying },
        run: (task) => runTransform(task, copy(decisions, effects), { producer }),
      }),
      new TaskGroup({ ...shared, groupId: storing, run: memorySink(stored, reader, storing) }),
    ];
    for (const group of groups) await group.start();
    return groups;
  };
  const allDone = async (groupId: string, each: number) => {
    const [committed] = await admin.fetchOffsets({ groupId, topics: [input] });
    return committed!.partitions.every(({ offset }) => Number(offset) === each);
  };
  const stop = (groups: TaskGroup[]) => Promise.all(groups.map((group) => group.stop()));

  await upstream.write("refused", 5, "abort");
  const first = await start();
  await upstream.write("one", 10, "commit");
  await upstream.write("withdrawn", 10, "abort");
  // Each transaction ends with a mark in each partition: 5 + 1, 10 + 1, 10 + 1. Nothing follows the last one.
  for (const group of [copying, storing])
    await until(`${group} has passed all marks`, () => allDone(group, 28), 20_000);
  await stop(first);
  await upstream.write("two", 10, "commit");
  await upstream.write("withdrawn again", 10, "abort");
  const second = await start();
  await upstream.write("three", 10, "commit");
  for (const group of [copying, storing])
    await until(`${group} has passed all marks`, () => allDone(group, 61), 20_000);
  await stop(second);
  await Promise.all([upstream.stop(), reader.stop(), admin.disconnect()]);

  const committed = (partition: number) =>
    ["one", "two", "three"].flatMap((name) => Array.from({ length: 10 }, (_, n) => `${name} ${partition}/${n}`));
  for (const topic of [decisions, effects]) {
    const records = await readAll(connection, topic);
    for (let partition = 0; partition < P; partition++) {
      const values = records.filter((record) => record.partition === partition).map(({ value }) => value!.toString());
      expect(values, `${topic}/${partition}`).toEqual(committed(partition));
    }
  }
  const all = Array.from({ length: P }, (_, partition) => committed(partition)).flat();
  expect(stored.toSorted()).toEqual(all.toSorted());
});

test("a task begins again from what its last owner committed", async () => {
  const [input] = (await freshTopics(connection, ["restart"], 1)) as [string];
  await producer.send(
    Array.from({ length: 100 }, (_, i) => ({ topic: input, partition: 0, key: null, value: Buffer.from(String(i)) })),
  );
  const states: string[] = [];
  const offsets: number[] = [];
  const group = new TaskGroup({
    connection,
    groupId: `restart-${input}`,
    topics: [input],
    partitions: 1,
    run: async (task) => {
      states.push(task.restored.state);
      offsets.push(task.restored.offsets[0]!);
      task.begin();
      while (task.taking) {
        const record = task.take(task.inputs[0]!);
        if (record === undefined) await task.wait();
        else if (record.offset === 39) {
          expect(await task.commit([40], "state 40")).toBe(true);
          return;
        }
      }
    },
  });
  await group.start();
  // The loop returns after its commit, so the group starts a new task on the same partition from there.
  await until("the next task has started", () => states.length >= 2);
  await group.stop();
  expect(states[0]).toBe("");
  expect(offsets[0]).toBe(0);
  expect(states[1]).toBe("state 40");
  expect(offsets[1]).toBe(40);
});
