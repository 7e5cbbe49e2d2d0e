import { maxSequence } from "./command-id.ts";

/** What a sequence number in a response stands for. */
export type Correlation = "pending" | "late" | "duplicate" | "unknown";

const free = 0;
const pending = 1;
const answered = 2;
const expired = 3;

/**
 * The requests waiting for their responses: at most `capacity` at a time, found by sequence number. No clock and no
 * timer of its own: the owner passes the time in milliseconds of one monotonic clock.
 *
 * Slots sit in a ring indexed by the low bits of the sequence number. The ring is at least twice the capacity, and a number whose
 * slot is still taken is skipped, so a slot is always found and look-ups need no hash. A slot remembers its last number after
 * it is freed, which tells late and duplicate responses from unknown ones for about two windows.
 */
export class RequestWindow<T> {
  readonly capacity: number;
  readonly #mask: number;
  readonly #sequences: Uint32Array;
  readonly #states: Uint8Array;
  readonly #deadlines: Float64Array;
  readonly #requests: (T | undefined)[];
  #last: number;
  #size = 0;

  /** `capacity` 1 … 65536. `first` is the first sequence number to give out. */
  constructor(capacity: number, first = 1) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > 65_536) {
      throw new RangeError(`a request window has 1 to 65536 slots, not ${capacity}`);
    }
    let slots = 4;
    while (slots < capacity * 2) slots *= 2;
    this.capacity = capacity;
    this.#mask = slots - 1;
    this.#sequences = new Uint32Array(slots);
    this.#states = new Uint8Array(slots);
    this.#deadlines = new Float64Array(slots);
    this.#requests = new Array<T | undefined>(slots).fill(undefined);
    this.#last = first - 1;
  }

  /** Requests waiting for a response. */
  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size >= this.capacity;
  }

  /** The next sequence number, for a request that is tracked elsewhere (bind, enquire_link, unbind). */
  nextSequence(): number {
    let next = this.#last;
    do {
      next = next >= maxSequence ? 1 : next + 1;
    } while (this.#states[next & this.#mask] === pending);
    this.#last = next;
    return next;
  }

  /** Takes a slot for `request`, due by `deadline` (ms), and gives its sequence number; 0 when the window is full. */
  open(request: T, deadline: number): number {
    if (this.#size >= this.capacity) return 0;
    const sequence = this.nextSequence();
    const slot = sequence & this.#mask;
    this.#sequences[slot] = sequence;
    this.#states[slot] = pending;
    this.#deadlines[slot] = deadline;
    this.#requests[slot] = request;
    this.#size++;
    return sequence;
  }

  /** What a response with this number answers. */
  correlate(sequence: number): Correlation {
    const slot = sequence & this.#mask;
    if (this.#sequences[slot] !== sequence) return "unknown";
    const state = this.#states[slot]!;
    if (state === pending) return "pending";
    if (state === answered) return "duplicate";
    return state === expired ? "late" : "unknown";
  }

  /** The waiting request of this number without ending it, or undefined. */
  peek(sequence: number): T | undefined {
    const slot = sequence & this.#mask;
    return this.#sequences[slot] === sequence && this.#states[slot] === pending ? this.#requests[slot] : undefined;
  }

  /** Ends the request of this number as answered and gives it back; undefined when none is waiting (see correlate). */
  close(sequence: number): T | undefined {
    const slot = sequence & this.#mask;
    if (this.#sequences[slot] !== sequence || this.#states[slot] !== pending) return undefined;
    return this.#release(slot, answered);
  }

  /** Ends every request whose deadline is at or before `now` (ms), in no particular order. */
  expire(now: number, onExpired: (request: T, sequence: number) => void): void {
    if (this.#size === 0) return;
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#states[slot] === pending && this.#deadlines[slot]! <= now)
        onExpired(this.#release(slot, expired), this.#sequences[slot]!);
    }
  }

  /** Ends all that wait (or those that `which` names), in the order of their sequence numbers, and gives each back with its number. */
  drain(onDrained: (request: T, sequence: number) => void, which: (request: T) => boolean = () => true): void {
    const slots: number[] = [];
    for (let slot = 0; slot <= this.#mask; slot++)
      if (this.#states[slot] === pending && which(this.#requests[slot] as T)) slots.push(slot);
    // Numbers far ahead of the last one given out were given out before the wrap.
    const last = this.#last;
    const age = (slot: number): number => (last - this.#sequences[slot]! + maxSequence) % maxSequence;
    slots.sort((a, b) => age(b) - age(a));
    for (const slot of slots) onDrained(this.#release(slot, free), this.#sequences[slot]!);
  }

  #release(slot: number, state: number): T {
    const request = this.#requests[slot] as T;
    this.#requests[slot] = undefined;
    this.#states[slot] = state;
    this.#size--;
    return request;
  }
}
