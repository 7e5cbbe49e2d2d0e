import type { SubmittedNumbers } from "../../domain/receipts/handset-address.ts";
import { canonicalId } from "../../domain/receipts/provider-message-id.ts";

/** Digits at a number's end by which it is found when only its national form is given. */
const TAIL_DIGITS = 6;
const CAPACITY = 10_000;

/**
 * The last numbers that this process has given to a provider, and the ids that it got for them. A hint: what it does not
 * know, because it is too long ago or another process submitted it, the index of submissions does.
 */
export class RecentSubmissions implements SubmittedNumbers {
  private readonly ids: Recent<string>;
  private readonly numbers: Recent<true>;
  private readonly tails = new Map<string, string[]>();

  /** `capacity`: numbers, and ids, that are remembered; about 200 bytes each. */
  constructor(capacity = CAPACITY) {
    this.ids = new Recent(capacity);
    this.numbers = new Recent(capacity);
  }

  /** A submission to this number is about to leave. */
  submitting(to: string): void {
    if (this.numbers.get(to) !== undefined) return;
    const forgotten = this.numbers.set(to, true);
    if (forgotten !== undefined) this.dropTail(forgotten);
    const tail = to.slice(-TAIL_DIGITS);
    const same = this.tails.get(tail);
    if (same === undefined) this.tails.set(tail, [to]);
    else same.push(to);
  }

  /** The provider has taken it under this id. */
  submitted(to: string, id: string): void {
    if (id !== "") this.ids.set(canonicalId(id), to);
  }

  numberOf(id: string): string | undefined {
    return this.ids.get(id);
  }

  has(e164: string): boolean {
    return this.numbers.get(e164) !== undefined;
  }

  endingIn(digits: string): string | undefined {
    if (digits.length < TAIL_DIGITS) return undefined;
    let found: string | undefined;
    for (const number of this.tails.get(digits.slice(-TAIL_DIGITS)) ?? []) {
      if (!number.endsWith(digits)) continue;
      if (found !== undefined) return undefined;
      found = number;
    }
    return found;
  }

  private dropTail(number: string): void {
    const tail = number.slice(-TAIL_DIGITS);
    const left = this.tails.get(tail)?.filter((other) => other !== number) ?? [];
    if (left.length === 0) this.tails.delete(tail);
    else this.tails.set(tail, left);
  }
}

/** The last `capacity` keys and their values. */
class Recent<V> {
  private readonly capacity: number;
  private readonly values = new Map<string, V>();
  private readonly keys: string[] = [];
  private next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get(key: string): V | undefined {
    return this.values.get(key);
  }

  /** Gives the key that had to go for it. */
  set(key: string, value: V): string | undefined {
    const known = this.values.has(key);
    this.values.set(key, value);
    if (known) return undefined;
    const oldest = this.keys.length < this.capacity ? undefined : this.keys[this.next];
    if (oldest !== undefined) this.values.delete(oldest);
    this.keys[this.next] = key;
    this.next = (this.next + 1) % this.capacity;
    return oldest;
  }
}
