/**
 * KafkaJS 2.2.4 asks for all its partitions in every fetch, and knows no fetch sessions (KIP-227): a broker looks each of them up, and KafkaJS makes an empty batch of each, as
 * often as the busiest one has something. Here a group may say what a fetch leaves out (resting-inputs.ts). What is left out is not asked for and so not answered;
 * its position stays. Held by test/unit/platform/kafka/resting-inputs.test.ts.
 */
import { createRequire } from "node:module";
import type { RestingInputs, TopicPartitions } from "./resting-inputs.ts";

interface ConsumerGroup {
  readonly groupId: string;
  filterPartitionsByNode(nodeId: unknown, assigned: readonly TopicPartitions[]): readonly TopicPartitions[];
}

const { prototype } = createRequire(import.meta.url)("kafkajs/src/consumer/consumerGroup") as {
  prototype: ConsumerGroup;
};
const ofNode = prototype.filterPartitionsByNode;
const resting = new Map<string, RestingInputs>();

/** Asked before each fetch of a member of the group in this process; the latest one holds. */
export function letRest(groupId: string, inputs: RestingInputs): void {
  resting.set(groupId, inputs);
}

prototype.filterPartitionsByNode = function (nodeId, assigned) {
  const all = ofNode.call(this, nodeId, assigned);
  return resting.get(this.groupId)?.select(nodeId, all) ?? all;
};
