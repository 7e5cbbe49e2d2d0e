import { createRequire } from "node:module";
import { expect, test } from "vitest";
import "../../../../platform/kafka/connection.ts";

type Group = { retrier: () => Promise<void>; joinAndSync(): Promise<void> };
const { prototype } = createRequire(import.meta.url)("kafkajs/src/consumer/consumerGroup") as { prototype: Group };

/** A consumer group whose joins end when the test says so. */
function groupOf(): { group: Group; joins: PromiseWithResolvers<void>[] } {
  const joins: PromiseWithResolvers<void>[] = [];
  const group = Object.create(prototype) as Group;
  group.retrier = () => {
    const join = Promise.withResolvers<void>();
    joins.push(join);
    return join.promise;
  };
  return { group, joins };
}

test("who asks to join while a join is under way shares it, and the next one begins anew", async () => {
  const { group, joins } = groupOf();
  const asked = [group.joinAndSync(), group.joinAndSync()];
  expect(joins).toHaveLength(1);
  joins[0]!.resolve();
  await Promise.all(asked);
  void group.joinAndSync();
  expect(joins).toHaveLength(2);
});

test("two groups do not share", () => {
  const [one, other] = [groupOf(), groupOf()];
  void one.group.joinAndSync();
  void other.group.joinAndSync();
  expect([one.joins.length, other.joins.length]).toEqual([1, 1]);
});

test("a join that failed for a passing reason is not followed by fetching as the old member: it ends the consumer", async () => {
  const { group, joins } = groupOf();
  const joined = group.joinAndSync();
  joins[0]!.reject(Object.assign(new Error("The coordinator is loading"), { retriable: true }));
  await expect(joined).rejects.toMatchObject({ retriable: false, message: "The coordinator is loading" });
});
