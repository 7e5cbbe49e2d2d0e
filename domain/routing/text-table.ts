/** Slots for each text, so that a look-up seldom meets another one. */
const SPREAD = 2;
/** Places before a text's characters in `cells`: its number in two halves, and its length. */
const HEAD = 3;

/**
 * Numbers from 1 on by texts. A Map says the same; its buckets, entries and texts lie in several places each, and with thousands of
 * texts to fetch them from memory takes longer than to read the few characters. Here a look-up meets one slot and one text.
 */
export class TextTable {
  private readonly mask: number;
  /** By slot the hash of its text, and where that begins in `cells`; 0: the slot is empty. */
  private readonly slots: Int32Array;
  /** The texts one after the other, behind an unused place. */
  private readonly cells: Uint16Array;
  /** Characters of the longest. */
  private readonly longest: number;

  /** `entries`: each text with its number, below 2^32. */
  constructor(entries: ReadonlyMap<string, number>) {
    let count = 2;
    while (count < entries.size * SPREAD) count *= 2;
    this.mask = count - 1;
    this.slots = new Int32Array(2 * count);
    const cells: number[] = [0];
    let longest = 0;
    for (const [text, number] of entries) {
      const hash = hashOf(text);
      let slot = hash & this.mask;
      while (this.slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.mask;
      this.slots[2 * slot] = hash;
      this.slots[2 * slot + 1] = cells.length;
      cells.push(number >>> 16, number & 0xffff, text.length);
      for (let i = 0; i < text.length; i++) cells.push(text.charCodeAt(i));
      longest = Math.max(longest, text.length);
    }
    this.cells = Uint16Array.from(cells);
    this.longest = longest;
  }

  /** 0 where it has none. */
  get(text: string): number {
    if (text.length > this.longest) return 0;
    const { slots, cells, mask } = this;
    const hash = hashOf(text);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const begin = slots[2 * slot + 1]!;
      if (begin === 0) return 0;
      if (slots[2 * slot] === hash && this.isAt(begin, text)) return cells[begin]! * 0x10000 + cells[begin + 1]!;
    }
  }

  private isAt(begin: number, text: string): boolean {
    const { cells } = this;
    const { length } = text;
    if (cells[begin + 2] !== length) return false;
    for (let i = 0; i < length; i++) if (cells[begin + HEAD + i] !== text.charCodeAt(i)) return false;
    return true;
  }
}

/** FNV-1a, and the finaliser of MurmurHash3. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
