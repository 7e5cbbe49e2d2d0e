import { SluiceError } from "../../platform/errors/sluice-error.ts";
import { kafkaHint } from "../../platform/kafka/connection.ts";

/** Waits for a connection, and says where nobody answers. @throws SluiceError `KAFKA_UNAVAILABLE` (transient) */
export async function kafkaAnswers(started: Promise<void>, brokers: readonly string[]): Promise<void> {
  await started.catch((cause: unknown) => {
    const hint = kafkaHint(cause);
    const message =
      hint === undefined
        ? `Kafka does not answer at ${brokers.join(", ")}, where SLUICE_KAFKA_BROKERS says that it is`
        : `Kafka at ${brokers.join(", ")} does not let in: ${hint}`;
    throw new SluiceError(message, { code: "KAFKA_UNAVAILABLE", class: "transient", cause });
  });
}
