/**
 * A map that forgets: an entry lives between one and two periods and is then dropped with its whole generation, so that
 * nothing is scanned and no entry needs a timer. Each of the two generations holds at most `capacity` entries; when one
 * is full before its time, the older one goes early.
 */
export class AgingMap<Value> {
  readonly #periodMs: number;
  readonly #capacity: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  #turnedAt: number;

  /** @param nowMs any monotonic clock, the same for all calls. */
  constructor(options: { readonly periodMs: number; readonly capacity: number }, nowMs: number) {
    this.#periodMs = options.periodMs;
    this.#capacity = options.capacity;
    this.#turnedAt = nowMs;
  }

  get(key: string, nowMs: number): Value | undefined {
    this.#age(nowMs);
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: Value, nowMs: number): void {
    this.#age(nowMs);
    if (this.#young.size >= this.#capacity && !this.#young.has(key)) this.#turn(nowMs);
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** Entries held, at most twice the capacity. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #age(nowMs: number): void {
    const periods = Math.floor((nowMs - this.#turnedAt) / this.#periodMs);
    if (periods < 1) return;
    // The turn counts from when it was due, however late it is noticed.
    this.#turn(this.#turnedAt + periods * this.#periodMs);
    if (periods > 1) this.#old = new Map();
  }

  #turn(atMs: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAt = atMs;
  }
}
