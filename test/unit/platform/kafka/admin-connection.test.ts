import type { ITopicMetadata } from "kafkajs";
import { expect, test } from "vitest";
import { checkTopics } from "../../../../platform/kafka/admin-connection.ts";

/** Topics that are there, with their partition counts. */
function admin(topics: Readonly<Record<string, number>>) {
  const of = (name: string) => ({ name, partitions: Array.from({ length: topics[name]! }) }) as ITopicMetadata;
  return {
    listTopics: async () => Object.keys(topics),
    fetchTopicMetadata: async (wanted?: { topics: string[] }) => ({ topics: (wanted?.topics ?? []).map(of) }),
  };
}

test("topics that are missing are named, and may come", async () => {
  await expect(checkTopics(admin({ a: 6 }), ["a", "b", "c"], 6)).rejects.toMatchObject({
    code: "TOPIC_MISSING",
    class: "transient",
    message: "topics are missing: b, c; infra/migrate.ts creates them",
  });
  await checkTopics(admin({ a: 6, b: 6 }), ["a", "b"], 6);
});

test("another number of partitions is no matter of waiting", async () => {
  await expect(checkTopics(admin({ a: 6, b: 12 }), ["a", "b"], 6)).rejects.toMatchObject({
    code: "PARTITIONS_MISMATCH",
    class: "permanent",
  });
});
