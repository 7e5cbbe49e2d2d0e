import { RowBinary } from "./row-binary.ts";
import type { RowWriter } from "./row-writer.ts";

/**
 * Columns of ClickHouse's Native format, each of one type: what is written of a column is what a server keeps of it in memory, so that it has
 * nothing to take apart. Values are written as in RowBinary, but those of a column stand together.
 * https://clickhouse.com/docs/interfaces/formats/Native
 */
export interface NativeColumn extends RowWriter {
  /** Octets, about: of what has been given so far. */
  readonly length: number;
  /** The column's data, in pieces; nothing may be added afterwards. */
  pieces(): Buffer[];
}

/** The columns of these types; of a type in brackets whatever stands in them, such as a time zone. */
export function nativeColumn(type: string): NativeColumn {
  if (type === "LowCardinality(String)") return new DictionaryColumn();
  if (type === "Array(String)") return new StringsColumn();
  if (type === "Map(String, String)") return new LabelsColumn();
  if (type.startsWith("Nullable(")) return new NullableColumn();
  return new PlainColumn();
}

/** Room for a column's first values, octets; it doubles when needed. */
const FIRST = 4_096;

/** Numbers, UUIDs and strings, one after the other. */
class PlainColumn implements NativeColumn {
  protected readonly values = new RowBinary(FIRST);

  get length(): number {
    return this.values.length;
  }

  uuid(text: string): boolean {
    return this.values.uuid(text);
  }

  uint16(value: number): void {
    this.values.uint16(value);
  }

  int64(value: number): void {
    this.values.int64(value);
  }

  string(value: string): void {
    this.values.string(value);
  }

  nullableInt64(_: number | null): void {
    throw new TypeError("the column has no NULL");
  }

  strings(_: readonly string[]): void {
    throw new TypeError("the column has no arrays");
  }

  labels(_: Readonly<Record<string, string>>): void {
    throw new TypeError("the column has no maps");
  }

  pieces(): Buffer[] {
    return [this.values.bytes()];
  }
}

/** Which rows are NULL, an octet each; then all values, where NULL has any. */
class NullableColumn extends PlainColumn {
  private readonly nulls = new Octets();

  override get length(): number {
    return this.nulls.length + this.values.length;
  }

  override nullableInt64(value: number | null): void {
    this.nulls.add(value === null ? 1 : 0);
    this.values.int64(value ?? 0);
  }

  override pieces(): Buffer[] {
    return [this.nulls.bytes(), this.values.bytes()];
  }
}

/** SharedDictionariesWithAdditionalKeys: the only version there is. */
const DICTIONARY_VERSION = 1;
/** Beside the width of the indices: the block has all its keys with it, and they replace those of earlier blocks. */
const OWN_KEYS = (1 << 9) | (1 << 10);

/** Few different strings: each once, and which of them stands in each row. */
class DictionaryColumn extends PlainColumn {
  private readonly indices = new Map<string, number>();
  /** As wide as the format asks for: nearly all blocks have less than 256 strings in such a column, and a dozen and more such columns. */
  private rows: Indices = new Uint8Array(FIRST / 4);
  private count = 0;

  override get length(): number {
    return this.values.length + this.count * width(this.indices.size);
  }

  override string(value: string): void {
    let index = this.indices.get(value);
    if (index === undefined) {
      index = this.indices.size;
      this.indices.set(value, index);
      this.values.string(value);
      if (width(this.indices.size) > this.rows.BYTES_PER_ELEMENT) this.rows = this.moved(this.rows.length);
    }
    if (this.count === this.rows.length) this.rows = this.moved(this.count * 2);
    this.rows[this.count++] = index;
  }

  override pieces(): Buffer[] {
    const octets = width(this.indices.size);
    const head = new RowBinary(24);
    head.int64(DICTIONARY_VERSION);
    head.int64(Math.log2(octets) | OWN_KEYS);
    head.int64(this.indices.size);
    const count = new RowBinary(8);
    count.int64(this.count);
    return [head.bytes(), this.values.bytes(), count.bytes(), octetsOf(this.rows.subarray(0, this.count))];
  }

  /** The rows in an array with room for so many, as wide as it has to be by now. */
  private moved(room: number): Indices {
    const to = new ARRAYS[width(this.indices.size)](room);
    to.set(this.rows);
    return to;
  }
}

/** Octets of an index of so many keys. */
const width = (keys: number): 1 | 2 | 4 => (keys <= 0x100 ? 1 : keys <= 0x1_0000 ? 2 : 4);

type Indices = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const;

/** In the order of the machine, which is the format's on all that Sluice runs on: little-endian. */
const octetsOf = ({ buffer, byteOffset, byteLength }: Indices): Buffer => Buffer.from(buffer, byteOffset, byteLength);

/** Where each row's elements end, then all elements. */
class StringsColumn extends PlainColumn {
  private readonly ends = new RowBinary(FIRST);
  private end = 0;

  override get length(): number {
    return this.ends.length + this.values.length;
  }

  override strings(values: readonly string[]): void {
    for (const value of values) this.values.string(value);
    this.end += values.length;
    this.ends.int64(this.end);
  }

  override pieces(): Buffer[] {
    return [this.ends.bytes(), this.values.bytes()];
  }
}

/** Where each row's labels end, then all names, then all values. */
class LabelsColumn extends PlainColumn {
  private readonly ends = new RowBinary(FIRST);
  private readonly names = new RowBinary(FIRST);
  private end = 0;

  override get length(): number {
    return this.ends.length + this.names.length + this.values.length;
  }

  override labels(labels: Readonly<Record<string, string>>): void {
    for (const name in labels) {
      this.names.string(name);
      this.values.string(labels[name]!);
      this.end++;
    }
    this.ends.int64(this.end);
  }

  override pieces(): Buffer[] {
    return [this.ends.bytes(), this.names.bytes(), this.values.bytes()];
  }
}

/** Single octets, gathered. */
class Octets {
  private buffer = Buffer.allocUnsafe(FIRST);
  length = 0;

  add(octet: number): void {
    if (this.length === this.buffer.length) this.buffer = Buffer.concat([this.buffer], this.length * 2);
    this.buffer[this.length++] = octet;
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}
