/**
 * How fast a provider may be sent to, in segments a second, exactly. Two rules hold together: no window of one second
 * ever has more segments than the rate (a log of the last second's segments), and within a second they are spread (a token
 * bucket a little faster than the rate), with bursts of 100 ms' worth, so that a process that is woken late loses nothing.
 * Time is passed in: ms of a monotonic clock.
 */

/** A little over a second: the provider's clock and the network move segments between seconds. */
const WINDOW_MS = 1_010;
/** The bucket's pace beside the rate; the log is what limits. */
const CATCH_UP = 1.2;
const BURST_SECONDS = 0.1;
/** The slowest that throttling makes it, as a share of the rate. */
const FLOOR = 0.05;
/** Share of the rate that comes back each second after throttling. */
const RECOVERY_PER_SECOND = 0.1;
/** Answers to one burst count as one: the factor is halved at most this often, ms. */
const CUT_EVERY_MS = 1_000;

export class SegmentRate {
  private limit = 0;
  private factor = 1;
  private adaptedAt = 0;
  private cutAt = Number.NEGATIVE_INFINITY;
  private pausedUntil = Number.NEGATIVE_INFINITY;
  private tokens = 0;
  private filledAt = 0;
  /** When the segments of the last second went, oldest first, in a ring. */
  private times = new Float64Array(64);
  private head = 0;
  private count = 0;
  /** Of those in the ring, the last so many have been taken and have not left yet, as far as is known. */
  private staying = 0;
  /** Segments sent in all. */
  sent = 0;

  /**
   * The share of the provider's rate that this process has, segments/s. What is added begins as used up: the last owner may have
   * used it within the last second.
   */
  setShare(rate: number, now: number): void {
    this.expire(now);
    const before = this.capacity;
    this.limit = rate;
    for (let i = before; i < this.capacity; i++) this.push(now);
    this.tokens = Math.min(this.tokens, 0);
    this.filledAt = now;
    if (before === 0) this.adaptedAt = now;
  }

  /** Segments a second allowed now, after throttling. */
  get current(): number {
    return this.limit * this.factor;
  }

  /** Segments that may go now. */
  available(now: number): number {
    if (this.limit <= 0 || now < this.pausedUntil) return 0;
    this.refresh(now);
    return Math.max(0, Math.min(this.capacity - this.count, Math.floor(this.tokens + 1e-9)));
  }

  /** Whether `segments` may go now as one; more than the rate go when nothing else did in the window. */
  allows(segments: number, now: number): boolean {
    const available = this.available(now);
    if (segments <= 1) return available >= 1;
    return available >= 1 && (this.capacity - this.count >= segments || this.count === 0);
  }

  /** Takes what `allows` allowed: to be followed by `left`, `putBack` or `stays`. */
  take(segments: number, now: number): void {
    this.tokens -= segments;
    this.sent += segments;
    this.staying += segments;
    const { capacity, windowMs } = this;
    // What goes beyond the rate at once stands for the seconds after this one.
    for (let i = 0; i < segments; i++) this.push(now + (capacity > 0 ? Math.floor(i / capacity) * windowMs : 0));
  }

  /** What was taken last is not used. */
  putBack(segments: number): void {
    this.tokens += segments;
    this.sent -= segments;
    this.staying -= segments;
    this.count -= segments;
  }

  /**
   * So many of what was taken leave now. The provider counts them from now on: between the two the process may have stood
   * still, and what waited would meet what comes after it within one second.
   */
  left(segments: number, now: number): void {
    this.expire(now);
    for (let i = this.count - this.staying; i < this.count; i++) {
      const place = (this.head + i) & (this.times.length - 1);
      if (this.times[place]! < now) this.times[place] = now;
    }
    // What waited for more than a second has gone from the ring.
    for (let i = this.staying; i < segments; i++) this.push(now);
    this.staying = Math.max(0, this.staying - segments);
  }

  /** What was taken will not leave. It counts as sent all the same: the next second is not far. */
  stays(segments: number): void {
    this.staying = Math.max(0, this.staying - segments);
  }

  /** ms until `segments` may go, as far as is known now; at least 0. Infinity without a share. */
  nextIn(segments: number, now: number): number {
    if (this.limit <= 0) return Number.POSITIVE_INFINITY;
    this.refresh(now);
    const pace = (this.current * CATCH_UP) / 1_000;
    const byPause = this.pausedUntil - now;
    const byTokens = this.tokens >= 1 ? 0 : (1 - this.tokens) / pace;
    const excess = Math.min(this.count, this.count + segments - this.capacity);
    const byLog = excess > 0 ? this.at(excess - 1) + this.windowMs - now : 0;
    return Math.max(0, byPause, byTokens, byLog);
  }

  /** The provider said that it was too fast: halves the rate, and pauses for `pauseMs`. */
  throttled(now: number, pauseMs: number): void {
    this.pauseUntil(now + pauseMs);
    if (now - this.cutAt < CUT_EVERY_MS) return;
    this.adapt(now);
    this.cutAt = now;
    this.factor = Math.max(FLOOR, this.factor / 2);
  }

  /** Nothing goes before this moment (Retry-After). */
  pauseUntil(at: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, at);
  }

  paused(now: number): boolean {
    return now < this.pausedUntil;
  }

  private get capacity(): number {
    const { current } = this;
    return current <= 0 ? 0 : Math.max(1, Math.floor(current));
  }

  private get windowMs(): number {
    return this.current >= 1 ? WINDOW_MS : WINDOW_MS / this.current;
  }

  private refresh(now: number): void {
    this.adapt(now);
    this.expire(now);
    const pace = (this.current * CATCH_UP) / 1_000;
    const burst = Math.max(1, pace * BURST_SECONDS * 1_000);
    this.tokens = Math.min(burst, this.tokens + (now - this.filledAt) * pace);
    this.filledAt = now;
  }

  private adapt(now: number): void {
    const from = Math.max(this.adaptedAt, this.pausedUntil);
    if (this.factor < 1 && now > from)
      this.factor = Math.min(1, this.factor + ((now - from) / 1_000) * RECOVERY_PER_SECOND);
    if (now > from || this.factor === 1) this.adaptedAt = now;
  }

  private expire(now: number): void {
    const before = now - this.windowMs;
    while (this.count > 0 && this.times[this.head]! <= before) {
      this.head = (this.head + 1) & (this.times.length - 1);
      this.count--;
    }
    if (this.staying > this.count) this.staying = this.count;
  }

  private at(index: number): number {
    return this.times[(this.head + index) & (this.times.length - 1)]!;
  }

  private push(time: number): void {
    if (this.count === this.times.length) {
      const grown = new Float64Array(this.times.length * 2);
      for (let i = 0; i < this.count; i++) grown[i] = this.at(i);
      this.times = grown;
      this.head = 0;
    }
    this.times[(this.head + this.count) & (this.times.length - 1)] = time;
    this.count++;
  }
}
