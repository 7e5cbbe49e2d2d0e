import { AbnormalTraffic } from "../../../domain/abnormal/abnormal-traffic.ts";
import type { Suspicion } from "../../../domain/abnormal/suspicion.ts";
import type { TrafficMinute } from "../../../domain/abnormal/traffic-minute.ts";

const MINUTE_MS = 60_000;
const HOUR = 60;
/** Events are stamped before they are written; one that is written later than this is not counted, ms. */
const WRITTEN_WITHIN_MS = 5_000;
/** What happened longer ago is learned from and not told, minutes: after a long time without ClickHouse nobody wants to know of last week. */
const TOLD_LATE = 24 * HOUR;
/** Hours so long ago are read without their minutes' ranges. */
const FINE = 2 * HOUR;

export interface TrafficWatchOptions {
  /** Minutes of traffic from stored rows, from the first one on, not always all of them: see StoredTraffic. */
  readonly read: (from: number, until: number, coarse: boolean) => Promise<TrafficMinute[]>;
  /** The first minute that has stored traffic; undefined where there is none. */
  readonly earliest: () => Promise<number | undefined>;
  /** The suspicions that whoever watched before has told of and that are not over. */
  readonly toldBefore: () => Promise<readonly Suspicion[]>;
  /** Tells of what is new, has changed or is over, and that all is told up to a minute. */
  readonly tell: (suspicions: readonly Suspicion[], upTo: number) => Promise<void>;
  /** When this began, epoch ms. */
  readonly startedAt: number;
  /** How far back traffic is learned from, ms. */
  readonly historyMs: number;
  /** The last minute of which whoever watched before has told; undefined: nobody has. */
  readonly toldUpTo: number | undefined;
}

/** Learns from the stored minutes of the last weeks, tells of those that were not told of, and goes on with each minute when it is stored. */
export class TrafficWatch {
  readonly traffic = new AbnormalTraffic();
  /** Time spent on thinking, not on waiting for rows, ms. */
  busyMs = 0;
  /** The next minute to be seen. */
  next: number;
  private readonly options: TrafficWatchOptions;
  /** The first minute that is told of. */
  private readonly tellFrom: number;
  private before: readonly Suspicion[] | undefined;
  private resumed = false;
  private begun = false;

  constructor(options: TrafficWatchOptions) {
    const { startedAt, historyMs, toldUpTo } = options;
    this.options = options;
    const start = minuteOf(startedAt);
    this.next = start - Math.ceil(historyMs / MINUTE_MS);
    this.tellFrom = toldUpTo === undefined ? start : Math.min(start, Math.max(toldUpTo + 1, start - TOLD_LATE));
  }

  /** The suspicions that were told of and are not over; while it learns, those of whoever watched before. */
  get open(): readonly Suspicion[] {
    return this.resumed ? this.traffic.open : (this.before ?? []);
  }

  /** How far behind a moment it is, ms: less than two minutes while all is well. */
  behindMs(now: number): number {
    return Math.max(0, now - this.next * MINUTE_MS);
  }

  /**
   * Sees the next minutes, an hour at the most, when they are stored. Rejects when they cannot be read: they are the next ones still.
   * @throws UntoldError when they cannot be told of: whoever watches then learns anew, and tells of them
   * @param storedUntil epoch ms: everything that was written before is stored
   * @returns whether there was anything to see
   */
  async step(storedUntil: number): Promise<boolean> {
    this.before ??= await this.options.toldBefore();
    if (!this.begun) {
      // A young installation has not that much to learn from.
      const earliest = (await this.options.earliest()) ?? this.tellFrom;
      this.next = Math.max(this.next, Math.min(earliest, this.tellFrom));
      this.begun = true;
    }
    const stored = Number.isFinite(storedUntil) ? minuteOf(storedUntil - WRITTEN_WITHIN_MS) : this.next;
    const learning = this.next < this.tellFrom;
    const hourEnds = (Math.floor(this.next / HOUR) + 1) * HOUR;
    const until = Math.min(stored, hourEnds, learning ? this.tellFrom : hourEnds);
    if (until <= this.next) return false;
    const coarse = learning && until === hourEnds && until < this.tellFrom - FINE;
    const minutes = await this.options.read(this.next, until, coarse);
    if (!learning && !this.resumed) {
      this.traffic.resume(await this.options.toldBefore(), this.next);
      this.resumed = true;
    }
    for (const minute of minutes) {
      const began = performance.now();
      const suspicions = this.traffic.see(minute);
      this.busyMs += performance.now() - began;
      this.next = minute.minute + 1;
      if (!learning) await this.tell(suspicions, minute.minute);
      // Others of this process are not to wait for an hour of minutes.
      else await new Promise(setImmediate);
    }
    return true;
  }

  private async tell(suspicions: readonly Suspicion[], upTo: number): Promise<void> {
    try {
      await this.options.tell(suspicions, upTo);
    } catch (cause) {
      throw new UntoldError(cause);
    }
  }
}

/** What was seen could not be told. */
export class UntoldError extends Error {
  constructor(cause: unknown) {
    super("what is abnormal could not be told", { cause });
  }
}

/** The minute that a moment lies in. `at`: epoch ms. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS);
}
