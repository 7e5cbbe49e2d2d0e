import { afterAll, beforeAll, expect, test } from "vitest";
import { Dispatcher, type Outcome, type Work } from "../../../platform/kafka/dispatcher.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { sourceHeader } from "../../../platform/kafka/positions.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { headerText } from "../../../platform/kafka/record.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { connectionTo, freshTopics, readAll, recordingLog, until } from "./kafka-runtime.ts";

const P = 6;
const WORKS = 20_000;
const WINDOW = 100;
const log = recordingLog();
const connection = connectionTo(sharedCluster().brokers, log);
const producer = new RecordProducer({ connection });

beforeAll(() => producer.connect());
afterAll(() => producer.close());

interface Handed {
  id: string;
  key: string;
  doubt: boolean;
}

test("works are handed over once and in order per key while instances join and leave; what is repeated is said to be", async () => {
  const [urgent, slow, events, followUps] = (await freshTopics(
    connection,
    ["urgent", "slow", "events", "follow-ups"],
    P,
  )) as [string, string, string, string];
  const lanes = [urgent, slow];
  const handed: Handed[] = [];
  const start = async () => {
    const reader = new TopicReader({ connection, topics: [events] });
    await reader.start();
    let inFlight = 0;
    const asked = new Set<string>();
    const group: TaskGroup = new TaskGroup({
      connection,
      groupId: `dispatch-${urgent}`,
      topics: lanes,
      partitions: P,
      run: (task) => {
        const outcome = (work: Work<string>): Outcome => ({
          events: [{ topic: events, partition: task.partition, key: work.key, value: null, headers: { id: work.id } }],
          followUp: [
            { topic: followUps, partition: task.partition, key: work.key, value: null, headers: { id: work.id } },
          ],
        });
        return new Dispatcher<string, true>(
          task,
          {
            decode: (record) => ({
              ok: true,
              value: record.value!.toString(),
              key: record.key!.toString(),
              id: record.value!.toString(),
            }),
            room: () => WINDOW - inFlight,
            submit: (work, settle) => {
              inFlight++;
              handed.push({ id: work.id, key: work.key, doubt: asked.has(work.id) });
              setTimeout(
                () => {
                  inFlight--;
                  settle(outcome(work));
                  for (const other of group.tasks) other.wake();
                },
                1 + Math.random() * 20,
              );
            },
            outcomeEnds: async () => (await reader.watermarks(events)).map((mark) => mark.high),
            readBack: async (from) => {
              const found = new Map<string, true>();
              const { high } = (await reader.watermarks(events))[task.partition]!;
              await reader.readRange(events, task.partition, from[task.partition]!, high, (record) =>
                found.set(headerText(record, "id")!, true),
              );
              return { outcomes: found, unread: new Set() };
            },
            outcomePartition: () => task.partition,
            recover: (work) => outcome(work).followUp,
            inDoubt: (work) => void asked.add(work.id),
          },
          { producer, sources: { topics: ["source"], partitions: P }, step: 50 },
        ).run();
      },
    });
    await group.start();
    const stop = async () => {
      await group.stop();
      await reader.stop();
    };
    return { group, stop };
  };
  const sent = [0, 0];
  const send = (count: number) =>
    producer.send(
      Array.from({ length: count }, (_, n) => {
        const lane = n % 2;
        const number = sent[lane]!++;
        const key = `k${number % 311}`;
        const headers = { src: sourceHeader("source", partitionFor(key, P), lane * 1_000_000 + number) };
        return {
          topic: lanes[lane]!,
          partition: partitionFor(key, P),
          key,
          value: Buffer.from(`${lane}-${number}`),
          headers,
        };
      }),
    );
  const first = await start();
  await send(WORKS / 2);
  const second = await start();
  await until(
    "both own partitions",
    () => first.group.status.running === P / 2 && second.group.status.running === P / 2,
  );
  await send(WORKS / 4);
  await first.stop();
  await until("the second owns all", () => second.group.status.running === P);
  const third = await start();
  await send(WORKS / 4);
  await until("three quarters are handed over", () => handed.length > (WORKS * 3) / 4);
  await second.stop();
  await until(
    "every work has its follow-up",
    async () => new Set((await readAll(connection, followUps)).map((r) => headerText(r, "id"))).size === WORKS,
  );
  await third.stop();

  const seen = new Set<string>();
  const last = new Map<string, number>();
  let repeated = 0;
  for (const { id, key, doubt } of handed) {
    if (seen.has(id)) {
      repeated++;
      expect(doubt, `${id} was handed over again without a word`).toBe(true);
      continue;
    }
    seen.add(id);
    const number = Number(id.split("-")[1]);
    expect(number, `order of ${key}`).toBeGreaterThan(last.get(key) ?? -1);
    last.set(key, number);
  }
  expect(seen.size).toBe(WORKS);
  // Orderly hand-overs: only what a rebalance interrupts can be in doubt.
  expect(repeated).toBeLessThan(WINDOW * 4);
  expect(log.lines.filter((line) => line.startsWith("error"))).toEqual([]);
}, 120_000);
