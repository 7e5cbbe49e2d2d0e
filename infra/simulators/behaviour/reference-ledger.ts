import { Unanswered } from "./unanswered.ts";

/** What the ledger knows of one part of one message. */
export interface LedgerPart {
  readonly part: number;
  /** Times a submit of this part arrived, whatever the answer. */
  readonly received: number;
  /** Times it was accepted, that is, would have reached the handset. */
  readonly accepted: number;
}

/** One line of the ledger. */
export interface LedgerEntry {
  readonly reference: string;
  readonly parts: readonly LedgerPart[];
}

const none = -1;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Counts stop here. */
const maxCount = 0xffff;

/**
 * Counts, exactly, how often each part of each message reference was received and accepted, for a bounded number of
 * references. A canonical UUID, which is what Sluice sends, takes 29 octets a part in typed arrays and 8 in the hash index; any other
 * reference is kept as a string beside them. Beyond the bound new references are counted as `untracked` and not kept.
 */
export class ReferenceLedger {
  readonly #maxReferences: number;
  /** Distinct references kept. */
  references = 0;
  /** Submits whose reference was new when the ledger was full. */
  untracked = 0;
  /** Of the accepted ones, those without an answer yet. */
  readonly unanswered: Unanswered;
  /** Changes with every reset, so that a reader in the middle notices. */
  generation = 0;

  #entries = 0;
  #capacity = 0;
  #keys = new Uint32Array(0);
  #received = new Uint16Array(0);
  #accepted = new Uint16Array(0);
  #parts = new Uint8Array(0);
  /** The entry of the same reference's next part. */
  #next = new Int32Array(0);
  /** 1 for the first entry of a reference. */
  #heads = new Uint8Array(0);
  /** Hash index: slot -> first entry of a UUID reference. */
  #index = new Int32Array(0);
  /** References that are no UUID: to the first entry, and back. */
  readonly #entryOfText = new Map<string, number>();
  readonly #textOfEntry = new Map<number, string>();
  readonly #words = new Uint32Array(4);

  constructor(maxReferences: number) {
    this.#maxReferences = maxReferences;
    this.unanswered = new Unanswered(maxReferences);
    this.#grow(1_024);
  }

  /** Counts one received part (1 … 255), and its acceptance. False when the reference is not kept for lack of room. */
  count(reference: string, part: number, accepted: boolean): boolean {
    const entry = this.#entryFor(reference, part);
    if (entry === none) {
      this.untracked++;
      return false;
    }
    if (this.#received[entry]! < maxCount) this.#received[entry]!++;
    if (accepted && this.#accepted[entry]! < maxCount) this.#accepted[entry]!++;
    return true;
  }

  /** Counts the acceptance of a part that `count` has counted as received before. */
  accept(reference: string, part: number): void {
    const entry = this.#entryFor(reference, part);
    if (entry !== none && this.#accepted[entry]! < maxCount) this.#accepted[entry]!++;
  }

  /** Every reference with its parts in ascending order, in the order of first arrival. Ends early after a reset. */
  *entries(): Generator<LedgerEntry> {
    const { generation } = this;
    for (let entry = 0; entry < this.#entries && generation === this.generation; entry++) {
      if (this.#heads[entry] === 0) continue;
      const parts: LedgerPart[] = [];
      for (let at = entry; at !== none; at = this.#next[at]!) {
        parts.push({ part: this.#parts[at]!, received: this.#received[at]!, accepted: this.#accepted[at]! });
      }
      parts.sort((a, b) => a.part - b.part);
      yield { reference: this.#textOfEntry.get(entry) ?? this.#uuidOf(entry), parts };
    }
  }

  /** Forgets everything. */
  reset(): void {
    this.generation++;
    this.references = 0;
    this.untracked = 0;
    this.unanswered.clear();
    this.#entries = 0;
    this.#entryOfText.clear();
    this.#textOfEntry.clear();
    this.#capacity = 0;
    this.#grow(1_024);
  }

  #entryFor(reference: string, part: number): number {
    const isUuid = uuidPattern.test(reference);
    const first = isUuid ? this.#findUuid(reference) : (this.#entryOfText.get(reference) ?? none);
    if (first === none) {
      if (this.references >= this.#maxReferences) return none;
      const entry = this.#append(part, 1);
      this.references++;
      if (isUuid) this.#indexUuid(entry);
      else {
        this.#entryOfText.set(reference, entry);
        this.#textOfEntry.set(entry, reference);
      }
      return entry;
    }
    let last = first;
    for (let at = first; at !== none; at = this.#next[at]!) {
      if (this.#parts[at] === part) return at;
      last = at;
    }
    const entry = this.#append(part, 0);
    this.#next[last] = entry;
    return entry;
  }

  #append(part: number, head: number): number {
    if (this.#entries === this.#capacity) this.#grow(this.#capacity * 2);
    const entry = this.#entries++;
    this.#received[entry] = 0;
    this.#accepted[entry] = 0;
    this.#parts[entry] = part;
    this.#next[entry] = none;
    this.#heads[entry] = head;
    return entry;
  }

  /** Sets #words to the reference's 128 bits and looks it up. */
  #findUuid(reference: string): number {
    const words = this.#words;
    words[0] = Number.parseInt(reference.slice(0, 8), 16);
    words[1] = Number.parseInt(reference.slice(9, 13) + reference.slice(14, 18), 16);
    words[2] = Number.parseInt(reference.slice(19, 23) + reference.slice(24, 28), 16);
    words[3] = Number.parseInt(reference.slice(28, 36), 16);
    const mask = this.#index.length - 1;
    for (let slot = this.#hash(words, 0) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#index[slot]!;
      if (entry === none) return none;
      const at = entry * 4;
      const keys = this.#keys;
      if (
        keys[at] === words[0] &&
        keys[at + 1] === words[1] &&
        keys[at + 2] === words[2] &&
        keys[at + 3] === words[3]
      ) {
        return entry;
      }
    }
  }

  #indexUuid(entry: number): void {
    this.#keys.set(this.#words, entry * 4);
    this.#insert(entry);
  }

  #insert(entry: number): void {
    const mask = this.#index.length - 1;
    let slot = this.#hash(this.#keys, entry * 4) & mask;
    while (this.#index[slot] !== none) slot = (slot + 1) & mask;
    this.#index[slot] = entry;
  }

  #hash(words: Uint32Array, at: number): number {
    // Ids of one time share their first bits (UUIDv7): all four words are mixed.
    let hash = Math.imul(words[at]!, 0x9e3779b1) ^ Math.imul(words[at + 1]!, 0x85ebca77);
    hash ^= Math.imul(words[at + 2]!, 0xc2b2ae3d) ^ Math.imul(words[at + 3]!, 0x27d4eb2f);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #uuidOf(entry: number): string {
    const at = entry * 4;
    const hex = (word: number): string => this.#keys[at + word]!.toString(16).padStart(8, "0");
    const [a, b, c, d] = [hex(0), hex(1), hex(2), hex(3)];
    return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
  }

  #grow(capacity: number): void {
    const keep = this.#entries;
    const grown = <A extends Uint8Array | Uint16Array | Int32Array | Uint32Array>(to: A, from: A, per = 1): A => {
      to.set(from.subarray(0, keep * per));
      return to;
    };
    this.#keys = grown(new Uint32Array(capacity * 4), this.#keys, 4);
    this.#received = grown(new Uint16Array(capacity), this.#received);
    this.#accepted = grown(new Uint16Array(capacity), this.#accepted);
    this.#parts = grown(new Uint8Array(capacity), this.#parts);
    this.#next = grown(new Int32Array(capacity), this.#next);
    this.#heads = grown(new Uint8Array(capacity), this.#heads);
    this.#capacity = capacity;
    this.#index = new Int32Array(capacity * 2).fill(none);
    for (let entry = 0; entry < keep; entry++) {
      if (this.#heads[entry] === 1 && !this.#textOfEntry.has(entry)) this.#insert(entry);
    }
  }
}
