import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { ProducerClosedError } from "../../../platform/kafka/producer-errors.ts";

/** Faults of KafkaJS, which say so in their names, and of a producer that is closed. */
export function isKafkas(error: unknown): boolean {
  return error instanceof ProducerClosedError || (error instanceof Error && error.name.startsWith("KafkaJS"));
}

/** What is answered: a fault of Kafka's, such as a leader that has just moved, is one that passes (503, with Retry-After). Others are left as they are. */
export function asAnswered(error: unknown): unknown {
  if (!isKafkas(error)) return error;
  return new SluiceError("Kafka does not answer", { code: "KAFKA_UNAVAILABLE", class: "transient", cause: error });
}
