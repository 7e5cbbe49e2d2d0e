import { Kafka, logLevel } from "kafkajs";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";

/** An upstream system that writes in transactions. */
export interface TransactionalWriter {
  /** So many records to each partition as one transaction, which then is committed or aborted: a mark in each partition. */
  write(name: string, each: number, end: "commit" | "abort"): Promise<void>;
  stop(): Promise<void>;
}

export async function transactionalWriter(
  { brokers }: KafkaConnection,
  topic: string,
  partitions: number,
): Promise<TransactionalWriter> {
  const writer = new Kafka({ clientId: "upstream", brokers: [...brokers], logLevel: logLevel.NOTHING }).producer({
    transactionalId: `upstream-${topic}`,
    idempotent: true,
    maxInFlightRequests: 1,
    retry: { initialRetryTime: 20 },
  });
  await writer.connect();
  return {
    write: async (name, each, end) => {
      const transaction = await writer.transaction();
      const messages = Array.from({ length: each * partitions }, (_, i) => ({
        partition: i % partitions,
        value: `${name} ${i % partitions}/${Math.floor(i / partitions)}`,
      }));
      await transaction.send({ topic, messages });
      await transaction[end]();
    },
    stop: () => writer.disconnect(),
  };
}
