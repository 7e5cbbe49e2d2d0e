import type { Admin } from "kafkajs";
import type { KafkaConnection } from "./connection.ts";
import type { Restored } from "./task.ts";
import { topicMarks } from "./topic-marks.ts";

interface Group {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly connection: KafkaConnection;
}

/**
 * What the last owner of this partition number committed. An input without a commit is read from its start; where
 * retention has deleted what was not read, reading goes on at the log's start, and an error is logged.
 *
 * Throws when any start would skip records or repeat them: docs/decisions/0009-commits-that-do-not-fit.md; and `NO_LEADER`, transient, while this partition of
 * an input has no leader, whatever the others have.
 */
export async function readCommitted(admin: Admin, group: Group, partition: number): Promise<Restored> {
  const { topics, groupId } = group;
  const [committed, limits] = await Promise.all([
    admin.fetchOffsets({ groupId, topics: [...topics] }),
    Promise.all(topics.map((topic) => topicMarks(admin, topic))),
  ]);
  const commits = topics.map((topic) => {
    const entry = committed.find((c) => c.topic === topic)?.partitions.find((p) => p.partition === partition);
    return { offset: Number(entry?.offset ?? -1), state: entry?.metadata ?? "" };
  });
  if (commits[0]!.offset < 0 && commits.some(({ offset }) => offset >= 0))
    throw new Error(
      `Group ${groupId} has committed other topics and not ${topics[0]}/${partition}, which carries the state of all: it was created anew, or put before them. Commit an offset of ${topics[0]} for the group when it is certain what has been done, or delete the group to read everything again.`,
    );
  // Fetches say nothing about an input that has no records: without its end it could never be told from an unread one.
  const ends: number[] = [];
  const offsets = topics.map((topic, i) => {
    const { low, high } = limits[i]![partition] ?? { low: 0, high: 0 };
    ends.push(high);
    return startOf(commits[i]!.offset, { topic, partition, low, high }, group);
  });
  return { offsets, state: commits[0]!.state, ends };
}

/** Where to begin in one log. `committed`: -1 for none. */
function startOf(
  committed: number,
  { topic, partition, low, high }: { topic: string; partition: number; low: number; high: number },
  { groupId, connection }: Group,
): number {
  if (committed > high)
    throw new Error(
      `Group ${groupId} has committed ${committed} of ${topic}/${partition}, which ends at ${high}: the topic was created anew, or has lost records. Nothing of the partition is read until the log is longer again or the group's offset is set: to ${low} to read what is there, to ${high} to leave it out.`,
    );
  if (committed >= 0 && committed < low)
    connection.log.error(
      { topic, partition, committed, low },
      "Records were deleted by retention before they were read",
    );
  return Math.max(committed, low);
}
