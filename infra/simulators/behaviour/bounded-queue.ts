/** First in, first out, with a limit. Grows by doubling up to the limit and reuses its room. */
export class BoundedQueue<T> {
  readonly #capacity: number;
  #items: (T | undefined)[] = new Array(16).fill(undefined);
  #head = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** False, and nothing is kept, when the queue is full. */
  push(item: T): boolean {
    if (this.#size >= this.#capacity) return false;
    if (this.#size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#size) & (this.#items.length - 1)] = item;
    this.#size++;
    return true;
  }

  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#size--;
    return item;
  }

  clear(): void {
    this.#items = new Array(16).fill(undefined);
    this.#head = 0;
    this.#size = 0;
  }

  #grow(): void {
    const { length } = this.#items;
    const grown: (T | undefined)[] = new Array(length * 2).fill(undefined);
    for (let i = 0; i < this.#size; i++) grown[i] = this.#items[(this.#head + i) & (length - 1)];
    this.#items = grown;
    this.#head = 0;
  }
}
