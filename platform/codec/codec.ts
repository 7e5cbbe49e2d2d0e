/** What decoding a record gave: its value, or why it has none. Bad bytes are an expected outcome, never an exception. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | Undecodable;

export interface Undecodable {
  readonly ok: false;
  /**
   * `undecodable`: no one can read these bytes as this record. `unknown-schema`: the writer's schema is not loaded yet:
   * load `schemaId` and decode again.
   */
  readonly code: "undecodable" | "unknown-schema";
  /** What is wrong, for the dead letter; never any of the content. */
  readonly detail: string;
  readonly schemaId?: number;
}

/** Turns values into record bytes and back, in Confluent's wire format: 0x00, schema id (int32, big endian), Avro binary. */
export interface Codec<T> {
  /**
   * The bytes are a view into memory shared with other encoded records and never change again. They keep up to 64 KiB
   * alive, so copy what is kept for long.
   * @throws SluiceError `ENCODE_INVALID` naming the fields whose values do not fit the schema.
   */
  encode(value: T): Buffer;
  /** Never throws. */
  decode(buffer: Buffer): Decoded<T>;
}

/** The id of the schema that a record was written with; undefined for what is not in the wire format. */
export function writerSchemaId(value: Buffer | null): number | undefined {
  return value === null || value.length < 5 || value[0] !== 0 ? undefined : value.readInt32BE(1);
}
