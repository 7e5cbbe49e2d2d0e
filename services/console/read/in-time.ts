import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { asAnswered } from "../actions/kafka-faults.ts";

/** Pages wait so long for what is read from Kafka, ms. */
const ANSWER_MS = 10_000;

/** @throws what `work` throws; SluiceError `KAFKA_UNAVAILABLE` (transient) for Kafka's own faults, and when it takes longer than 10 s: it goes on all the same */
export async function inTime<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const away = { code: "KAFKA_UNAVAILABLE", class: "transient" } as const;
    timer = setTimeout(() => reject(new SluiceError("Kafka does not answer in time", away)), ANSWER_MS);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw asAnswered(error);
  } finally {
    clearTimeout(timer);
  }
}
