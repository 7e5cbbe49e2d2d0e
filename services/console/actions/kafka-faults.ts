import { ProducerClosedError } from "../../../platform/kafka/producer-errors.ts";

/** Faults of KafkaJS, which say so in their names, and of a producer that is closed. */
export function isKafkas(error: unknown): boolean {
  return error instanceof ProducerClosedError || (error instanceof Error && error.name.startsWith("KafkaJS"));
}
