/**
 * Memory that encoded records are written into, one behind the other: no allocation and no copy per record. A slab is
 * freed when none of its records is referenced any more.
 */
export class Slab {
  private readonly size: number;
  private memory: Buffer;
  private used = 0;

  /** @param size bytes of one slab; a record that is larger gets memory of its own. */
  constructor(size = 65_536) {
    this.size = size;
    this.memory = Buffer.allocUnsafeSlow(size);
  }

  /**
   * @param write writes at a position of a buffer and returns the position behind it, or, when there is no room, a
   *   negative number of missing bytes.
   * @returns the bytes written
   */
  write(write: (memory: Buffer, at: number) => number): Buffer {
    let end = write(this.memory, this.used);
    if (end < 0) {
      const needed = this.memory.length - this.used - end;
      if (needed > this.size / 4) return this.alone(write, needed);
      this.memory = Buffer.allocUnsafeSlow(this.size);
      this.used = 0;
      end = write(this.memory, 0);
    }
    const bytes = this.memory.subarray(this.used, end);
    this.used = end;
    return bytes;
  }

  private alone(write: (memory: Buffer, at: number) => number, needed: number): Buffer {
    const memory = Buffer.allocUnsafeSlow(needed);
    return memory.subarray(0, write(memory, 0));
  }
}
