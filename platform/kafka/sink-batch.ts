import type { OutRecord } from "./record.ts";
import type { SinkBlock } from "./sink-store.ts";
import type { Restored } from "./task.ts";

/** Bounds of a block that may have been inserted: the text `<start>-<end>@<append time of its first record>`. */
interface Intent {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A stretch [start, end) of one partition on its way into the store. */
export class SinkBatch<B extends SinkBlock> {
  readonly start: number;
  readonly block: B;
  readonly letters: OutRecord[] = [];
  /** The last record refused and why, for the log. */
  refused: object | undefined;
  /** One above the last offset taken. */
  end: number;
  /** Monotonic time of the first record, ms. */
  since = 0;
  firstTimestamp: number | undefined;
  private letterBytes = 0;
  private readonly given: Intent | undefined;

  /** `given`: the intent of the last owner, whose bounds and token are kept. */
  constructor(start: number, block: B, given?: Intent) {
    this.start = start;
    this.end = start;
    this.block = block;
    this.given = given;
  }

  get empty(): boolean {
    return this.end === this.start;
  }

  /** True for a block that must end where the last owner's ended, however long that takes. */
  get reopened(): boolean {
    return this.given !== undefined;
  }

  /** The append time makes the token differ when a topic was created anew and its offsets began again. */
  get intent(): string {
    return this.given?.text ?? `${this.start}-${this.end}@${this.firstTimestamp}`;
  }

  full(maxRows: number, maxBytes: number): boolean {
    if (this.given !== undefined) return this.end >= this.given.end;
    return this.block.rows >= maxRows || this.block.bytes + this.letterBytes >= maxBytes;
  }

  /** Whether the next offset lies beyond the fixed end; then the block is complete. */
  passed(offset: number): boolean {
    if (this.given === undefined || offset < this.given.end) return false;
    this.end = this.given.end;
    return true;
  }

  take(offset: number, timestamp: number, now: number): void {
    if (this.firstTimestamp === undefined) {
      this.firstTimestamp = timestamp;
      this.since = now;
    }
    this.end = offset + 1;
  }

  addLetter(letter: OutRecord): void {
    this.letters.push(letter);
    this.letterBytes += letter.value?.length ?? 0;
  }
}

/** The first block of a new owner: the one that the last owner may have inserted, or an open one. */
export function openingBlock<B extends SinkBlock>(restored: Restored, block: B): SinkBatch<B> {
  const start = restored.offsets[0]!;
  const match = /^(\d+)-(\d+)@\d+$/.exec(restored.state);
  if (match === null) return new SinkBatch(start, block);
  const end = Number(match[2]);
  // The log's retention may have taken the whole block since: then there is nothing to repeat.
  if (end <= start) return new SinkBatch(start, block);
  return new SinkBatch(start, block, { start: Number(match[1]), end, text: match[0] });
}

/** The text by which the store recognises a block. */
export function tokenOf(groupId: string, topic: string, partition: number, intent: string): string {
  return `${groupId}/${topic}/${partition}/${intent}`;
}
