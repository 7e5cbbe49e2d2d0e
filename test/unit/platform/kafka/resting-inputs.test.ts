import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import "../../../../platform/kafka/connection.ts";
import { letRest } from "../../../../platform/kafka/kafkajs-resting.ts";
import { RestingInputs } from "../../../../platform/kafka/resting-inputs.ts";

/** Members fetch from two brokers, which lead the even and the odd partitions; `busy` may not rest. */
function resting() {
  const clock = { now: 1_000_000 };
  const inputs = new RestingInputs({ topics: ["quiet", "rare"], monotonic: () => clock.now });
  const fetched = (broker: number) =>
    inputs
      .select(
        broker,
        ["busy", "quiet", "rare"].map((topic) => ({ topic, partitions: [broker, broker + 2] })),
      )
      .flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`));
  return { clock, inputs, fetched };
}
const ALL = ["busy/0", "busy/2", "quiet/0", "quiet/2", "rare/0", "rare/2"];

describe("inputs that may rest", () => {
  it("are asked for ten times a second while they bring nothing, and all others each time", () => {
    const { clock, fetched } = resting();
    let whole = 0;
    for (let i = 0; i < 200; i++) {
      const topics = fetched(0);
      if (topics.length === ALL.length) whole++;
      else expect(topics).toEqual(["busy/0", "busy/2"]);
      clock.now += 5;
    }
    expect(whole).toBe(10);
  });

  it("are in each fetch while they bring something, and for two seconds after it, partition by partition", () => {
    const { clock, inputs, fetched } = resting();
    fetched(0);
    inputs.brought("quiet", 2);
    clock.now += 1;
    expect(fetched(0)).toEqual(["busy/0", "busy/2", "quiet/2"]);
    clock.now += 1_998;
    fetched(0);
    expect(fetched(0)).toEqual(["busy/0", "busy/2", "quiet/2"]);
    clock.now += 1;
    expect(fetched(0)).toEqual(["busy/0", "busy/2"]);
  });

  it("of each broker are asked for, however the fetches from several follow each other", () => {
    const { clock, fetched } = resting();
    const whole = [0, 0];
    for (let i = 0; i < 100; i++) {
      for (const broker of [0, 1]) if (fetched(broker).length === ALL.length) whole[broker]!++;
      clock.now += 20;
    }
    expect(whole).toEqual([20, 20]);
  });

  it("are all in a fetch that comes after a broker has kept one for its longest", () => {
    const { clock, fetched } = resting();
    for (let i = 0; i < 5; i++) {
      expect(fetched(0)).toEqual(ALL);
      clock.now += 100;
    }
  });
});

type Group = { groupId: string; filterPartitionsByNode(node: number, all: object[]): { partitions: number[] }[] };
const { prototype } = createRequire(import.meta.url)("kafkajs/src/consumer/consumerGroup") as { prototype: Group };

describe("a consumer group of KafkaJS", () => {
  const ofNode = (groupId: string) => {
    const replicas = { 1: [0, 2], 2: [1] };
    const group = Object.assign(Object.create(prototype), { groupId, findReadReplicaForPartitions: () => replicas });
    return () => (group as Group).filterPartitionsByNode(1, [{ topic: "quiet" }]).map(({ partitions }) => partitions);
  };

  it("asks for what its inputs say, of the partitions that a broker leads", () => {
    letRest("resting", new RestingInputs({ topics: ["quiet"], monotonic: () => 0 }));
    const fetch = ofNode("resting");
    expect([fetch(), fetch()]).toEqual([[[0, 2]], [[]]]);
  });

  it("asks for all where nothing was said", () => {
    const fetch = ofNode("another");
    expect([fetch(), fetch()]).toEqual([[[0, 2]], [[0, 2]]]);
  });
});
