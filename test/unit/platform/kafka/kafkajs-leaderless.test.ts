import { afterEach, expect, test, vi } from "vitest";
import { checkTopics, connectAdmin } from "../../../../platform/kafka/admin-connection.ts";
import { RecordProducer } from "../../../../platform/kafka/producer.ts";
import { topicMarks, topicOffsetsAt } from "../../../../platform/kafka/topic-marks.ts";
import { TopicReader } from "../../../../platform/kafka/topic-reader.ts";
import { ScriptedBrokers } from "./scripted-brokers.ts";
import { silentLog } from "./simulated-kafka.ts";

const connection = { brokers: ["b:1"], clientId: "test", log: silentLog };

afterEach(() => void vi.restoreAllMocks());

test("a follower reads on in all partitions but the one that has no leader, and in that one when it has one", async () => {
  const kafka = new ScriptedBrokers({ table: [1, -1, 2] });
  for (const p of [0, 1, 2]) kafka.log("table", p).push(`${p}-first`);
  const reader = new TopicReader({ connection, topics: ["table"], maxWaitMs: 10 });
  const given: string[] = [];
  await reader.start();
  for (const p of [0, 1, 2])
    reader.followFrom("table", p, 0, {
      ready: async () => true,
      onRecord: ({ value }) => void given.push(value!.toString()),
      reached: () => {},
    });
  await vi.waitFor(() => expect(given.sort()).toEqual(["0-first", "2-first"]), 5_000);
  // Its leader goes as well, while the reader follows.
  kafka.leaders.table![0] = -1;
  kafka.log("table", 0).push("0-second");
  kafka.log("table", 2).push("2-second");
  await vi.waitFor(() => expect(given).toContain("2-second"), 5_000);
  expect(given).toHaveLength(3);
  kafka.leaders.table = [2, 1, 2];
  await vi.waitFor(() => expect(given).toHaveLength(5), 5_000);
  expect(new Set(given)).toEqual(new Set(["0-first", "1-first", "2-first", "0-second", "2-second"]));
  await reader.stop();
}, 20_000);

test("where the logs end is told of all partitions but that one, which says why when it is asked for", async () => {
  const kafka = new ScriptedBrokers({ table: [1, -1, 2], none: [-1] });
  kafka.log("table", 2).push("x");
  const admin = await connectAdmin(connection, 0);
  await checkTopics(admin, ["table"], 3);
  const marks = await topicMarks(admin, "table");
  expect([marks[0], marks[2]]).toEqual([
    { low: 0, high: 0 },
    { low: 0, high: 1 },
  ]);
  const noLeader = { code: "NO_LEADER", class: "transient", message: expect.stringContaining("table/1 has no leader") };
  expect(() => marks[1]!.high).toThrow(expect.objectContaining(noLeader));
  expect(() => marks[1]!.low).toThrow(expect.objectContaining(noLeader));
  expect(() => marks.map(({ high }) => high)).toThrow(expect.objectContaining(noLeader));
  expect(await topicOffsetsAt(admin, "table", 5, [0, 2])).toEqual([0, undefined, 1]);
  await expect(topicOffsetsAt(admin, "table", 5)).rejects.toMatchObject(noLeader);
  const [only] = await topicMarks(admin, "none");
  expect(() => only!.high).toThrow(expect.objectContaining({ code: "NO_LEADER" }));
  kafka.leaders.table![1] = 1;
  await vi.waitFor(async () => expect((await topicMarks(admin, "table"))[1]).toEqual({ low: 0, high: 0 }), 5_000);
  await admin.disconnect();
});

test("a leader that is lost between the two questions of one by time is not taken for a log to which nothing came", async () => {
  const kafka = new ScriptedBrokers({ table: [1, 1], other: [2] });
  for (const p of [0, 1]) kafka.log("table", p).push("x");
  const admin = await connectAdmin(connection, 0);
  let isFirst = true;
  kafka.afterOffsets = async () => {
    if (!isFirst) return;
    isFirst = false;
    kafka.leaders.table![1] = -1;
    // Another question has the client hear of it.
    await topicMarks(admin, "other");
  };
  await expect(topicOffsetsAt(admin, "table", 5)).rejects.toMatchObject({ code: "NO_LEADER", message: /table\/1/ });
  Object.assign(kafka.leaders, { table: [1, 1] });
  await vi.waitFor(async () => expect(await topicOffsetsAt(admin, "table", 5)).toEqual([1, 1]), 5_000);
  await admin.disconnect();
});

test("what is written to other partitions is stored at once, one of the seeds being dead; that one waits and says why", async () => {
  const kafka = new ScriptedBrokers({ out: [1, -1, 2] });
  kafka.dead.add(9);
  const warnings: string[] = [];
  const log = {
    ...silentLog,
    warn: (fields: object) => void warnings.push(String((fields as { cause: string }).cause)),
  };
  const producer = new RecordProducer({ connection: { ...connection, brokers: ["b:1", "b:9"], log } });
  const write = (partition: number) => producer.send([{ topic: "out", partition, key: "k", value: Buffer.from("v") }]);
  let stored = false;
  const waits = write(1).then(() => {
    stored = true;
  });
  let longest = 0;
  // Long enough for a partition that goes on failing with anything else to have got a new client, which begins with the other seed.
  for (const until = performance.now() + 3_500; performance.now() < until; ) {
    const began = performance.now();
    await Promise.all([write(0), write(2)]);
    longest = Math.max(longest, performance.now() - began);
  }
  expect(longest).toBeLessThan(1_500);
  expect([stored, kafka.log("out", 1).length]).toEqual([false, 0]);
  expect(warnings[0]).toContain("no leader");
  kafka.leaders.out![1] = 2;
  await waits;
  expect(kafka.log("out", 1)).toEqual(["v"]);
  await producer.close();
}, 20_000);

test("metadata in which all have a leader is of use for as long as before", async () => {
  const kafka = new ScriptedBrokers({ out: [1, 2] });
  const producer = new RecordProducer({ connection });
  const write = () => producer.send([{ topic: "out", partition: 0, key: "k", value: Buffer.from("v") }]);
  await write();
  const { metadataAsked } = kafka;
  await new Promise((resolve) => setTimeout(resolve, 700));
  await write();
  expect(kafka.metadataAsked).toBe(metadataAsked);
  await producer.close();
});
