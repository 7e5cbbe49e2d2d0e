const EMPTY = -1;
/** Slots for each key, so that a look-up seldom meets another one. */
const SPREAD = 2;
/** Bits of the filter for each slot: at most one in nine keys that are not there meets one. */
const FILTER_BITS = 8;
const MAX_INT32 = 2 ** 31 - 1;

/**
 * Places (of routes, or other numbers from 0 to 2^31 - 1) by a number: a hash table in typed arrays (open addressing, linear
 * probing), key and value side by side. A Map with a list for each key says the same; with thousands of routes its parts lie all
 * over the memory, and to fetch them takes longer than all else in a decision. Most look-ups are of keys that are not there: for
 * nearly all of them a few bits for each key, which stay in the processor's cache, say so (a Bloom filter with one hash).
 */
export class PlaceTable {
  private readonly mask: number;
  /** By slot its key, or EMPTY, and its value (see `get`): of half the size where all fit. */
  private readonly slots: Int32Array | Float64Array;
  /** The bits that keys have. */
  private readonly filter: Int32Array;
  /** What a key's hash is shifted by to get its bit. */
  private readonly shift: number;
  /** Places of keys that lead to several: how many, and then they, in order. */
  private readonly lists: Int32Array;

  /** `entries`: safe integers from 0 on, each with the places that it leads to, in order. */
  constructor(entries: ReadonlyMap<number, readonly number[]>) {
    let count = 2;
    while (count < entries.size * SPREAD) count *= 2;
    this.mask = count - 1;
    let largest = 0;
    for (const key of entries.keys()) if (key > largest) largest = key;
    const Slots = largest <= MAX_INT32 ? Int32Array : Float64Array;
    this.slots = new Slots(2 * count).fill(EMPTY);
    const bits = Math.max(32, count * FILTER_BITS);
    this.shift = 32 - Math.log2(bits);
    this.filter = new Int32Array(bits / 32);
    const lists: number[] = [];
    for (const [key, places] of entries) {
      const hash = hashOf(key);
      const at = this.slotOf(key, hash);
      this.slots[at] = key;
      this.slots[at + 1] = places.length === 1 ? places[0]! : EMPTY - 1 - lists.length;
      if (places.length !== 1) lists.push(places.length, ...places);
      const bit = hash >>> this.shift;
      this.filter[bit >>> 5]! |= 1 << (bit & 31);
    }
    this.lists = Int32Array.from(lists);
  }

  /** The place of a key; -1 where there is none, and what is less than that for several, which `list` has. */
  get(key: number): number {
    const hash = hashOf(key);
    const bit = hash >>> this.shift;
    if ((this.filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return EMPTY;
    return this.slots[this.slotOf(key, hash) + 1]!;
  }

  /** The places, in order, that a value below -1 stands for. */
  list(value: number): Int32Array {
    const begin = EMPTY - 1 - value;
    return this.lists.subarray(begin + 1, begin + 1 + this.lists[begin]!);
  }

  /** How many places a value below -1 stands for. */
  countOf(value: number): number {
    return this.lists[EMPTY - 1 - value]!;
  }

  /** The n-th of them, from 0 on. */
  nth(value: number, n: number): number {
    return this.lists[EMPTY - value + n]!;
  }

  /** Where a key is, or would be put. */
  private slotOf(key: number, hash: number): number {
    const { slots, mask } = this;
    let slot = hash & mask;
    while (slots[2 * slot] !== key && slots[2 * slot] !== EMPTY) slot = (slot + 1) & mask;
    return 2 * slot;
  }
}

/** The finaliser of MurmurHash3 on both halves. */
function hashOf(key: number): number {
  let hash = key <= MAX_INT32 ? key | 0 : (key ^ Math.imul(key / 2 ** 32, 0x9e3779b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
