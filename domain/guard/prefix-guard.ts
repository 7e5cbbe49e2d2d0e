/** What a prefix is looked at by: messages a minute, and numbers that lie beside each other. */
export interface PrefixThresholds {
  /** Messages a minute of the whole installation. */
  readonly perMinute: number;
  /** Different numbers in a row. */
  readonly sequence: number;
  readonly quietMs: number;
}

/** What messages to a prefix are suspected of. */
export const PREFIX_CODES = ["guard-velocity", "guard-sequence"] as const;

/** Why they are. */
export interface PrefixVerdict {
  readonly code: (typeof PREFIX_CODES)[number];
  /** For people: figures and first digits, never the last four of a number. */
  readonly reason: string;
}

/** A number without these belongs to the same thousand. */
const LAST_DIGITS = 3;
const MINUTE_MS = 60_000;
/** Numbers make a sequence within this time, ms. */
const SEQUENCE_MS = 10 * MINUTE_MS;
/** A number in three of a stretch makes it a sequence: who counts up may leave some out. */
const DENSE = 3;
/** Numbers that are remembered of a prefix. */
const NUMBERS = 24;
/** Prefixes that are remembered, of all accounts, about 0.5 KB each; of more, the one not seen for the longest time goes. */
const MAX_PREFIXES = 50_000;
/** Standard deviations that chance may bring to an instance's part of the messages. */
const CHANCE = 2;

interface Seen {
  /** Messages of about the last minute: each weighs less by e a minute. */
  rate: number;
  at: number;
  /** Last digits of numbers, and when each was seen. */
  readonly numbers: Map<number, number>;
  blockedUntil: number;
  verdict: PrefixVerdict | undefined;
}

/**
 * How fast, and in which order, messages of an account come to the thousand numbers of a prefix. It is the view of one instance of the router, which sees the
 * numbers of its own partitions: a hash spreads numbers evenly, so that it has its share of each prefix, with the error of chance. Pure: time is passed in, epoch ms.
 */
export class PrefixGuard {
  private readonly seen = new Map<string, Seen>();

  /**
   * Counts a message. @param share of the partitions that this instance has, above 0 @returns why it is suspected; undefined: it is not
   */
  judge(account: string, to: string, limits: PrefixThresholds, share: number, now: number): PrefixVerdict | undefined {
    const prefix = to.slice(0, -LAST_DIGITS);
    const seen = this.remembered(`${account}/${prefix}`, now);
    seen.rate = seen.rate * Math.exp(-Math.max(0, now - seen.at) / MINUTE_MS) + 1;
    seen.at = now;
    seen.numbers.delete(Number(to.slice(-LAST_DIGITS)));
    seen.numbers.set(Number(to.slice(-LAST_DIGITS)), now);
    if (seen.numbers.size > NUMBERS) seen.numbers.delete(seen.numbers.keys().next().value!);
    const found = tooFast(seen, prefix, limits, share) ?? inSequence(seen, to, limits, share, now);
    if (found !== undefined) {
      seen.verdict = found;
      seen.blockedUntil = now + limits.quietMs;
    } else if (now >= seen.blockedUntil) seen.verdict = undefined;
    return seen.verdict;
  }

  /** Counts nothing. @returns why the number's prefix is closed now; undefined: it is not */
  closed(account: string, to: string, now: number): PrefixVerdict | undefined {
    const seen = this.seen.get(`${account}/${to.slice(0, -LAST_DIGITS)}`);
    return seen !== undefined && now < seen.blockedUntil ? seen.verdict : undefined;
  }

  get size(): number {
    return this.seen.size;
  }

  private remembered(key: string, now: number): Seen {
    const known = this.seen.get(key);
    const seen = known ?? { rate: 0, at: now, numbers: new Map(), blockedUntil: 0, verdict: undefined };
    // The one not seen for the longest time stands first.
    this.seen.delete(key);
    this.seen.set(key, seen);
    if (this.seen.size > MAX_PREFIXES) this.seen.delete(this.seen.keys().next().value!);
    return seen;
  }
}

/** What an instance sees of a rate that is just allowed, and what chance may add to it. */
export function ownThreshold(perMinute: number, share: number): number {
  const own = perMinute * share;
  return own + CHANCE * Math.sqrt(own * (1 - share));
}

function tooFast({ rate, numbers }: Seen, prefix: string, { perMinute, quietMs }: PrefixThresholds, share: number) {
  if (rate <= ownThreshold(perMinute, share)) return undefined;
  const reason = `guard: about ${Math.round(rate / share)} messages a minute to ${shown(prefix)}, to ${numbers.size} numbers seen here; ${perMinute} are allowed, ${lifts(quietMs)}`;
  return { code: "guard-velocity", reason } as const;
}

/** Whether the number lies among others: one that does not is no part of a sequence that the prefix has had. */
function inSequence(
  { numbers }: Seen,
  to: string,
  { sequence, quietMs }: PrefixThresholds,
  share: number,
  now: number,
): PrefixVerdict | undefined {
  if (numbers.size < sequence) return undefined;
  const recent = [...numbers].flatMap(([last, at]) => (now - at <= SEQUENCE_MS ? [last] : [])).sort((a, b) => a - b);
  // Of numbers in a row this instance has its share.
  const span = (sequence * DENSE) / share;
  if (span >= 10 ** LAST_DIGITS / 2) return undefined;
  const own = recent.indexOf(Number(to.slice(-LAST_DIGITS)));
  const last = Math.min(own, recent.length - sequence);
  for (let i = Math.max(0, own - sequence + 1); i <= last; i++)
    if (recent[i + sequence - 1]! - recent[i]! < span) {
      const reason = `guard: ${sequence} numbers beside each other in ${shown(to.slice(0, -LAST_DIGITS))} within ten minutes, ${lifts(quietMs)}`;
      return { code: "guard-sequence", reason };
    }
  return undefined;
}

function shown(prefix: string): string {
  return `+${prefix.slice(0, -1)}…`;
}

function lifts(quietMs: number): string {
  return `lifted ${quietMs / MINUTE_MS} min after the last such`;
}
