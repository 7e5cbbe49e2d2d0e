import { headerText, type InRecord } from "./record.ts";
import { wholeText } from "./whole-text.ts";

/**
 * Recognises a record whose id has stood in the log within the last `span` offsets. Unlike a ring of distinct ids, its
 * answer depends on nothing but the log: whoever reads the `span` offsets before a position first, answers from there
 * on exactly as a reader that began earlier. Memory: at most `span` ids.
 */
export class RepeatWindow {
  /** Offsets that are looked back. */
  readonly span: number;
  private readonly last = new Map<string, number>();
  private readonly ids: (string | undefined)[];
  private readonly offsets: Float64Array;

  constructor(span: number) {
    this.span = span;
    this.ids = new Array<string | undefined>(span).fill(undefined);
    this.offsets = new Float64Array(span).fill(-1);
  }

  /** Notes the id at this offset (ascending); false when it stood at one of the `span` offsets before. */
  admit(id: string, offset: number): boolean {
    const slot = offset % this.span;
    const evicted = this.ids[slot];
    const before = this.last.get(id);
    if (evicted !== undefined && evicted !== id && this.last.get(evicted) === this.offsets[slot])
      this.last.delete(evicted);
    const kept = wholeText(id);
    this.ids[slot] = kept;
    this.offsets[slot] = offset;
    this.last.set(kept, offset);
    return before === undefined || offset - before > this.span;
  }

  /** Ids held. */
  get size(): number {
    return this.last.size;
  }
}

/** What a repeat has in common with the first: writers' ids are told apart by the key that a record has. */
export function repeatId(record: Pick<InRecord, "headers" | "key">): string | undefined {
  const id = headerText(record, "id");
  return id === undefined || record.key === null ? id : `${id} ${record.key.toString("latin1")}`;
}
