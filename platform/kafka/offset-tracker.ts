/**
 * Completions in any order, and the offset below which everything is done: what may be committed.
 * Offsets are tracked in the order in which they were taken; gaps between them (compaction) are allowed.
 */
export class OffsetTracker {
  private readonly entries: { offset: number; done: boolean }[] = [];
  private readonly byOffset = new Map<number, { offset: number; done: boolean }>();
  private head = 0;
  private low: number;
  private high: number;

  /** `start`: the first offset not yet done. */
  constructor(start: number) {
    this.low = start;
    this.high = start;
  }

  /** Offsets must come in ascending order. */
  take(offset: number): void {
    if (offset < this.high) throw new Error(`Offset ${offset} was taken already; next is ${this.high}.`);
    const entry = { offset, done: false };
    this.entries.push(entry);
    this.byOffset.set(offset, entry);
    this.high = offset + 1;
  }

  complete(offset: number): void {
    const entry = this.byOffset.get(offset);
    if (entry === undefined) return;
    entry.done = true;
    this.byOffset.delete(offset);
    while (this.head < this.entries.length && this.entries[this.head]!.done) {
      this.low = this.entries[this.head]!.offset + 1;
      this.head++;
    }
    if (this.head === this.entries.length) {
      this.low = this.high;
      this.entries.length = 0;
      this.head = 0;
    } else if (this.head > 1_024 && this.head * 2 > this.entries.length) {
      this.entries.splice(0, this.head);
      this.head = 0;
    }
  }

  /** Everything below is done: the offset to commit. */
  get committable(): number {
    return this.low;
  }

  /** One above the highest offset taken. */
  get taken(): number {
    return this.high;
  }

  /** Offsets taken since the first one that is not done: so many must be remembered, and taken up again by the next owner. */
  get span(): number {
    return this.entries.length - this.head;
  }

  /** Offsets taken and not done. */
  get pending(): number {
    return this.byOffset.size;
  }
}
