/**
 * How fast a provider may be sent to, in segments a second, exactly. Two rules hold together: no window of one second
 * ever has more segments than the rate (a log of the last second's segments), and within a second they are spread (a token
 * bucket a little faster than the rate), with bursts of 100 ms' worth, so that a process that is woken late loses nothing.
 * When the provider throttles, the rate adapts. Time is passed in: ms of a monotonic clock.
 *
 * Whoever uses the rate to the full has spent a second's segments early, and must wait for the next second: up to 170 ms in
 * each. Urgent segments do not wait for that: as long as they come, a few of each second's are kept for them. They are spread as all are.
 */

import { AdaptiveShare } from "./adaptive-share.ts";
import { Arrivals } from "./arrivals.ts";

/** A little over a second: the provider's clock and the network move segments between seconds. */
const WINDOW_MS = 1_010;
/** The bucket's pace beside the rate; the log is what limits. */
const CATCH_UP = 1.2;
const BURST_SECONDS = 0.1;
/** The same for a provider that throttles: it may count by less than a second. */
const STEADY_CATCH_UP = 1.02;
const STEADY_BURST_SECONDS = 0.05;
/** Kept for urgent segments is a tenth at the most, and of a rate that is worth it one at the least: others would wait for what never comes. */
const MOST_KEPT = 0.1;
const WORTH_KEEPING = 200;
/** The least that throttling leaves: a share of the rate, and segments a second. Something always goes. */
const LEAST_SHARE = 0.01;
const LEAST_RATE = 1;

export class SegmentRate {
  /** The share of the provider's rate that this process has by the catalog, segments a second. */
  limit = 0;
  private readonly share = new AdaptiveShare();
  private readonly urgent = new Arrivals();
  /** The share of it that the rest of this was derived from. */
  private adapted = 1;
  /** Segments in a window. */
  private capacity = 0;
  private windowMs = WINDOW_MS;
  /** Tokens a millisecond, and how many there are at the most. */
  private pace = 0;
  private burst = 1;
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
  /** What has not left goes on counting, however long it stays. Whoever wants that must tell of each segment what became of it. */
  private readonly keepsStaying: boolean;

  constructor({ keepsStaying = false }: { readonly keepsStaying?: boolean } = {}) {
    this.keepsStaying = keepsStaying;
  }

  /**
   * The share of the provider's rate that this process has, segments/s. What is added begins as used up: the last owner may have
   * used it within the last second.
   */
  setShare(rate: number, now: number): void {
    this.expire(now);
    const before = this.capacity;
    this.limit = rate;
    this.derive();
    for (let i = before; i < this.capacity; i++) this.push(now);
    this.tokens = Math.min(this.tokens, 0);
    this.filledAt = now;
  }

  /** Segments a second allowed now, after throttling. */
  get current(): number {
    return this.limit * this.share.value;
  }

  /** The same, for who asks at any time. */
  currentAt(now: number): number {
    this.adapt(now);
    return this.current;
  }

  /** Segments that may go now; `urgent`: of those that some are kept for. */
  available(now: number, urgent = false): number {
    if (this.limit <= 0 || now < this.pausedUntil) return 0;
    this.refresh(now);
    return Math.max(0, Math.min(this.free(now, urgent), Math.floor(this.tokens + 1e-9)));
  }

  /** Whether `segments` may go now as one; more than the rate go when nothing else did in the window. */
  allows(segments: number, now: number, urgent = false): boolean {
    const available = this.available(now, urgent);
    if (segments <= 1) return available >= 1;
    return available >= 1 && (this.free(now, urgent) >= segments || this.count === 0);
  }

  /** Takes what `allows` allowed: to be followed by `left`, `putBack` or `stays`. */
  take(segments: number, now: number, urgent = false): void {
    if (urgent) for (let i = 0; i < segments; i++) this.urgent.came(now);
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
  nextIn(segments: number, now: number, urgent = false): number {
    if (this.limit <= 0) return Number.POSITIVE_INFINITY;
    this.refresh(now);
    const { pace } = this;
    const byPause = this.pausedUntil - now;
    const byTokens = this.tokens >= 1 ? 0 : (1 - this.tokens) / pace;
    const excess = Math.min(this.count, segments - this.free(now, urgent));
    const byLog = excess > 0 ? this.at(excess - 1) + this.windowMs - now : 0;
    return Math.max(0, byPause, byTokens, byLog);
  }

  /** The provider said that it was too fast: nothing goes for `pauseMs`, and less afterwards. `inFlight`: requests without an answer. */
  throttled(now: number, pauseMs: number, inFlight: number): void {
    this.pauseUntil(now + pauseMs);
    this.share.cut(now, pauseMs, inFlight, Math.max(LEAST_SHARE, LEAST_RATE / this.limit));
    this.derive();
  }

  /** A request has ended, whatever its result: to be said first. */
  answered(): void {
    this.share.answered();
  }

  /** Nothing goes before this moment (Retry-After). */
  pauseUntil(at: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, at);
  }

  paused(now: number): boolean {
    return now < this.pausedUntil;
  }

  /** Segments that the window has room for. */
  private free(now: number, urgent: boolean): number {
    return this.capacity - this.count - (urgent ? 0 : this.kept(now));
  }

  /** Of the segments of a window, those that are kept for urgent ones: half of what comes of them in half a second, and one. */
  private kept(now: number): number {
    const expected = this.urgent.expected(now);
    if (expected === 0) return this.capacity >= WORTH_KEEPING ? 1 : 0;
    return Math.min(Math.floor(this.capacity * MOST_KEPT), Math.ceil(expected / 2) + 1);
  }

  private refresh(now: number): void {
    this.adapt(now);
    this.expire(now);
    this.tokens = Math.min(this.burst, this.tokens + (now - this.filledAt) * this.pace);
    this.filledAt = now;
  }

  private adapt(now: number): void {
    this.share.grow(now);
    if (this.share.value !== this.adapted) this.derive();
  }

  /** What follows from limit and share: kept, since it is asked for with every segment. */
  private derive(): void {
    const { limit, share } = this;
    const current = limit * share.value;
    this.adapted = share.value;
    this.capacity = limit <= 0 ? 0 : Math.max(1, Math.min(Math.floor(limit), Math.ceil(current)));
    // Of an adapted rate, or one below 1, the next whole number of segments goes in a longer time.
    this.windowMs = Math.max(WINDOW_MS, (WINDOW_MS * this.capacity) / current);
    const steady = share.value < 1;
    this.pace = (current * (steady ? STEADY_CATCH_UP : CATCH_UP)) / 1_000;
    this.burst = Math.max(1, this.pace * (steady ? STEADY_BURST_SECONDS : BURST_SECONDS) * 1_000);
  }

  private expire(now: number): void {
    const before = now - this.windowMs;
    const kept = this.keepsStaying ? this.staying : 0;
    while (this.count > kept && this.times[this.head]! <= before) {
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
