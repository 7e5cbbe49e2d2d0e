import type { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import { composeContracts, readContracts } from "../../schemas/contracts.ts";
import { type OtherSchemas, recordSubject } from "./codecs.ts";

/** Of each kind of record; there is one for each release that changed it. */
const MOST_VERSIONS = 50;

/**
 * Loads the schemas of what earlier versions of this program have written, before anything of it is read: a message may wait for five
 * weeks, counts of a month stand in their topics. What others write requests with is loaded when it comes.
 * @throws SluiceError `REGISTRY_UNAVAILABLE` (transient)
 */
export async function loadEarlierSchemas(
  registry: Pick<SchemaRegistryClient, "idsOf">,
  schemas: OtherSchemas,
  subjects: readonly string[] = [...composeContracts(readContracts()).keys()].map(recordSubject),
): Promise<void> {
  await Promise.all(
    subjects.map(async (subject) => {
      const ids = await registry.idsOf(subject, MOST_VERSIONS);
      await Promise.all(ids.filter((id) => !schemas.knowsSchema(id)).map((id) => schemas.loadSchema(id)));
    }),
  );
}
