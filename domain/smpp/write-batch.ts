/** Octets allocated at a time: a few hundred PDUs. */
const slabOctets = 65_536;

/**
 * Collects encoded PDUs so that all of one turn of the event loop leave in one socket write. Memory comes in slabs of
 * 64 KiB that are written through from end to end, so most PDUs cost no allocation at all.
 */
export class WriteBatch {
  #slab: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #full: Buffer[] = [];
  #octets = 0;

  /** Octets waiting to be taken. */
  get octets(): number {
    return this.#octets;
  }

  /** The offset in the buffer last given by `reserve` at which the next PDU begins. */
  get at(): number {
    return this.#end;
  }

  /** A buffer with room for `octets` from `at` on. Follow with `commit`. */
  reserve(octets: number): Buffer {
    if (this.#slab.length - this.#end < octets) {
      if (this.#end > this.#start) this.#full.push(this.#slab.subarray(this.#start, this.#end));
      this.#slab = Buffer.allocUnsafeSlow(Math.max(slabOctets, octets));
      this.#start = 0;
      this.#end = 0;
    }
    return this.#slab;
  }

  /** The reserved room has been filled up to `end`. */
  commit(end: number): void {
    this.#octets += end - this.#end;
    this.#end = end;
  }

  /** What has been collected since the last take, in order, nearly always one chunk. They are the caller's from now on. */
  take(): Buffer[] {
    const chunks = this.#full;
    if (this.#end > this.#start) chunks.push(this.#slab.subarray(this.#start, this.#end));
    this.#full = [];
    this.#start = this.#end;
    this.#octets = 0;
    return chunks;
  }
}
