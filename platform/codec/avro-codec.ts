import type { Type } from "avsc";
import { SluiceError } from "../errors/sluice-error.ts";
import { avroType } from "./avro-types.ts";
import type { Codec, Decoded, Undecodable } from "./codec.ts";
import type { Slab } from "./slab.ts";
import type { WriterSchemas } from "./writer-schemas.ts";

/** Magic byte and schema id. */
const HEADER_BYTES = 5;

/** The ids that differ from our own and that records of one kind were written with; see {@link AvroCodec.resolvers}. */
const MAX_RESOLVERS = 100;

/** avsc declares `createResolver` with a type that it does not export. */
type Resolver = Parameters<Type["decode"]>[2];

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
  private readonly schemaId: number;
  private readonly slab: Slab;
  private readonly writers: WriterSchemas;
  /** How to read what another schema wrote; or why that is impossible. */
  private readonly resolvers = new Map<number, Resolver | Undecodable>();
  private value: T | undefined;

  constructor(options: AvroCodecOptions) {
    this.type = avroType(options.schema);
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
    if (buffer.length < HEADER_BYTES || buffer[0] !== 0)
      return undecodable("not in the wire format: a zero byte and a schema id are expected first");
    const id = buffer.readInt32BE(1);
    if (id === this.schemaId) return this.read(buffer, undefined);
    const resolver = this.resolvers.get(id) ?? this.resolve(id);
    return isUndecodable(resolver) ? resolver : this.read(buffer, resolver);
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

  private read(buffer: Buffer, resolver: Resolver | undefined): Decoded<T> {
    try {
      const { value, offset } = this.type.decode(buffer, HEADER_BYTES, resolver as Resolver);
      if (offset === buffer.length) return { ok: true, value: value as T };
      return undecodable(offset < 0 ? "truncated" : `${buffer.length - offset} bytes behind its end`);
    } catch (error) {
      // avsc and the types here name positions, indexes and types in these errors, never content.
      return undecodable(error instanceof Error ? error.message : "unreadable");
    }
  }

  private resolve(id: number): Resolver | Undecodable {
    if (id <= 0) return undecodable(`schema id ${id} is none that a registry gives`);
    const writer = this.writers.get(id);
    if (writer === undefined)
      return { ok: false, code: "unknown-schema", detail: `schema ${id} is not loaded`, schemaId: id };
    if (writer === "missing") return undecodable(`schema ${id} is not in the registry`, id);
    const resolver = writer.state === "loaded" ? this.resolverOf(writer.type, id) : undecodable(writer.why, id);
    if (this.resolvers.size >= MAX_RESOLVERS) this.resolvers.clear();
    this.resolvers.set(id, resolver);
    return resolver;
  }

  private resolverOf(writer: Type, id: number): Resolver | Undecodable {
    try {
      return this.type.createResolver(writer) as Resolver;
    } catch {
      return undecodable(`schema ${id} (${writer.name ?? writer.typeName}) cannot be read as ${this.type.name}`, id);
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

function isUndecodable(value: Resolver | Undecodable): value is Undecodable {
  return (value as Partial<Undecodable>).ok === false;
}
