/** Wrong keys that are taken at once, and after how long one more is, ms. */
interface Allowance {
  readonly atOnce: number;
  readonly everyMs: number;
}

/** From one address: a program with a wrong key is told so a few times, and a guesser gets ten tries a minute. */
const OF_ADDRESS: Allowance = { atOnce: 20, everyMs: 6_000 };
/** For one account, from all addresses that it has not been used from. */
const OF_ACCOUNT: Allowance = { atOnce: 100, everyMs: 2_000 };
/** Addresses that are remembered, of either kind: whoever makes more up lets only the oldest begin anew. */
const MOST_ADDRESSES = 10_000;
/** A key that was right from an address is known there for so long, ms. */
const KNOWN_MS = 24 * 3_600_000;
/** How often it is written down that it is still used, ms. */
const AGAIN_MS = 60_000;

/** A try to log in. */
export interface Login {
  /** Address or network. */
  readonly source: string;
  /** The account that it says it is for, where there is such an account. */
  readonly account: string | undefined;
  /** The key that it has shown, `<account>/<key>`; undefined: none is like it. */
  readonly key: string | undefined;
}

export type LoginOutcome =
  | { readonly outcome: "known" | "unknown" }
  /** Whether the key is right is not said. */
  | { readonly outcome: "throttled"; readonly waitSeconds: number };

/**
 * Bounds how many keys can be tried: from an address, and for an account. Above it a try is refused whether its key is right or not, so that it
 * tells nothing; only a key that was right from the same address within a day is let in all the same, so that nobody is shut out by what others try. A
 * right key makes up for nothing: else whoever has one could try others for ever.
 */
export class FailedLogins {
  private readonly addresses = new Buckets(OF_ADDRESS, MOST_ADDRESSES);
  private readonly accounts = new Buckets(OF_ACCOUNT, Number.POSITIVE_INFINITY);
  /** By source and key, the longest unused first: when it was written down, ms. */
  private readonly known = new Map<string, number>();

  /** `now`: monotonic ms. */
  judge({ source, account, key }: Login, now: number): LoginOutcome {
    const waitMs = Math.max(
      this.addresses.waitMs(source, now),
      account === undefined ? 0 : this.accounts.waitMs(account, now),
    );
    const throttled = waitMs > 0 && (key === undefined || !this.isKnown(source, key, now));
    if (throttled) return { outcome: "throttled", waitSeconds: Math.ceil(waitMs / 1_000) };
    if (key === undefined) {
      this.addresses.take(source, now);
      if (account !== undefined) this.accounts.take(account, now);
      return { outcome: "unknown" };
    }
    this.remember(source, key, now);
    return { outcome: "known" };
  }

  /** Accounts that are there no more need not be remembered. */
  keepAccounts(exists: (account: string) => boolean): void {
    this.accounts.keep(exists);
  }

  private isKnown(source: string, key: string, now: number): boolean {
    const at = this.known.get(nameOf(source, key));
    return at !== undefined && now - at <= KNOWN_MS;
  }

  private remember(source: string, key: string, now: number): void {
    const name = nameOf(source, key);
    const at = this.known.get(name);
    if (at !== undefined && now - at < AGAIN_MS) return;
    this.known.delete(name);
    this.known.set(name, now);
    if (this.known.size > MOST_ADDRESSES) this.known.delete(this.known.keys().next().value!);
  }
}

function nameOf(source: string, key: string): string {
  return `${source} ${key}`;
}

/** What has been taken of an allowance, by name. One that is whole again is forgotten. */
class Buckets {
  private readonly allowance: Allowance;
  private readonly most: number;
  /** When all of it is there again, ms; the one that was taken of longest ago first. */
  private readonly wholeAt = new Map<string, number>();

  constructor(allowance: Allowance, most: number) {
    this.allowance = allowance;
    this.most = most;
  }

  /** How long until one may be taken, ms. */
  waitMs(name: string, now: number): number {
    const { atOnce, everyMs } = this.allowance;
    const wholeAt = this.wholeAt.get(name) ?? now;
    return Math.max(0, wholeAt - now - (atOnce - 1) * everyMs);
  }

  take(name: string, now: number): void {
    const wholeAt = Math.max(now, this.wholeAt.get(name) ?? now) + this.allowance.everyMs;
    this.wholeAt.delete(name);
    this.wholeAt.set(name, wholeAt);
    for (const [oldest, until] of this.wholeAt) {
      if (until > now && this.wholeAt.size <= this.most) return;
      this.wholeAt.delete(oldest);
    }
  }

  keep(exists: (name: string) => boolean): void {
    for (const name of this.wholeAt.keys()) if (!exists(name)) this.wholeAt.delete(name);
  }
}
