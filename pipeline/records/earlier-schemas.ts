import type { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import type { KafkaLog } from "../../platform/kafka/record.ts";
import { composeContracts, readContracts } from "../../schemas/contracts.ts";
import { recordSubject, type SluiceCodecs } from "./codecs.ts";

/** Of each kind of record; there is one for each release that changed it. */
const MOST_VERSIONS = 50;

/**
 * Loads the schemas of what earlier versions of this program have written, before anything of it is read: a message may wait for five
 * weeks, counts of a month stand in their topics. What others write requests with is loaded when it comes. One that the registry does not give is left out, and told of.
 * @throws SluiceError `REGISTRY_UNAVAILABLE` (transient) when versions cannot be listed
 */
export async function loadEarlierSchemas(
  registry: Pick<SchemaRegistryClient, "versionsOf" | "versionOf">,
  schemas: Pick<SluiceCodecs, "knowsSchema" | "learnSchema">,
  log: KafkaLog,
  subjects: readonly string[] = [...composeContracts(readContracts()).keys()].map(recordSubject),
): Promise<void> {
  await Promise.all(
    subjects.map(async (subject) => {
      for (const version of await registry.versionsOf(subject, MOST_VERSIONS)) {
        try {
          const found = await registry.versionOf(subject, version);
          if (found !== undefined && !schemas.knowsSchema(found.id)) schemas.learnSchema(found.id, found.schema);
        } catch (err) {
          const message = "the schema of an earlier version cannot be had: what it wrote waits";
          log.warn({ err, subject, version }, message);
        }
      }
    }),
  );
}
