/**
 * The accepted submits whose answer has not left, by reference: what a client that dies now cannot know of. Those whose
 * connection ends first stay. Bounded: beyond `capacity` new ones are not kept.
 */
export class Unanswered {
  readonly #capacity: number;
  readonly #open = new Map<string, number>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#open.size;
  }

  /** A part of it has been accepted. */
  accepted(reference: string): void {
    const parts = this.#open.get(reference) ?? 0;
    if (parts > 0 || this.#open.size < this.#capacity) this.#open.set(reference, parts + 1);
  }

  /** The answer to a part of it has been handed to a connection that stands. */
  answered(reference: string): void {
    const parts = this.#open.get(reference) ?? 0;
    if (parts > 1) this.#open.set(reference, parts - 1);
    else this.#open.delete(reference);
  }

  references(): string[] {
    return [...this.#open.keys()];
  }

  clear(): void {
    this.#open.clear();
  }
}
