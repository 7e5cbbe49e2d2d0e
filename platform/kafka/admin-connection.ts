import type { Admin } from "kafkajs";
import { SluiceError } from "../errors/sluice-error.ts";
import { type KafkaConnection, kafkaClient, kafkaHint } from "./connection.ts";

/** A frozen broker takes connections and is silent: shorter than what waits for the attempt (wait-for.ts, 5 s). */
const CONNECT_MS = 4_000;
/** Together some 1.5 s, so that a refused connection is told as one. */
const RETRIES = 4;

/**
 * A connected admin client. Every attempt is a new client that begins with another seed broker, and is given up after 4 s.
 * @throws what KafkaJS throws when no broker answers; call again later.
 */
export async function connectAdmin(connection: KafkaConnection, turn: number): Promise<Admin> {
  const admin = kafkaClient(connection, RETRIES, turn).admin();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CONNECT_MS} ms`)), CONNECT_MS);
  });
  try {
    await Promise.race([admin.connect(), late]);
    return admin;
  } catch (error) {
    void admin.disconnect().catch(() => {});
    const hint = kafkaHint(error);
    if (hint === undefined) throw error;
    throw new SluiceError(`a broker does not let in: ${hint}`, {
      code: "KAFKA_REFUSED",
      class: "transient",
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether all topics are there with the same, right number of partitions.
 * @throws SluiceError `TOPIC_MISSING` (transient), `PARTITIONS_MISMATCH` (permanent); what KafkaJS throws.
 */
export async function checkTopics(
  admin: Pick<Admin, "listTopics" | "fetchTopicMetadata">,
  topics: readonly string[],
  partitions: number,
): Promise<void> {
  const present = new Set(await admin.listTopics());
  const missing = topics.filter((topic) => !present.has(topic));
  if (missing.length > 0)
    throw new SluiceError(`topics are missing: ${missing.join(", ")}; infra/migrate.ts creates them`, {
      code: "TOPIC_MISSING",
      class: "transient",
    });
  const found = await admin.fetchTopicMetadata({ topics: [...topics] });
  for (const topic of found.topics)
    if (topic.partitions.length !== partitions)
      throw new SluiceError(
        `Topic ${topic.name} has ${topic.partitions.length} partitions, but this installation is configured for ${partitions}. Changing the count moves keys; restore it or set the configured count to match.`,
        { code: "PARTITIONS_MISMATCH" },
      );
}
