/**
 * KafkaJS 2.2.4 divides the records of a request by partition and copies, for each one, all that came before it for the same
 * partition: a request of thousands costs more for that than for its octets. Here each record is moved once. It must be
 * loaded before KafkaJS' producer is. Held by test/unit/platform/kafka/kafkajs-grouping.test.ts.
 */
import { createRequire } from "node:module";

interface Grouping<M> {
  readonly topic: string;
  readonly partitionMetadata: readonly object[];
  readonly messages: readonly M[];
  readonly partitioner: (options: { topic: string; partitionMetadata: readonly object[]; message: M }) => number;
}

/** Records by partition, in the order in which they came; none when the topic's partitions are not known. */
export function groupMessagesPerPartition<M>(options: Grouping<M>): Record<number, M[]> {
  const { topic, partitionMetadata, messages, partitioner } = options;
  const byPartition: Record<number, M[]> = {};
  if (partitionMetadata.length === 0) return byPartition;
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message });
    const same = byPartition[partition];
    if (same === undefined) byPartition[partition] = [message];
    else same.push(message);
  }
  return byPartition;
}

const require = createRequire(import.meta.url);
const path = "kafkajs/src/producer/groupMessagesPerPartition";
require(path);
require.cache[require.resolve(path)]!.exports = groupMessagesPerPartition;
