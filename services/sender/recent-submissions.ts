import type { SubmittedNumbers } from "../../domain/receipts/handset-address.ts";
import { canonicalId } from "../../domain/receipts/provider-message-id.ts";

/** Digits at a number's end by which it is found when only its national form is given. */
const TAIL_DIGITS = 6;
const CAPACITY = 20_000;

interface Taken {
  readonly id: string;
  readonly to: string;
}

/**
 * The last numbers that this process has given to a provider, and the ids that it got for them. A hint: what it does not
 * know, because it is too long ago or another process submitted it, the index of submissions does.
 */
export class RecentSubmissions implements SubmittedNumbers {
  private readonly capacity: number;
  private readonly numbers = new Generations<string>();
  /** What was taken last, round and round, until somebody asks for an id. */
  private readonly taken: Taken[] = [];
  private nextTaken = 0;
  /** Numbers by canonical id, and by their tails: most providers' receipts never make anybody ask for one. */
  private ids: Generations<string> | undefined;
  private tails: Generations<readonly string[]> | undefined;
  /** A receipt's number is looked up more than once. */
  private found: string | undefined;

  /** `capacity`: numbers, and ids, that are remembered, the older half of them not always; about 150 bytes each. */
  constructor(capacity = CAPACITY) {
    this.capacity = capacity;
  }

  /** A submission to this number is about to leave. */
  submitting(to: string): void {
    if (this.numbers.young.has(to)) return;
    const turned = this.numbers.set(to, to, this.capacity);
    if (turned) this.found = undefined;
    if (this.tails === undefined) return;
    if (turned) this.tails.turn();
    addTail(this.tails.young, to);
  }

  /** The provider has taken it under this id. */
  submitted(to: string, id: string): void {
    if (id === "") return;
    if (this.ids !== undefined) this.ids.set(canonicalId(id), to, this.capacity);
    else {
      this.taken[this.nextTaken] = { id, to };
      this.nextTaken = (this.nextTaken + 1) % this.capacity;
    }
  }

  numberOf(id: string): string | undefined {
    if (this.ids === undefined) {
      this.ids = new Generations();
      const { taken, nextTaken } = this;
      for (const { id, to } of [...taken.slice(nextTaken), ...taken.slice(0, nextTaken)])
        this.ids.set(canonicalId(id), to, this.capacity);
      taken.length = 0;
    }
    return this.ids.get(id);
  }

  has(e164: string): boolean {
    if (e164 === this.found) return true;
    if (this.numbers.get(e164) === undefined) return false;
    this.found = e164;
    return true;
  }

  endingIn(digits: string): string | undefined {
    if (digits.length < TAIL_DIGITS) return undefined;
    this.tails ??= tailsOf(this.numbers);
    const tail = digits.slice(-TAIL_DIGITS);
    let found: string | undefined;
    const { young, old } = this.tails;
    for (const number of [...(young.get(tail) ?? []), ...(old.get(tail) ?? [])]) {
      if (!number.endsWith(digits) || number === found) continue;
      if (found !== undefined) return undefined;
      found = number;
    }
    return found;
  }
}

/** Values of the last keys: when the young half is full it becomes the old one, and the old one is forgotten. */
class Generations<V> {
  young: Map<string, V>;
  old: Map<string, V>;

  constructor(young = new Map<string, V>(), old = new Map<string, V>()) {
    this.young = young;
    this.old = old;
  }

  get(key: string): V | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  /** True when the halves have turned for it. */
  set(key: string, value: V, capacity: number): boolean {
    const full = this.young.size >= Math.max(1, capacity >> 1);
    if (full) this.turn();
    this.young.set(key, value);
    return full;
  }

  turn(): void {
    this.old = this.young;
    this.young = new Map();
  }
}

function tailsOf({ young, old }: Generations<string>): Generations<readonly string[]> {
  const byTail = (numbers: ReadonlyMap<string, string>) => {
    const tails = new Map<string, readonly string[]>();
    for (const number of numbers.keys()) addTail(tails, number);
    return tails;
  };
  return new Generations(byTail(young), byTail(old));
}

function addTail(tails: Map<string, readonly string[]>, number: string): void {
  const tail = number.slice(-TAIL_DIGITS);
  tails.set(tail, [...(tails.get(tail) ?? []), number]);
}
