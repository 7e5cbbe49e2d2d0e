/** Slots of the wheel; with the default resolution one turn takes 20 s. */
const slotCount = 4_096;

interface Slot<T> {
  items: T[];
  /** The tick at which each item is due; later than the current turn for long delays. */
  ticks: number[];
}

/**
 * Many delayed items on one timer: a hashed wheel. Scheduling and firing cost the same however many wait; an item fires up to one
 * resolution late, never early. The timer runs only while items wait.
 */
export class TimerWheel<T> {
  readonly #resolutionMs: number;
  readonly #capacity: number;
  readonly #onDue: (item: T) => void;
  readonly #now: () => number;
  readonly #slots: Slot<T>[] = Array.from({ length: slotCount }, () => ({ items: [], ticks: [] }));
  #tick: number;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `capacity`: items that may wait at a time. `now`: a monotonic clock in ms. */
  constructor(onDue: (item: T) => void, options: { resolutionMs?: number; capacity: number; now?: () => number }) {
    this.#onDue = onDue;
    this.#resolutionMs = options.resolutionMs ?? 5;
    this.#capacity = options.capacity;
    this.#now = options.now ?? (() => performance.now());
    this.#tick = Math.floor(this.#now() / this.#resolutionMs);
  }

  /** Items that wait. */
  get size(): number {
    return this.#size;
  }

  /** Has `item` fire in `delayMs` (at the earliest). False, and nothing is kept, when `capacity` items wait already. */
  schedule(item: T, delayMs: number): boolean {
    if (this.#size >= this.#capacity) return false;
    const now = this.#now();
    if (this.#size === 0) this.#tick = Math.floor(now / this.#resolutionMs);
    const due = Math.max(this.#tick + 1, Math.ceil((now + delayMs) / this.#resolutionMs));
    const slot = this.#slots[due % slotCount]!;
    slot.items.push(item);
    slot.ticks.push(due);
    this.#size++;
    this.#timer ??= setInterval(() => this.advance(this.#now()), this.#resolutionMs);
    return true;
  }

  /** Fires all that is due at `now`; the timer calls this, and tests do. */
  advance(now: number): void {
    const target = Math.floor(now / this.#resolutionMs);
    while (this.#tick < target && this.#size > 0) {
      this.#tick++;
      this.#fire(this.#slots[this.#tick % slotCount]!, this.#tick);
    }
    if (this.#size === 0) {
      this.#tick = target;
      this.#stopTimer();
    }
  }

  /** Forgets all that waits. */
  clear(): void {
    for (const slot of this.#slots) {
      slot.items.length = 0;
      slot.ticks.length = 0;
    }
    this.#size = 0;
    this.#stopTimer();
  }

  #fire(slot: Slot<T>, tick: number): void {
    if (slot.items.length === 0) return;
    // The lists are replaced first: what fires may schedule into this very slot, a turn ahead.
    const { items, ticks } = slot;
    slot.items = [];
    slot.ticks = [];
    for (let i = 0; i < items.length; i++) {
      if (ticks[i]! > tick) {
        slot.items.push(items[i]!);
        slot.ticks.push(ticks[i]!);
      } else {
        this.#size--;
        this.#onDue(items[i]!);
      }
    }
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
