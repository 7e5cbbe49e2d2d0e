import { expect, test } from "vitest";
import { topicLags } from "../../../../platform/kafka/topic-lag.ts";

const input = (topic: string, backlog: number, timestamp?: number) => ({
  topic,
  backlog,
  peek: () => (timestamp === undefined ? undefined : ({ timestamp } as never)),
});

test("lag is added up over partitions in records, and in time it is that of the oldest", () => {
  const tasks = [{ inputs: [input("a", 3, 9_000), input("b", 0)] }, { inputs: [input("a", 4, 7_500), input("b", 2)] }];
  expect([...topicLags(tasks, 10_000)]).toEqual([
    ["a", { records: 7, ms: 2_500 }],
    ["b", { records: 2, ms: 0 }],
  ]);
});
