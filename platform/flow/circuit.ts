import { AnswerTimes } from "./answer-times.ts";

/**
 * Whether a provider is worth trying, told from what comes back. Pure: time is passed in, ms of a monotonic clock.
 * closed: submit. open: hand everything back. half_open: try a few.
 */
export type CircuitState = "closed" | "half_open" | "open";

export interface CircuitOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open before a few are tried. */
  readonly openMs: number;
  /**
   * Submissions that wait without any answer for this long open it: at the most, since one whose answers are known to come sooner
   * is silent after three times what 99.9 of 100 of them take, and 1.75 s at the least.
   */
  readonly silenceMs: number;
  /** A link that is down for less is only waited for. Default 1,750 ms: looked at four times a second, it is 2 s at the most. */
  readonly lostMs?: number;
  /** When so long passes from the first throttling answer to the end of the pause that the last one asks for, with nothing taken, it opens. Default 5,000 ms. */
  readonly throttledMs?: number;
  /** Connections lost with requests unanswered, within 30 s, that open it. Default 3. */
  readonly losses?: number;
  /** Successes that close it again, and how many are tried at a time. Default 3. */
  readonly probes?: number;
}

/** A provider that is seldom so slow is silent when it takes so many times as long, and so long at the least, ms: 2 s, looked at four times a second. */
const SILENT_TIMES = 3;
const SILENT_LEAST_MS = 1_750;
/** How long a lost connection counts, ms; and how long what is lost counts as one connection. */
const LOSS_COUNTS_MS = 30_000;
const ONE_LOSS_MS = 250;
/** Throttling answers that are further apart, beyond the pause that the first asks for, do not belong together, ms: a slow provider has few answers. */
const THROTTLED_APART_MS = 30_000;

export class Circuit {
  state: CircuitState = "closed";
  /** Why it is not closed. */
  reason: string | null = null;
  private readonly probes: number;
  private readonly options: CircuitOptions;
  private readonly lostMs: number;
  private readonly answerTimes = new AnswerTimes();
  private failures = 0;
  private successes = 0;
  /** When the first request of this trial went out, undefined while none has; and how many of them wait for their answer. */
  private triedSince: number | undefined;
  private trials = 0;
  private openedAt = 0;
  private linkDownSince: number | undefined;
  private linkReason = "";
  private openedByLink = false;
  /** Nothing closes it again. */
  private forGood = false;
  /** What keeps it open, whatever comes back, until it is released. */
  private held: string | undefined;
  private waitingSince: number | undefined;
  private readonly throttledMs: number;
  private readonly losses: number;
  /** The first throttling answer of those that belong together, with no message taken since. */
  private throttledSince: number | undefined;
  /** From that one to the end of the pause that the last one asks for, ms. */
  private throttledFor = 0;
  private notBefore = 0;
  private lostAt: number[] = [];
  /** How often it has taken its leave instead of a message, since the last one that was taken; and the last time. */
  private departures = 0;
  private departedAt = Number.NEGATIVE_INFINITY;

  constructor(options: CircuitOptions) {
    this.options = options;
    this.probes = options.probes ?? 3;
    this.lostMs = options.lostMs ?? 1_750;
    this.throttledMs = options.throttledMs ?? 5_000;
    this.losses = options.losses ?? 3;
  }

  /** Why nothing goes to the provider now, or why it is only being tried, for people; undefined while nothing is known to be wrong. */
  get trouble(): string | undefined {
    // Its link is for receipts then, and how that is says nothing of what could be sent.
    if (this.forGood) return this.reason ?? "";
    if (this.linkDownSince !== undefined) return `no link: ${this.linkReason}`;
    if (this.state === "open") return this.reason ?? "";
    return this.state === "half_open" && !this.openedByLink ? `on trial: ${this.reason}` : undefined;
  }

  linkUp(): void {
    this.linkDownSince = undefined;
    // The bind itself shows that somebody is there: no need to wait.
    if (this.state === "open" && this.openedByLink) this.halfOpen();
  }

  /** `why` may change while it is down. */
  linkDown(why: string, now: number): void {
    this.linkDownSince ??= now;
    this.linkReason = why;
    if (this.openedByLink && this.state === "open") this.reason = `no link: ${why}`;
    this.waitingSince = undefined;
  }

  /** A submission went out while `inFlight` others waited for their answer. */
  sent(inFlight: number, now: number): void {
    if (inFlight === 0 || this.waitingSince === undefined) this.waitingSince = now;
    if (this.state !== "half_open") return;
    this.triedSince ??= now;
    this.trials++;
  }

  /** How many more may be tried now. What went out before says nothing of the trial, and may wait for long. */
  get trialsLeft(): number {
    return this.probes - this.trials;
  }

  /** A request has ended, however: to be said first. @returns false while it is being tried, for one that went out before, whose failure decides nothing */
  ended(sentAt: number): boolean {
    if (this.state !== "half_open") return true;
    if (this.triedSince === undefined || sentAt < this.triedSince) return false;
    this.trials--;
    return true;
  }

  /** An answer has come, whatever it says, `tookMs` after its submission; `inFlight` still wait. */
  answered(inFlight: number, now: number, tookMs: number): void {
    this.answerTimes.add(tookMs);
    this.waitingSince = inFlight > 0 ? now : undefined;
  }

  /** A request has ended without an answer, and not by its time-out; `inFlight` still wait. */
  unanswered(inFlight: number): void {
    if (inFlight === 0) this.waitingSince = undefined;
  }

  succeeded(): void {
    this.failures = 0;
    this.departures = 0;
    this.throttledSince = undefined;
    this.throttledFor = 0;
    if (this.state === "half_open" && ++this.successes >= this.probes) {
      this.state = "closed";
      this.reason = null;
    }
  }

  /** A result that counts against the provider. */
  failed(why: string, now: number): void {
    this.failures++;
    if (this.state === "half_open" || (this.state === "closed" && this.failures >= this.options.failures))
      this.open(why, now, false);
  }

  /** Too fast, says the provider, and perhaps for how long it wants to be left alone. One that takes nothing at all any more is left. */
  throttled(now: number, pauseMs: number): void {
    if (this.throttledSince === undefined || now - this.notBefore >= THROTTLED_APART_MS) this.throttledSince = now;
    this.throttledFor = now - this.throttledSince + pauseMs;
    this.notBefore = Math.max(this.notBefore, now + pauseMs);
    if (this.state === "open") return;
    if (pauseMs > this.throttledMs) this.open(`wants to be left alone for ${Math.round(pauseMs)} ms`, now, false);
    else if (this.state === "half_open") this.open("throttled", now, false);
  }

  /**
   * A request was under way on a connection that has ended. One that is made and lost again and again puts a window of
   * messages in doubt each time, and is never away for long.
   */
  lost(now: number): void {
    const last = this.lostAt.at(-1);
    if (last !== undefined && now - last < ONE_LOSS_MS) return;
    this.lostAt = this.lostAt.filter((at) => now - at < LOSS_COUNTS_MS).slice(1 - this.losses);
    this.lostAt.push(now);
    if (this.state === "half_open" || (this.state === "closed" && this.lostAt.length >= this.losses))
      this.open(`connection lost ${this.lostAt.length} times with requests under way`, now, false);
  }

  /**
   * A request met a provider that was taking its leave, and was not taken. Before maintenance that is nothing; one that does it
   * each time it is bound would hold its messages for ever.
   */
  departed(now: number): void {
    if (now - this.departedAt < ONE_LOSS_MS) return;
    this.departedAt = now;
    this.departures++;
    if (this.state === "half_open" || (this.state === "closed" && this.departures >= this.losses))
      this.open(`unbound ${this.departures} times instead of taking a message`, now, false);
  }

  /** Nothing is to be sent any more, whatever comes back. */
  leaveForGood(why: string, now: number): void {
    this.forGood = true;
    this.open(why, now, false);
  }

  /** Nothing is to be sent until `release`, not even to try: for a reason that has nothing to do with how the provider is. */
  hold(why: string, now: number): void {
    this.held = why;
    if (!this.forGood) this.open(why, now, false);
  }

  /** What `hold` was for is over: it is tried with a few. */
  release(): void {
    if (this.held === undefined) return;
    this.held = undefined;
    if (this.linkDownSince === undefined) this.halfOpen();
    else {
      this.reason = `no link: ${this.linkReason}`;
      this.openedByLink = true;
    }
  }

  /** What passes by time alone. Call it every now and then. */
  tick(now: number): void {
    if (this.linkDownSince !== undefined) {
      if (this.state !== "open" && now - this.linkDownSince >= this.lostMs)
        this.open(`no link: ${this.linkReason}`, now, true);
      return;
    }
    if (this.state === "open") {
      if (now - this.openedAt >= this.options.openMs && now >= this.notBefore) this.halfOpen();
      return;
    }
    if (this.throttledFor > this.throttledMs) {
      this.open(`throttled for ${Math.round(this.throttledFor)} ms`, now, false);
      return;
    }
    const silent = this.waitingSince === undefined ? 0 : now - this.waitingSince;
    if (silent >= this.silenceMs) this.open(`no answer for ${Math.round(silent)} ms`, now, false);
  }

  private get silenceMs(): number {
    const { p999Ms } = this.answerTimes;
    const known = p999Ms === undefined ? Number.POSITIVE_INFINITY : SILENT_TIMES * p999Ms;
    return Math.min(this.options.silenceMs, Math.max(SILENT_LEAST_MS, known));
  }

  private open(why: string, now: number, byLink: boolean): void {
    this.state = "open";
    this.reason = why;
    this.openedAt = now;
    this.openedByLink = byLink;
    this.waitingSince = undefined;
    this.failures = 0;
    this.departures = 0;
  }

  private halfOpen(): void {
    if (this.forGood || this.held !== undefined) return;
    this.throttledSince = undefined;
    this.throttledFor = 0;
    this.state = "half_open";
    this.triedSince = undefined;
    this.trials = 0;
    this.successes = 0;
    this.failures = 0;
    this.waitingSince = undefined;
  }
}
