import type { Admin } from "kafkajs";
import type { KafkaConnection } from "./connection.ts";
import type { Restored } from "./task.ts";

/** What the last owner of this partition number committed, clamped to what the log still has; loss by retention is logged as an error. */
export async function readCommitted(
  admin: Admin,
  group: { readonly groupId: string; readonly topics: readonly string[]; readonly connection: KafkaConnection },
  partition: number,
): Promise<Restored> {
  const { topics, groupId } = group;
  const [committed, limits] = await Promise.all([
    admin.fetchOffsets({ groupId, topics: [...topics] }),
    Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic))),
  ]);
  let state = "";
  const ends: number[] = [];
  const offsets = topics.map((topic, i) => {
    const limit = limits[i]!.find((p) => p.partition === partition);
    const low = Number(limit?.low ?? 0);
    // Fetches say nothing about an input that has no records: without this it could never be told from an unread one.
    ends.push(Number(limit?.high ?? 0));
    const entry = committed.find((c) => c.topic === topic)?.partitions.find((p) => p.partition === partition);
    if (i === 0) state = entry?.metadata ?? "";
    const offset = Number(entry?.offset ?? -1);
    if (offset >= 0 && offset < low)
      group.connection.log.error(
        { topic, partition, committed: offset, low },
        "Records were deleted by retention before they were read",
      );
    return Math.max(offset, low);
  });
  return { offsets, state, ends };
}
