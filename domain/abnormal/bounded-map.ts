/** A map of at most so many keys: a new one in a full map takes the place of the one that was asked for the longest time ago. */
export class BoundedMap<V> {
  /** Keys that had to make room. */
  evicted = 0;
  private readonly values = new Map<string, V>();
  readonly limit: number;
  private readonly make: () => V;
  private readonly left: ((value: V) => void) | undefined;

  /** `left`: told of each value that had to make room. */
  constructor(limit: number, make: () => V, left?: (value: V) => void) {
    this.limit = limit;
    this.make = make;
    this.left = left;
  }

  get size(): number {
    return this.values.size;
  }

  /** The value of a key, made when it is new; now the newest. */
  claim(key: string): V {
    let value = this.values.get(key);
    if (value !== undefined) this.values.delete(key);
    else {
      value = this.make();
      if (this.values.size >= this.limit) {
        const [oldest, gone] = this.values.entries().next().value!;
        this.values.delete(oldest);
        this.evicted++;
        this.left?.(gone);
      }
    }
    this.values.set(key, value);
    return value;
  }

  /** The value of a key, which does not become newer by it. */
  peek(key: string): V | undefined {
    return this.values.get(key);
  }
}
