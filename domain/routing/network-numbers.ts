import { networkKey } from "./place-keys.ts";

/** Keys of networks are below this (see place-keys.ts). */
const KEYS = 2_000_000;
/** Codes that follow each other and stand in one block: one line of the processor's cache. Those of a country are few blocks. */
const BLOCK_BITS = 5;
const BLOCK = 1 << BLOCK_BITS;

/**
 * Numbers, from 1 on, for the networks that a catalog names: routes and prices share them, so that a message's network is looked up
 * once for both.
 */
export class NetworkNumbers {
  /** By the network's key. */
  private readonly numbers = new Map<number, number>();
  /** Which block has a code, and the numbers by blocks, of which the first is empty. Made when a message is first looked at. */
  private blocks: Uint16Array | undefined;
  private cells: Uint16Array | Uint32Array = new Uint16Array(BLOCK);
  /** What was asked last, and the answer: the second one asks for the same message. */
  private asked = "";
  private answer = 0;

  /** The number of a network, `26201`; a new one where it was not put before. */
  put(mccMnc: string): number {
    const key = networkKey(mccMnc);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.numbers.size + 1;
    this.numbers.set(key, number);
    this.blocks = undefined;
    this.asked = "";
    this.answer = 0;
    return number;
  }

  /** 0 for one that was not put. */
  find(mccMnc: string): number {
    if (mccMnc === this.asked) return this.answer;
    this.blocks ??= this.arrange();
    const key = networkKey(mccMnc);
    this.asked = mccMnc;
    // A key that is no number is in the first block.
    this.answer = this.cells[this.blocks[key >> BLOCK_BITS]! * BLOCK + (key & (BLOCK - 1))]!;
    return this.answer;
  }

  private arrange(): Uint16Array {
    const blocks = new Uint16Array(KEYS >> BLOCK_BITS);
    let count = 1;
    for (const key of this.numbers.keys()) if (blocks[key >> BLOCK_BITS] === 0) blocks[key >> BLOCK_BITS] = count++;
    const Cells = this.numbers.size < 2 ** 16 ? Uint16Array : Uint32Array;
    this.cells = new Cells(count * BLOCK);
    for (const [key, number] of this.numbers)
      this.cells[blocks[key >> BLOCK_BITS]! * BLOCK + (key & (BLOCK - 1))] = number;
    return blocks;
  }
}
