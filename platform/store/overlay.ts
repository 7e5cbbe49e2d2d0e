/** What has been changed and is not on disk: by partition of a table, so that a range scan looks at no other. */
export class Overlay {
  /** Octets that it holds, estimated. */
  octets = 0;
  /** Entries that it holds. */
  size = 0;
  private readonly parts = new Map<number, Map<string, Buffer | null>>();

  /** Undefined: nothing is known of the key here. Null: it has been removed. */
  get(part: number, key: Buffer): Buffer | null | undefined {
    const entries = this.parts.get(part);
    return entries?.get(key.toString("latin1"));
  }

  set(part: number, key: Buffer, value: Buffer | null): void {
    let entries = this.parts.get(part);
    if (entries === undefined) {
      entries = new Map();
      this.parts.set(part, entries);
    }
    const text = key.toString("latin1");
    const before = entries.get(text);
    if (before === undefined) {
      this.size++;
      this.octets += ENTRY_OCTETS + key.length;
    }
    this.octets += (value?.length ?? 0) - (before?.length ?? 0);
    entries.set(text, value);
  }

  /** Those of a partition with a key in [from, below). */
  *within(part: number, from: Buffer, below: Buffer | undefined): Generator<[key: Buffer, value: Buffer | null]> {
    // Latin-1 text sorts as its octets do.
    const first = from.toString("latin1");
    const end = below?.toString("latin1");
    for (const [text, value] of this.parts.get(part) ?? [])
      if (text >= first && (end === undefined || text < end)) yield [Buffer.from(text, "latin1"), value];
  }

  *all(): Generator<[part: number, key: Buffer, value: Buffer | null]> {
    for (const [part, entries] of this.parts)
      for (const [text, value] of entries) yield [part, Buffer.from(text, "latin1"), value];
  }
}

/** What an entry takes beside its key and value, octets: a map's slot, a string's and a buffer's head. */
const ENTRY_OCTETS = 160;
