/** How often something may be tried: `burst` at once, and one more each `everyMs`. */
export interface AttemptRate {
  readonly burst: number;
  readonly everyMs: number;
}

/** Names and addresses that are remembered; of more the longest untried is forgotten. */
const MAX_KEYS = 10_000;

/** Counts attempts by what is tried: a name, an address. Times are monotonic, ms. */
export class LoginAttempts {
  private readonly rate: AttemptRate;
  /** When the key has all of its attempts again. */
  private readonly fullAt = new Map<string, number>();

  constructor(rate: AttemptRate) {
    this.rate = rate;
  }

  /** Takes an attempt. @returns 0 when it may be made, or for how long it may not, ms */
  take(key: string, now: number): number {
    const { burst, everyMs } = this.rate;
    // Whole, so that what is added up is exact: otherwise the last of a burst is late by less than a nanosecond.
    const at = Math.ceil(now);
    const fullAt = Math.max(this.fullAt.get(key) ?? at, at) + everyMs;
    const late = fullAt - at - burst * everyMs;
    if (late > 0) return late;
    this.fullAt.delete(key);
    this.fullAt.set(key, fullAt);
    const [oldest] = this.fullAt.keys();
    if (this.fullAt.size > MAX_KEYS) this.fullAt.delete(oldest!);
    return 0;
  }

  /** Somebody was right: what they tried before does not count. */
  forget(key: string): void {
    this.fullAt.delete(key);
  }
}
