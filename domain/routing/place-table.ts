const EMPTY = -1;
/** Slots for each key, so that a look-up seldom meets another one. */
const SPREAD = 2;

/**
 * Places of routes by a number: a hash table in typed arrays (open addressing, linear probing). A Map with a list for each key says
 * the same; with thousands of routes its parts lie all over the memory, and to fetch them takes longer than all else in a decision.
 */
export class PlaceTable {
  private readonly mask: number;
  private readonly keys: Float64Array;
  /** By slot, where the key's places begin in `places`. */
  private readonly starts: Int32Array;
  /** By slot, how many there are. */
  private readonly counts: Int32Array;
  /** In order for each key. */
  readonly places: Int32Array;

  /** `entries`: safe integers from 0 on, each with the places that it leads to, in order. */
  constructor(entries: ReadonlyMap<number, readonly number[]>) {
    let slots = 2;
    while (slots < entries.size * SPREAD) slots *= 2;
    this.mask = slots - 1;
    this.keys = new Float64Array(slots).fill(EMPTY);
    this.starts = new Int32Array(slots);
    this.counts = new Int32Array(slots);
    this.places = new Int32Array([...entries.values()].reduce((sum, { length }) => sum + length, 0));
    let start = 0;
    for (const [key, places] of entries) {
      const slot = this.slotOf(key);
      this.keys[slot] = key;
      this.starts[slot] = start;
      this.counts[slot] = places.length;
      this.places.set(places, start);
      start += places.length;
    }
  }

  /** The slot of a key; -1 when it is not there. */
  find(key: number): number {
    const slot = this.slotOf(key);
    return this.keys[slot] === key ? slot : -1;
  }

  /** Where the places of a slot begin in `places`. */
  start(slot: number): number {
    return this.starts[slot]!;
  }

  /** Where they end. */
  end(slot: number): number {
    return this.starts[slot]! + this.counts[slot]!;
  }

  /** Where a key is, or would be put. */
  private slotOf(key: number): number {
    const { keys, mask } = this;
    // The finaliser of MurmurHash3 on both halves.
    let hash = (key ^ Math.imul(key / 2 ** 32, 0x9e3779b1)) | 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    let slot = (hash ^ (hash >>> 16)) & mask;
    while (keys[slot] !== key && keys[slot] !== EMPTY) slot = (slot + 1) & mask;
    return slot;
  }
}
