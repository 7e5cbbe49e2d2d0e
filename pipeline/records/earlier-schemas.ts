import type { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import type { KafkaLog } from "../../platform/kafka/record.ts";
import { composeContracts, readContracts } from "../../schemas/contracts.ts";
import { type OtherSchemas, recordSubject } from "./codecs.ts";

/** Of each kind of record; there is one for each release that changed it. */
const MOST_VERSIONS = 50;

/**
 * Loads the schemas of what earlier versions of this program have written, before anything of it is read: a message may wait for five
 * weeks, counts of a month stand in their topics. What others write requests with is loaded when it comes. One that the registry does not give is left out, and told of.
 * @throws SluiceError `REGISTRY_UNAVAILABLE` (transient) when versions cannot be listed
 */
export async function loadEarlierSchemas(
  registry: Pick<SchemaRegistryClient, "idsOf">,
  schemas: OtherSchemas,
  log: KafkaLog,
  subjects: readonly string[] = [...composeContracts(readContracts()).keys()].map(recordSubject),
): Promise<void> {
  await Promise.all(
    subjects.map(async (subject) => {
      for (const id of await registry.idsOf(subject, MOST_VERSIONS)) {
        if (schemas.knowsSchema(id)) continue;
        await schemas
          .loadSchema(id)
          .catch((err: unknown) =>
            log.warn(
              { err, subject, schemaId: id },
              "the schema of an earlier version cannot be had: what it wrote waits",
            ),
          );
      }
    }),
  );
}
