import { SluiceError } from "../../platform/errors/sluice-error.ts";

/** Waits for a connection, and says where nobody answers. @throws SluiceError `KAFKA_UNAVAILABLE` (transient) */
export async function kafkaAnswers(started: Promise<void>, brokers: readonly string[]): Promise<void> {
  await started.catch((cause: unknown) => {
    const message = `Kafka does not answer at ${brokers.join(", ")}, where SLUICE_KAFKA_BROKERS says that it is`;
    throw new SluiceError(message, { code: "KAFKA_UNAVAILABLE", class: "transient", cause });
  });
}
