import type { RowWriter } from "./row-writer.ts";

/**
 * Writes ClickHouse's RowBinary format: values one after the other in the order of the columns, no names, no
 * separators. Measured with rows of 33 columns against JSONCompactEachRow: 1.2 us instead of 2.2 us to encode a row here,
 * and a third fewer bytes for the server to parse.
 * https://clickhouse.com/docs/interfaces/formats/RowBinary
 */
export class RowBinary implements RowWriter {
  private buffer: Buffer;
  private at = 0;

  /** `capacity`: first size, bytes; it doubles when needed. */
  constructor(capacity = 65_536) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** Bytes written; with `truncate`, the way to take back a row that turned out to be unwritable. */
  get length(): number {
    return this.at;
  }

  truncate(length: number): void {
    this.at = length;
  }

  /** What has been written; valid until the next write. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  /** UInt16, 0 to 65,535. */
  uint16(value: number): void {
    this.room(2);
    this.buffer[this.at++] = value & 0xff;
    this.buffer[this.at++] = value >>> 8;
  }

  /** UInt32, 0 to 4,294,967,295. */
  uint32(value: number): void {
    this.room(4);
    this.word(value);
  }

  /** Int64 and UInt64, and what is stored as such: DateTime64 (ticks) and Decimal(18, n) (units). A safe integer. */
  int64(value: number): void {
    this.room(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.word(value - high * 0x1_0000_0000);
    this.word(high);
  }

  /** Nullable of an Int64-like type. */
  nullableInt64(value: number | null): void {
    this.room(9);
    if (value === null) {
      this.buffer[this.at++] = 1;
      return;
    }
    this.buffer[this.at++] = 0;
    this.int64(value);
  }

  /** Length of a string, array or map: unsigned LEB128. */
  count(value: number): void {
    this.room(5);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.at++] = rest;
  }

  /** String, also LowCardinality(String): UTF-8 behind its length. */
  string(value: string): void {
    const { length } = value;
    // Short ASCII, which nearly everything is, is faster here than through the native call.
    if (length < 64) {
      this.room(length + 1);
      const { buffer } = this;
      const start = this.at;
      buffer[start] = length;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) break;
        buffer[start + 1 + i] = code;
      }
      if (i === length) {
        this.at = start + 1 + length;
        return;
      }
    }
    const bytes = Buffer.byteLength(value, "utf8");
    this.count(bytes);
    this.room(bytes);
    this.at += this.buffer.write(value, this.at, bytes, "utf8");
  }

  /** Array(String). */
  strings(values: readonly string[]): void {
    this.count(values.length);
    for (const value of values) this.string(value);
  }

  /** Map(String, String). */
  labels(labels: Readonly<Record<string, string>>): void {
    let count = 0;
    for (const _ in labels) count++;
    this.count(count);
    if (count === 0) return;
    for (const label in labels) {
      this.string(label);
      this.string(labels[label]!);
    }
  }

  /** UUID in its usual text form, either case; false, with nothing written, when the text is not a UUID. */
  uuid(text: string): boolean {
    if (text.length !== 36) return false;
    this.room(16);
    let digits = 0;
    for (let i = 0; i < 36; i++) {
      const code = text.charCodeAt(i);
      if (i === 8 || i === 13 || i === 18 || i === 23) {
        if (code !== 0x2d) return false;
        continue;
      }
      const digit = HEX[code];
      if (digit === undefined || digit < 0) return false;
      // Two little-endian halves of 8 bytes: byte n of the text stands at 7 - n, or 23 - n in the second half.
      const byte = digits >> 1;
      const target = this.at + (byte < 8 ? 7 - byte : 23 - byte);
      this.buffer[target] = (digits & 1) === 0 ? digit << 4 : this.buffer[target]! | digit;
      digits++;
    }
    this.at += 16;
    return true;
  }

  private word(value: number): void {
    const { buffer, at } = this;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    this.at = at + 4;
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

const HEX = new Int8Array(128).fill(-1);
for (let i = 0; i < 10; i++) HEX[0x30 + i] = i;
for (let i = 0; i < 6; i++) {
  HEX[0x41 + i] = 10 + i;
  HEX[0x61 + i] = 10 + i;
}
