/** Records and items that a value may have beyond its number of bytes. */
const WITHOUT_BYTES = 10_000;

/** Reads Avro's binary encoding (specification, "Binary Encoding") from left to right. @throws RangeError at the end of the bytes. */
export class AvroCursor {
  readonly bytes: Buffer;
  at: number;
  /** Items and records that may still be read. */
  private left: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
    this.left = bytes.length + WITHOUT_BYTES;
  }

  /**
   * Items, or a record, are about to be read. Some schemas have values of no bytes, of which a few bytes can hold any number, and
   * whoever may register a schema must not be able to hold a reader up.
   */
  spend(count: number): void {
    this.left -= count;
    if (this.left < 0) throw new RangeError("more items than bytes");
  }

  /** A zigzag varint; a bigint where a number would not be exact. */
  long(): number | bigint {
    let value = 0;
    let factor = 1;
    for (let n = 0; n < 7; n++) {
      const octet = this.octet();
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 128;
    }
    let whole = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const octet = this.octet();
      whole |= BigInt(octet & 0x7f) << shift;
      if (octet >= 0x80) continue;
      const signed = BigInt.asIntN(64, (whole >> 1n) ^ -(whole & 1n));
      const exact = Number(signed);
      return Number.isSafeInteger(exact) ? exact : signed;
    }
    throw new RangeError("a number of more than ten bytes");
  }

  int(): number {
    const value = this.long();
    if (typeof value !== "number" || value < -(2 ** 31) || value >= 2 ** 31)
      throw new RangeError("an int of more than 32 bits");
    return value;
  }

  boolean(): boolean {
    const octet = this.octet();
    if (octet > 1) throw new RangeError("a boolean that is neither 0 nor 1");
    return octet === 1;
  }

  float(): number {
    return this.bytes.readFloatLE(this.advance(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.advance(8));
  }

  /** Octets with their number before them: a view. */
  octets(): Buffer {
    return this.fixed(this.size());
  }

  fixed(size: number): Buffer {
    const start = this.advance(size);
    return this.bytes.subarray(start, start + size);
  }

  text(): string {
    const size = this.size();
    const start = this.advance(size);
    return this.bytes.toString("utf8", start, start + size);
  }

  /**
   * Items in the next block of an array or map; 0 ends it. A block has no more items than bytes follow, so that a few bad
   * bytes do not make a reader loop 2^53 times.
   */
  block(): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      this.long();
    }
    if (!(count <= this.bytes.length - this.at)) throw new RangeError("a block with more items than bytes");
    this.spend(Number(count));
    return Number(count);
  }

  private size(): number {
    const size = this.long();
    if (typeof size !== "number" || size < 0) throw new RangeError("a negative length");
    return size;
  }

  private octet(): number {
    return this.bytes[this.advance(1)]!;
  }

  private advance(count: number): number {
    const { at } = this;
    if (count > this.bytes.length - at) throw new RangeError("truncated");
    this.at = at + count;
    return at;
  }
}
