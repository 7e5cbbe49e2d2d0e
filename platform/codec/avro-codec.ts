import type { Type } from "avsc";
import { SluiceError } from "../errors/sluice-error.ts";
import { AvroCursor } from "./avro-cursor.ts";
import { type ReadValue, resolve, SchemaMismatch } from "./avro-resolution.ts";
import { type RecordNode, readSchema, type SchemaNode } from "./avro-schema.ts";
import { avroType } from "./avro-types.ts";
import type { Codec, Decoded, Undecodable } from "./codec.ts";
import { foreignFormat } from "./foreign-formats.ts";
import type { Slab } from "./slab.ts";
import type { WriterSchemas } from "./writer-schemas.ts";

/** Magic byte and schema id. */
const HEADER_BYTES = 5;

/** Characters of what is wrong with a schema. */
const MAX_DETAIL = 1_000;

/** The ids that differ from our own and that records of one kind were written with; see {@link AvroCodec.resolvers}. */
const MAX_RESOLVERS = 100;

/** Reads what another schema wrote. */
type Resolver = ReadValue;

export interface AvroCodecOptions {
  /** The schema that this program reads and writes. */
  readonly schema: object;
  /** Its id in the registry. */
  readonly schemaId: number;
  readonly slab: Slab;
  readonly writers: WriterSchemas;
}

/** A codec for one kind of record. Never asks the registry: whoever meets `unknown-schema` does. */
export class AvroCodec<T> implements Codec<T> {
  private readonly type: Type;
  private readonly own: RecordNode;
  private readonly schemaId: number;
  private readonly slab: Slab;
  private readonly writers: WriterSchemas;
  /** How to read what another schema wrote; or why that is impossible. */
  private readonly resolvers = new Map<number, Resolver | Undecodable>();
  private value: T | undefined;

  constructor(options: AvroCodecOptions) {
    this.type = avroType(options.schema);
    this.own = readSchema(options.schema) as RecordNode;
    this.schemaId = options.schemaId;
    this.slab = options.slab;
    this.writers = options.writers;
  }

  encode(value: T): Buffer {
    this.value = value;
    try {
      return this.slab.write(this.write);
    } catch (cause) {
      throw this.invalid(value, cause);
    } finally {
      this.value = undefined;
    }
  }

  decode(buffer: Buffer): Decoded<T> {
    if (buffer.length < HEADER_BYTES || buffer[0] !== 0) return undecodable(foreignFormat(buffer));
    const id = buffer.readInt32BE(1);
    if (id === this.schemaId) return this.read(buffer);
    if (id <= 0) return undecodable(foreignFormat(buffer));
    const resolver = this.resolvers.get(id) ?? this.resolve(id);
    return typeof resolver === "function" ? this.readOther(buffer, resolver, id) : resolver;
  }

  /** One function for all calls, so that encoding allocates none. */
  private readonly write = (memory: Buffer, at: number): number => {
    const body = at + HEADER_BYTES;
    if (body > memory.length) return this.type.encode(this.value, EMPTY, 0) - (body - memory.length);
    const end = this.type.encode(this.value, memory, body);
    if (end < 0) return end;
    memory[at] = 0;
    memory.writeInt32BE(this.schemaId, at + 1);
    return end;
  };

  private readOther(buffer: Buffer, read: Resolver, id: number): Decoded<T> {
    try {
      const cursor = new AvroCursor(buffer, HEADER_BYTES);
      const value = read(cursor) as T;
      const rest = buffer.length - cursor.at;
      return rest === 0 ? { ok: true, value } : undecodable(`${rest} bytes behind its end, by schema ${id}`, id);
    } catch (error) {
      // These name fields and types, never content.
      return undecodable(`${error instanceof Error ? error.message : "unreadable"} (schema ${id})`, id);
    }
  }

  private read(buffer: Buffer): Decoded<T> {
    try {
      const { value, offset } = this.type.decode(buffer, HEADER_BYTES);
      if (offset === buffer.length) return { ok: true, value: value as T };
      return undecodable(offset < 0 ? "truncated" : `${buffer.length - offset} bytes behind its end`);
    } catch (error) {
      // avsc and the types here name positions, indexes and types in these errors, never content.
      return undecodable(error instanceof Error ? error.message : "unreadable");
    }
  }

  private resolve(id: number): Resolver | Undecodable {
    const writer = this.writers.get(id);
    if (writer === undefined)
      return { ok: false, code: "unknown-schema", detail: `schema ${id} is not loaded`, schemaId: id };
    if (writer === "missing") return undecodable(missing(id), id);
    const resolver = writer.state === "loaded" ? this.resolverOf(writer.schema, id) : undecodable(writer.why, id);
    if (this.resolvers.size >= MAX_RESOLVERS) this.resolvers.clear();
    this.resolvers.set(id, resolver);
    return resolver;
  }

  private resolverOf(writer: SchemaNode, id: number): Resolver | Undecodable {
    try {
      return resolve(writer, this.own);
    } catch (error) {
      if (!(error instanceof SchemaMismatch)) throw error;
      const name = "name" in writer ? writer.name : writer.kind;
      const detail = `schema ${id} (${name}) cannot be read as ${this.own.name}: ${error.message}`;
      return undecodable(detail.slice(0, MAX_DETAIL), id);
    }
  }

  /** avsc's own error would print the values, which may be a message's text. */
  private invalid(value: T, cause: unknown): SluiceError {
    const fields: string[] = [];
    this.type.isValid(value, { errorHook: (path) => fields.push(path.join(".")) });
    if (fields.length === 0)
      return new SluiceError(`${this.type.name} could not be encoded`, { code: "ENCODE_INVALID", cause });
    const names = fields.map((field) => field || "(the record)").join(", ");
    return new SluiceError(`${this.type.name} cannot be encoded: wrong type or range in ${names}`, {
      code: "ENCODE_INVALID",
      details: { fields },
    });
  }
}

const EMPTY = Buffer.alloc(0);

function undecodable(detail: string, schemaId?: number): Undecodable {
  return { ok: false, code: "undecodable", detail, ...(schemaId === undefined ? {} : { schemaId }) };
}

function missing(id: number): string {
  return `schema ${id} is not in the registry: the producer asks another one, or the schema was deleted`;
}
