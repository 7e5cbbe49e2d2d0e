const EMPTY = -1;
/** Letters and digits of a canonical UUID, in groups of 8-4-4-4-12. */
const UUID_LENGTH = 36;

/**
 * Numbers UUIDs from 0 in the order in which they are added: 16 octets of key and 8 of index each, so that millions of
 * ids fit into memory. What belongs to an id stands in the caller's arrays at that number. One id with two salts (32 bits,
 * a hash of what tells them apart) is two entries.
 */
export class UuidTable {
  #size = 0;
  #capacity = 1_024;
  #keys = new Uint32Array(this.#capacity * 4);
  #index = new Int32Array(this.#capacity * 2).fill(EMPTY);
  readonly #words = new Uint32Array(4);

  get size(): number {
    return this.#size;
  }

  /** The number of an id; -1 when it is not known or is no UUID. */
  find(id: string, salt = 0): number {
    return this.#read(id, salt) ? this.#index[this.#slot()]! : EMPTY;
  }

  /** The number of an id, which is added when it is new; -1 when it is no UUID. */
  add(id: string, salt = 0): number {
    if (!this.#read(id, salt)) return EMPTY;
    const slot = this.#slot();
    const known = this.#index[slot]!;
    if (known !== EMPTY) return known;
    if (this.#size === this.#capacity) {
      this.#grow();
      return this.add(id, salt);
    }
    const row = this.#size++;
    this.#keys.set(this.#words, row * 4);
    this.#index[slot] = row;
    return row;
  }

  /** The id with this number, which was added with this salt. */
  idOf(row: number, salt = 0): string {
    let hex = "";
    for (let word = 0; word < 4; word++) {
      const bits = word === 3 ? (this.#keys[row * 4 + word]! ^ salt) >>> 0 : this.#keys[row * 4 + word]!;
      hex += bits.toString(16).padStart(8, "0");
    }
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #read(id: string, salt: number): boolean {
    if (id.length !== UUID_LENGTH) return false;
    const words = this.#words;
    for (let word = 0; word < 4; word++) {
      // Words stand at 0-8, 9-18 (a hyphen within), 19-28 (likewise) and 28-36.
      const text =
        word === 0
          ? id.slice(0, 8)
          : word === 1
            ? id.slice(9, 13) + id.slice(14, 18)
            : word === 2
              ? id.slice(19, 23) + id.slice(24, 28)
              : id.slice(28, 36);
      const value = Number.parseInt(text, 16);
      if (Number.isNaN(value)) return false;
      words[word] = value;
    }
    words[3]! ^= salt;
    return true;
  }

  /** The slot of the id in #words: its own, or the empty one where it belongs. */
  #slot(): number {
    const [a, b, c, d] = this.#words as unknown as [number, number, number, number];
    const mask = this.#index.length - 1;
    const keys = this.#keys;
    for (let slot = mix(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#index[slot]!;
      if (row === EMPTY) return slot;
      const at = row * 4;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return slot;
    }
  }

  #grow(): void {
    this.#capacity *= 2;
    const old = this.#keys;
    this.#keys = new Uint32Array(this.#capacity * 4);
    this.#keys.set(old);
    this.#index = new Int32Array(this.#capacity * 2).fill(EMPTY);
    const mask = this.#index.length - 1;
    for (let row = 0; row < this.#size; row++) {
      const at = row * 4;
      let slot = mix(old[at]!, old[at + 1]!, old[at + 2]!, old[at + 3]!) & mask;
      while (this.#index[slot] !== EMPTY) slot = (slot + 1) & mask;
      this.#index[slot] = row;
    }
  }
}

/** Ids of one moment share their first bits (UUIDv7): every word counts. */
function mix(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(c, 0x27d4eb2f) ^ Math.imul(d, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The array, or one at least twice as long with the same beginning, so that `size` elements fit. */
export function withRoom<A extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(array: A, size: number): A {
  if (size <= array.length) return array;
  const longer = new (array.constructor as new (length: number) => A)(Math.max(size, array.length * 2, 1_024));
  longer.set(array);
  return longer;
}
