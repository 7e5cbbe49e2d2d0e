const EMPTY = -1;
/** Slots for each key, so that a look-up seldom meets another one. */
const SPREAD = 2;
const MAX_INT32 = 2 ** 31 - 1;

/**
 * Places (of routes, or other numbers from 0 to 2^31 - 1) by a number: a hash table in one typed array (open addressing, linear
 * probing), key and value side by side. A Map with a list for each key says the same; with thousands of routes its parts lie all
 * over the memory, and to fetch them takes longer than all else in a decision.
 */
export class PlaceTable {
  private readonly mask: number;
  /** By slot its key, or EMPTY, and its value (see `get`): of half the size where all fit. */
  private readonly slots: Int32Array | Float64Array;
  private readonly lists: (readonly number[])[] = [];

  /** `entries`: safe integers from 0 on, each with the places that it leads to, in order. */
  constructor(entries: ReadonlyMap<number, readonly number[]>) {
    let count = 2;
    while (count < entries.size * SPREAD) count *= 2;
    this.mask = count - 1;
    let largest = 0;
    for (const key of entries.keys()) if (key > largest) largest = key;
    const Slots = largest <= MAX_INT32 ? Int32Array : Float64Array;
    this.slots = new Slots(2 * count).fill(EMPTY);
    for (const [key, places] of entries) {
      const at = this.slotOf(key);
      this.slots[at] = key;
      this.slots[at + 1] = places.length === 1 ? places[0]! : EMPTY - this.lists.push(places);
    }
  }

  /** The place of a key; -1 where there is none, and what is less than that for several, which `list` has. */
  get(key: number): number {
    return this.slots[this.slotOf(key) + 1]!;
  }

  /** The places, in order, that a value below -1 stands for. */
  list(value: number): readonly number[] {
    return this.lists[EMPTY - value - 1]!;
  }

  /** Where a key is, or would be put. */
  private slotOf(key: number): number {
    const { slots, mask } = this;
    // The finaliser of MurmurHash3 on both halves.
    let hash = key <= MAX_INT32 ? key | 0 : (key ^ Math.imul(key / 2 ** 32, 0x9e3779b1)) | 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    let slot = (hash ^ (hash >>> 16)) & mask;
    while (slots[2 * slot] !== key && slots[2 * slot] !== EMPTY) slot = (slot + 1) & mask;
    return 2 * slot;
  }
}
