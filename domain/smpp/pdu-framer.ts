import { headerOctets } from "./command-id.ts";

/** The largest PDU accepted by default: a message_payload of 64 kB is the largest that a TLV can carry. */
export const defaultMaxPduOctets = 65_536;

/** Receives each whole frame as a range of a buffer, to spare a view a PDU. Return false to stop (session closed). */
export type FrameHandler = (buffer: Buffer, start: number, end: number) => boolean;

/**
 * Cuts a byte stream into PDUs by command_length. Whole PDUs are handed on in place; only one that spans chunks is
 * copied, once, into a buffer of exactly its length, so memory is bounded by the largest PDU.
 */
export class PduFramer {
  readonly #maxOctets: number;
  #carry: Buffer | undefined;
  #carried = 0;
  /** The first octets of a PDU of which not even command_length is whole. */
  readonly #lengthOctets = Buffer.alloc(4);
  #lengthCarried = 0;

  /** A PDU has begun and is not whole yet. */
  get partial(): boolean {
    return this.#carry !== undefined || this.#lengthCarried > 0;
  }

  /** `maxOctets`: the largest command_length accepted, 16 … 65536. */
  constructor(maxOctets: number = defaultMaxPduOctets) {
    this.#maxOctets = maxOctets;
  }

  /**
   * Takes the next chunk and calls `onFrame` for each PDU that is now whole. Returns undefined, or, when a
   * command_length is outside 16 … maxOctets, that length: the stream has lost its framing and can only be closed.
   */
  push(chunk: Buffer, onFrame: FrameHandler): number | undefined {
    let at = 0;
    if (this.#lengthCarried > 0) {
      while (this.#lengthCarried < 4 && at < chunk.length) this.#lengthOctets[this.#lengthCarried++] = chunk[at++]!;
      if (this.#lengthCarried < 4) return undefined;
      const length = this.#lengthOctets.readUInt32BE(0);
      if (!this.#allowed(length)) return length;
      this.#carry = Buffer.allocUnsafe(length);
      this.#lengthOctets.copy(this.#carry, 0);
      this.#carried = 4;
      this.#lengthCarried = 0;
    }
    const carry = this.#carry;
    if (carry !== undefined) {
      const taken = Math.min(carry.length - this.#carried, chunk.length - at);
      chunk.copy(carry, this.#carried, at, at + taken);
      this.#carried += taken;
      at += taken;
      if (this.#carried < carry.length) return undefined;
      this.#carry = undefined;
      if (!onFrame(carry, 0, carry.length)) return undefined;
    }
    return this.#pushWhole(chunk, at, onFrame);
  }

  #pushWhole(chunk: Buffer, at: number, onFrame: FrameHandler): number | undefined {
    const end = chunk.length;
    while (end - at >= 4) {
      const length = ((chunk[at]! << 24) | (chunk[at + 1]! << 16) | (chunk[at + 2]! << 8) | chunk[at + 3]!) >>> 0;
      if (!this.#allowed(length)) return length;
      if (length > end - at) {
        this.#carry = Buffer.allocUnsafe(length);
        chunk.copy(this.#carry, 0, at, end);
        this.#carried = end - at;
        return undefined;
      }
      if (!onFrame(chunk, at, at + length)) return undefined;
      at += length;
    }
    while (at < end) this.#lengthOctets[this.#lengthCarried++] = chunk[at++]!;
    return undefined;
  }

  #allowed(length: number): boolean {
    return length >= headerOctets && length <= this.#maxOctets;
  }
}
