import { expect, test } from "vitest";
import { metadataOf } from "../../../../platform/kafka/topics.ts";

/** Fails so often with that error, then knows the topic. */
function admin(failures: number, type: string) {
  const topics = [{ name: "t", partitions: [] }];
  return {
    asked: 0,
    async fetchTopicMetadata() {
      if (this.asked++ < failures) throw Object.assign(new Error(type), { type });
      return { topics };
    },
  };
}

test("a broker that does not know of a topic yet is asked again", async () => {
  const behind = admin(3, "UNKNOWN_TOPIC_OR_PARTITION");
  expect(await metadataOf(behind, ["t"], 0)).toMatchObject([{ name: "t" }]);
  expect(behind.asked).toBe(4);
});

test("a topic that stays unknown, and any other error, is an error", async () => {
  await expect(metadataOf(admin(1_000, "UNKNOWN_TOPIC_OR_PARTITION"), ["t"], 0)).rejects.toThrow("UNKNOWN_TOPIC");
  await expect(metadataOf(admin(1, "TOPIC_AUTHORIZATION_FAILED"), ["t"], 0)).rejects.toThrow("AUTHORIZATION");
});
