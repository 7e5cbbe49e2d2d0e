const EMPTY = -1;

/** A set of whole numbers from 0 to 2^53 - 1, in 16 to 32 octets each. */
export class KeySet {
  #size = 0;
  #slots = new Float64Array(1_024).fill(EMPTY);

  get size(): number {
    return this.#size;
  }

  has(key: number): boolean {
    return this.#slots[slotOf(this.#slots, key)] === key;
  }

  /** True when it is new. */
  add(key: number): boolean {
    const slot = slotOf(this.#slots, key);
    if (this.#slots[slot] === key) return false;
    this.#slots[slot] = key;
    if (++this.#size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  #grow(): void {
    const slots = new Float64Array(this.#slots.length * 2).fill(EMPTY);
    for (const key of this.#slots) if (key !== EMPTY) slots[slotOf(slots, key)] = key;
    this.#slots = slots;
  }
}

/** The slot of the key, or the empty one where it belongs. */
function slotOf(slots: Float64Array, key: number): number {
  const mask = slots.length - 1;
  const mixed = Math.imul((key % 0x1_0000_0000) ^ Math.floor(key / 0x1_0000_0000), 0x9e3779b1);
  let slot = (mixed ^ (mixed >>> 15)) & mask;
  while (slots[slot] !== EMPTY && slots[slot] !== key) slot = (slot + 1) & mask;
  return slot;
}

/** 53 bits of an id in a name space: enough to tell some millions of them apart. */
export function keyOf(space: string, id: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  const text = `${space}\n${id}`;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
