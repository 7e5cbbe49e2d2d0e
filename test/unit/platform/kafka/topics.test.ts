import { afterEach, expect, test, vi } from "vitest";
import { ensureTopics, metadataOf } from "../../../../platform/kafka/topics.ts";
import { ScriptedBrokers } from "./scripted-brokers.ts";
import { silentLog } from "./simulated-kafka.ts";

afterEach(() => void vi.restoreAllMocks());

const NEW = { topics: ["t"], created: ["t"] };

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
  expect(await metadataOf(behind, NEW, 0)).toMatchObject([{ name: "t" }]);
  expect(behind.asked).toBe(4);
});

test("a topic that stays unknown, and any other error, is an error", async () => {
  await expect(metadataOf(admin(1_000, "UNKNOWN_TOPIC_OR_PARTITION"), NEW, 0)).rejects.toThrow("UNKNOWN_TOPIC");
  await expect(metadataOf(admin(1, "TOPIC_AUTHORIZATION_FAILED"), NEW, 0)).rejects.toThrow("AUTHORIZATION");
});

test("who is there already may be without a leader; a new one is waited for, and told of as what it is", async () => {
  const of = (leader: number) => ({ topics: [{ name: "t", partitions: [{ leader: 1 }, { leader, partitionId: 1 }] }] });
  const answers = [of(-1), of(-1), of(2)];
  let asked = 0;
  const led = { fetchTopicMetadata: async () => answers[asked++] ?? of(-1) };
  type Asked = Parameters<typeof metadataOf>[0];
  expect(await metadataOf(led as unknown as Asked, { topics: ["t"], created: [] }, 0)).toHaveLength(1);
  expect(asked).toBe(1);
  await metadataOf(led as unknown as Asked, NEW, 0);
  expect(asked).toBe(3);
  await expect(metadataOf(led as unknown as Asked, NEW, 0)).rejects.toMatchObject({
    code: "NO_LEADER",
    details: { partition: 1 },
  });
});

test("topics that are there are counted without their leaders, and the empty list is not all topics", async () => {
  new ScriptedBrokers({ t: [1, -1, 2], other: [-1] });
  const connection = { brokers: ["b:1"], clientId: "test", log: silentLog };
  const wanted = { name: "t", partitions: 4 };
  const mismatched = [{ name: "t", partitions: 3, wanted: 4 }];
  expect(await ensureTopics(connection, [wanted], 1, 1)).toEqual({ created: [], mismatched });
  expect(await ensureTopics(connection, [], 1, 1)).toEqual({ created: [], mismatched: [] });
}, 20_000);
