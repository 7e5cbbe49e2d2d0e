/** Names from addresses that have failed and are remembered: whoever makes more up slows only the oldest less. */
const MOST_REMEMBERED = 10_000;
/** The first wrong password is answered after so long, ms; each further one after twice as long, … */
const FIRST_MS = 1_000;
/** … up to this. */
const LONGEST_MS = 30_000;
/** A name that has not failed for so long begins anew, ms. */
const FORGET_MS = 600_000;

interface Failures {
  count: number;
  /** Monotonic ms: no password is looked at before. */
  until: number;
}

/**
 * Slows guessing down: from one address and for one system_id, passwords are looked at one after the other, with growing pauses once one was wrong.
 * So whoever guesses gets two tries a minute, and nobody else waits for it.
 */
export class BindGuard {
  private readonly failures = new Map<string, Failures>();

  /**
   * How long a bind has to wait before its password is looked at, ms: binds that wait go one after the other. Undefined: too many wait, and it is
   * refused unseen.
   */
  delayMs(address: string, systemId: string, now: number): number | undefined {
    const known = this.failures.get(keyOf(address, systemId));
    const wait = Math.max(0, (known?.until ?? 0) - now);
    if (wait > LONGEST_MS) return undefined;
    if (known !== undefined && wait > 0) known.until += pauseOf(known.count);
    return wait;
  }

  /** One that waited has gone unseen: those behind it need not wait for its turn. */
  gaveUp(address: string, systemId: string, now: number): void {
    const known = this.failures.get(keyOf(address, systemId));
    if (known !== undefined) known.until = Math.max(now, known.until - pauseOf(known.count));
  }

  failed(address: string, systemId: string, now: number): void {
    const key = keyOf(address, systemId);
    const known = this.failures.get(key);
    const count = known === undefined || now - known.until > FORGET_MS ? 1 : known.count + 1;
    // To the end, as the newest.
    this.failures.delete(key);
    this.failures.set(key, { count, until: Math.max(known?.until ?? 0, now + pauseOf(count)) });
    if (this.failures.size > MOST_REMEMBERED) this.failures.delete(this.failures.keys().next().value!);
  }

  succeeded(address: string, systemId: string): void {
    this.failures.delete(keyOf(address, systemId));
  }
}

function pauseOf(count: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (count - 1));
}

function keyOf(address: string, systemId: string): string {
  return `${address} ${systemId}`;
}
