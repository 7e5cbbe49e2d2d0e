import { join } from "node:path";
import { AvroCodec } from "../../../platform/codec/avro-codec.ts";
import { readSchema, type SchemaNode } from "../../../platform/codec/avro-schema.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import { Slab } from "../../../platform/codec/slab.ts";
import { WriterSchemas } from "../../../platform/codec/writer-schemas.ts";
import type { AvroRecord } from "../../../schemas/avro-schema.ts";
import { composeContracts, readContracts } from "../../../schemas/contracts.ts";

/** Contracts as an earlier version had them, of those that have changed since and are tested so; a clone need not have the history. */
export const EARLIER: ReadonlyMap<string, AvroRecord> = readContracts(join(import.meta.dirname, "earlier"));

/** Records as that version wrote them: today's, with its parts. */
const composed = composeContracts(new Map([...readContracts(), ...EARLIER]));
/** An id that no schema of today has in tests. */
const EARLIER_ID = 10_001;
const TODAYS_ID = 10_002;

/**
 * The codec of an earlier version for one kind of record; it knows today's schema as the registry gives it. `learn`: where a codec of today learns its schema.
 */
export function earlierCodec<T>(
  name: string,
  learn: (id: number, schema: { readonly state: "loaded"; readonly schema: SchemaNode }) => void,
  id: number = EARLIER_ID,
): Codec<T> {
  const schema = composed.get(name)!;
  const writers = new WriterSchemas(async () => undefined);
  writers.learn(TODAYS_ID, { state: "loaded", schema: readSchema(composeContracts(readContracts()).get(name)!) });
  learn(id, { state: "loaded", schema: readSchema(schema) });
  return new AvroCodec<T>({ schema, schemaId: id, slab: new Slab(), writers });
}

/** A record of today as an earlier version gets it: the registry has given it the writer's schema. */
export function fromToday(value: Buffer): Buffer {
  const copy = Buffer.from(value);
  copy.writeInt32BE(TODAYS_ID, 1);
  return copy;
}
