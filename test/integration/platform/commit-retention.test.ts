/** Kafka must not forget the commits of a group that has stood still for longer than `offsets.retention.minutes`. */
import { expect, test } from "vitest";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { connectionTo, freshTopics, readEach, until } from "./kafka-runtime.ts";

const TEN_YEARS_MS = 10 * 365 * 24 * 3_600_000;
const connection = connectionTo(sharedCluster().brokers);

interface StoredCommit {
  readonly offset: number;
  readonly committedAt: number;
  /** Until when the broker keeps it; undefined: by its own setting. */
  readonly expiresAt: number | undefined;
}

/** The commits of a group as the broker stores them (Kafka's OffsetCommitKey and OffsetCommitValue), the oldest first. */
async function storedCommits(groupId: string): Promise<StoredCommit[]> {
  const found: StoredCommit[] = [];
  await readEach(connection, "__consumer_offsets", ({ key, value }) => {
    const name = Buffer.from(key ?? "");
    // Keys of versions 0 and 1 are of commits, and begin with the group's name.
    if (value === null || name.length < 4 || name.readInt16BE(0) > 1) return;
    if (name.toString("utf8", 4, 4 + name.readInt16BE(2)) !== groupId) return;
    const version = value.readInt16BE(0);
    // Version 3 and later: a leader epoch stands behind the offset, and no expiry at the end.
    const metadataAt = version >= 3 ? 14 : 10;
    const timesAt = metadataAt + 2 + value.readInt16BE(metadataAt);
    const time = (at: number) => Number(value.readBigInt64BE(at));
    found.push({
      offset: time(2),
      committedAt: time(timesAt),
      expiresAt: version === 1 ? time(timesAt + 8) : undefined,
    });
  });
  return found;
}

test("every commit of a group says that it is kept for ten years, by whichever way it goes out", async () => {
  const [topic] = (await freshTopics(connection, ["kept"], 1)) as [string];
  const groupId = `g-${topic}`;
  const producer = new RecordProducer({ connection });
  await producer.connect();
  let committed = 0;
  const group = new TaskGroup({
    connection,
    groupId,
    topics: [topic],
    partitions: 1,
    run: async (task) => {
      task.begin();
      // Before any record has come: under the generation of the heartbeats. Afterwards by KafkaJS's own function.
      if (await task.commit([0], "nothing yet")) committed++;
      await producer.send([{ topic, partition: 0, key: null, value: Buffer.from("one") }]);
      while (task.taking) {
        if (task.take(task.inputs[0]!) === undefined) await task.wait();
        else if (await task.commit([1], "one")) committed++;
      }
    },
  });
  await group.start();
  await until("both are committed", () => committed === 2, 20_000);
  await group.stop();
  await producer.close();
  const commits = await storedCommits(groupId);
  expect(commits.map(({ offset }) => offset)).toEqual([0, 1]);
  for (const { committedAt, expiresAt } of commits) expect(expiresAt).toBe(committedAt + TEN_YEARS_MS);
});
