import type { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import type { OtherSchemas } from "./codecs.ts";

/** Of each kind of record; there is one for each release that changed it, and what others write requests with. */
const MOST_VERSIONS = 50;

/**
 * Loads the schemas of what earlier versions of this program have written, before anything of it is read: a message may wait for five
 * weeks, counts of a month stand in their topics.
 * @throws SluiceError `REGISTRY_UNAVAILABLE` (transient)
 */
export async function loadEarlierSchemas(
  registry: Pick<SchemaRegistryClient, "idsOf">,
  schemas: OtherSchemas,
  subjects: readonly string[],
): Promise<void> {
  await Promise.all(
    subjects.map(async (subject) => {
      const ids = await registry.idsOf(subject, MOST_VERSIONS);
      await Promise.all(ids.filter((id) => !schemas.knowsSchema(id)).map((id) => schemas.loadSchema(id)));
    }),
  );
}
