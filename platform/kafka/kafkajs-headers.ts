/**
 * KafkaJS 2.2.4 builds a record's headers by copying all that came before for each one: a record of 1 MB with 100,000 of
 * them holds up its process for minutes, and whoever takes over as well. Names are looked up on a plain object, so that one
 * called `constructor` comes out as `[Function: Object]` and its value. Here they are read once each, into an object without
 * a prototype; of a repeated name the first value counts, as all our readers take it, and one without a value is empty. Held by
 * test/unit/platform/kafka/kafkajs-headers.test.ts.
 */
import { createRequire } from "node:module";

interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}
type Headers = Record<string, Buffer>;

interface Decoder {
  readVarInt(): number;
  readVarIntArray(read: (decoder: Decoder) => Header): { reduce(): Headers };
}

const EMPTY = Buffer.alloc(0);
const decoder = createRequire(import.meta.url)("kafkajs/src/protocol/decoder") as { prototype: Decoder };

/** Only the decoder of records reads such an array, and it calls `reduce` on it at once. */
decoder.prototype.readVarIntArray = function (this: Decoder, read) {
  const headers = Object.create(null) as Headers;
  const count = this.readVarInt();
  for (let i = 0; i < count; i++) {
    const { key, value } = read(this);
    if (!(key in headers)) headers[key] = value ?? EMPTY;
  }
  return { reduce: () => headers };
};
