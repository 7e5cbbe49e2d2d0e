import { type NativeColumn, nativeColumn } from "./native-columns.ts";
import { RowBinary } from "./row-binary.ts";
import type { RowWriter } from "./row-writer.ts";

/**
 * Rows as one block of ClickHouse's Native format: column by column, strings that come again written once. The server takes a fourth of the
 * time for it that RowBinary takes, whose rows it has to take apart.
 * https://clickhouse.com/docs/interfaces/formats/Native
 */
export class NativeBlock implements RowWriter {
  private readonly types: readonly (readonly [name: string, type: string])[];
  private readonly columns: readonly NativeColumn[];
  private next = 0;
  private count = 0;

  /** `types`: each column's type in ClickHouse, in the order in which values are given; a type of integers, times, decimals, strings or UUIDs. */
  constructor(types: Readonly<Record<string, string>>) {
    this.types = Object.entries(types);
    this.columns = this.types.map(([, type]) => nativeColumn(type));
  }

  /** Whole rows. */
  get rows(): number {
    return this.count;
  }

  /** Octets of the values so far. */
  get length(): number {
    let sum = 0;
    for (const column of this.columns) sum += column.length;
    return sum;
  }

  uuid(text: string): boolean {
    const written = this.columns[this.next]!.uuid(text);
    if (written) this.step();
    return written;
  }

  uint16(value: number): void {
    this.columns[this.next]!.uint16(value);
    this.step();
  }

  int64(value: number): void {
    this.columns[this.next]!.int64(value);
    this.step();
  }

  nullableInt64(value: number | null): void {
    this.columns[this.next]!.nullableInt64(value);
    this.step();
  }

  string(value: string): void {
    this.columns[this.next]!.string(value);
    this.step();
  }

  strings(values: readonly string[]): void {
    this.columns[this.next]!.strings(values);
    this.step();
  }

  labels(labels: Readonly<Record<string, string>>): void {
    this.columns[this.next]!.labels(labels);
    this.step();
  }

  /** The block, in octets; nothing may be added afterwards. */
  encoded(): Buffer {
    const head = new RowBinary(16);
    head.count(this.columns.length);
    head.count(this.count);
    const pieces = this.columns.flatMap((column, i) => {
      const [name, type] = this.types[i]!;
      const title = new RowBinary(64);
      title.string(name);
      title.string(type);
      return [title.bytes(), ...column.pieces()];
    });
    return Buffer.concat([head.bytes(), ...pieces]);
  }

  private step(): void {
    if (++this.next < this.columns.length) return;
    this.next = 0;
    this.count++;
  }
}
