import { expect, test } from "vitest";
import { readCommitted } from "../../../../platform/kafka/committed-offsets.ts";

const P = 3;

/** A group of two topics: what it has committed for each (-1: nothing), and the start and end of each log. */
function read(commits: readonly [number, number], logs: readonly [[number, number], [number, number]]) {
  const topics = ["first", "second"];
  const errors: object[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
  const admin = {
    fetchOffsets: async () =>
      topics.map((topic, i) => ({
        topic,
        partitions: [
          { partition: P, offset: String(commits[i]), metadata: i === 0 && commits[i]! >= 0 ? "state" : "" },
        ],
      })),
    fetchTopicOffsets: async (topic: string) => {
      const [low, high] = logs[topics.indexOf(topic)]!;
      // KafkaJS is made to tell nothing of a partition without a leader.
      const led = { partition: P, low: String(low), high: String(high), offset: String(high) };
      const ledOrNot = Number.isNaN(low) ? { partition: P } : led;
      return [{ partition: 0 }, ledOrNot];
    },
  };
  const group = { groupId: "g", topics, connection: { brokers: [], clientId: "test", log } };
  return readCommitted(admin as never, group, P).then((restored) => ({ ...restored, errors }));
}

test("a new group begins at the start of each log", async () => {
  expect(
    await read(
      [-1, -1],
      [
        [0, 9],
        [4, 9],
      ],
    ),
  ).toEqual({ offsets: [0, 4], state: "", ends: [9, 9], errors: [] });
});

test("an input that was added is read from its start, and the others from their commits", async () => {
  expect(
    await read(
      [7, -1],
      [
        [0, 9],
        [4, 9],
      ],
    ),
  ).toEqual({ offsets: [7, 4], state: "state", ends: [9, 9], errors: [] });
});

test("what retention took before it was read is told", async () => {
  expect(
    await read(
      [7, 3],
      [
        [0, 9],
        [4, 9],
      ],
    ),
  ).toMatchObject({
    offsets: [7, 4],
    errors: [{ topic: "second", partition: P, committed: 3, low: 4 }],
  });
});

test("a commit at the log's end fits; one beyond it stops the partition, and the message says what to do", async () => {
  expect(
    await read(
      [9, 9],
      [
        [0, 9],
        [4, 9],
      ],
    ),
  ).toMatchObject({ offsets: [9, 9], errors: [] });
  await expect(
    read(
      [9, 10],
      [
        [0, 9],
        [4, 9],
      ],
    ),
  ).rejects.toThrow(/committed 10 of second\/3, which ends at 9.*to 4 to read.*to 9/);
});

test("without a commit of the topic that carries the state nothing begins", async () => {
  await expect(
    read(
      [-1, 5],
      [
        [0, 9],
        [4, 9],
      ],
    ),
  ).rejects.toThrow(/not first\/3, which carries the state/);
});

test("a partition waits for a leader of its own inputs, and not for those of others", async () => {
  const noLog = [Number.NaN, Number.NaN] as [number, number];
  await expect(read([7, 3], [[0, 9], noLog])).rejects.toMatchObject({ code: "NO_LEADER", message: /second\/3/ });
});
