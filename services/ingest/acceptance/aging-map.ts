interface Generations<Value> {
  young: Map<string, Value>;
  old: Map<string, Value>;
}

/**
 * A map that forgets: an entry lives between one and two periods and is then dropped with its whole generation, so that
 * no entry needs a timer. Each of the two generations holds at most `capacity` entries; when one is full before its time, the owner
 * that has the most in it makes room: one who fills it pushes out nobody's entries but their own.
 */
export class AgingMap<Value> {
  readonly #periodMs: number;
  readonly #capacity: number;
  /** Those that have entries; as many as there are accounts, at the most. */
  readonly #owners = new Map<string, Generations<Value>>();
  #young = 0;
  #old = 0;
  #turnedAt: number;

  /** @param nowMs any monotonic clock, the same for all calls. */
  constructor(options: { readonly periodMs: number; readonly capacity: number }, nowMs: number) {
    this.#periodMs = options.periodMs;
    this.#capacity = options.capacity;
    this.#turnedAt = nowMs;
  }

  get(owner: string, key: string, nowMs: number): Value | undefined {
    this.#age(nowMs);
    const own = this.#owners.get(owner);
    return own?.young.get(key) ?? own?.old.get(key);
  }

  set(owner: string, key: string, value: Value, nowMs: number): void {
    this.#age(nowMs);
    if (this.#young >= this.#capacity && !this.#owners.get(owner)?.young.has(key)) this.#makeRoom();
    let own = this.#owners.get(owner);
    if (own === undefined) {
      own = { young: new Map(), old: new Map() };
      this.#owners.set(owner, own);
    }
    if (!own.young.has(key)) this.#young++;
    own.young.set(key, value);
  }

  delete(owner: string, key: string): void {
    const own = this.#owners.get(owner);
    if (own?.young.delete(key)) this.#young--;
    if (own?.old.delete(key)) this.#old--;
  }

  /** Entries held, at most twice the capacity. */
  get size(): number {
    return this.#young + this.#old;
  }

  #age(nowMs: number): void {
    const periods = Math.floor((nowMs - this.#turnedAt) / this.#periodMs);
    if (periods < 1) return;
    // The turn counts from when it was due, however late it is noticed.
    this.#turnedAt += periods * this.#periodMs;
    for (const [owner, own] of this.#owners)
      if (own.young.size === 0 || periods > 1) this.#owners.delete(owner);
      else this.#turn(own);
    this.#old = periods > 1 ? 0 : this.#young;
    this.#young = 0;
  }

  #turn(own: Generations<Value>): void {
    own.old = own.young;
    own.young = new Map();
  }

  /** Whoever has the most young entries has them as old ones; where that is too many, whoever has the most old ones loses them. */
  #makeRoom(): void {
    const fullest = this.#mostIn("young");
    this.#old += fullest.young.size - fullest.old.size;
    this.#young -= fullest.young.size;
    this.#turn(fullest);
    while (this.#old > this.#capacity) {
      const { old } = this.#mostIn("old");
      this.#old -= old.size;
      old.clear();
    }
  }

  #mostIn(generation: keyof Generations<Value>): Generations<Value> {
    let most: Generations<Value> | undefined;
    for (const own of this.#owners.values()) if (!(own[generation].size <= (most?.[generation].size ?? 0))) most = own;
    return most!;
  }
}
