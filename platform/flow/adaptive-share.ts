/**
 * The share of its configured rate that a provider takes without throttling, found by trying: additive increase and
 * multiplicative decrease (AIMD), with the increase of CUBIC (RFC 9438). After a cut it comes back quickly to where it was
 * cut, stays about there for a while, since that is most likely the provider's limit, and then goes on faster and faster, in
 * case the limit has gone. So most of what the provider really takes is used without knowing it, and it throttles seldom.
 * Time is passed in: ms of a monotonic clock.
 */

/** What a cut leaves. */
const DECREASE = 0.88;
/**
 * The same when it is throttled before it has come back to so much of where it was cut last, and so large a share of the answers
 * since then says so: the limit is much lower.
 */
const NEAR_PEAK = 0.95;
const MUCH_LOWER = 0.1;
const STEEP_DECREASE = 0.5;
/** From a cut until it is back at where it was cut: so long, or so many pauses, of which each cut costs one; ms. */
const SPAN_MS = 10_000;
const PAUSES_A_SPAN = 20;
const LONGEST_SPAN_MS = 60_000;
/** Beyond that it has grown by this share of the configured rate after another span, by 8 times as much after two, by 27 times after three. */
const REACH = 0.05;
/** Providers count by the second: for so long after a cut they may still count what was sent before it, ms. */
const SAME_SECOND_MS = 1_000;

export class AdaptiveShare {
  /** 1: nothing is known to be against the configured rate. */
  value = 1;
  private peak = 1;
  private bottom = 1;
  private span = SPAN_MS;
  private cutAt = Number.NEGATIVE_INFINITY;
  /** Since when it has grown, but for pauses: later by each of them. */
  private growsFrom = 0;
  private pausedUntil = Number.NEGATIVE_INFINITY;
  /** Requests that were under way at the last cut and have not ended. */
  private before = 0;
  /** The one that has ended last is one of them. */
  private wasBefore = false;
  /** Of the requests that were sent since the last cut: those that have ended, and those that were throttled. */
  private ended = 0;
  private throttled = 0;

  /**
   * The provider throttled, and `inFlight` requests have no answer yet. What was sent before a cut says nothing about the
   * rate after it: so there is one cut in a round trip of the window, and in a second. `floor`: the least that cuts leave.
   */
  cut(now: number, pauseMs: number, inFlight: number, floor: number): void {
    this.grow(now);
    this.growsFrom += Math.max(0, now + pauseMs - Math.max(now, this.pausedUntil));
    this.pausedUntil = Math.max(this.pausedUntil, now + pauseMs);
    if (!this.wasBefore) this.throttled++;
    if (this.wasBefore || now - this.cutAt < SAME_SECOND_MS) return;
    const low = this.value < this.peak * NEAR_PEAK && this.throttled >= this.ended * MUCH_LOWER;
    this.before = inFlight;
    this.cutAt = now;
    this.growsFrom = this.pausedUntil;
    this.span = Math.min(LONGEST_SPAN_MS, Math.max(SPAN_MS, pauseMs * PAUSES_A_SPAN));
    this.ended = 0;
    this.throttled = 0;
    this.peak = this.value;
    this.bottom = Math.min(1, Math.max(floor, this.value * (low ? STEEP_DECREASE : DECREASE)));
    this.value = this.bottom;
  }

  /** A request has ended, whatever its result: to be said before `cut` is called for it. */
  answered(): void {
    this.wasBefore = this.before > 0;
    if (this.wasBefore) this.before--;
    else this.ended++;
  }

  /** What has come back by now. */
  grow(now: number): void {
    if (this.value >= 1 || now <= this.pausedUntil) return;
    // -1 at the cut, 0 where it was cut.
    const place = (now - this.growsFrom) / this.span - 1;
    const reach = place < 0 ? this.peak - this.bottom : REACH;
    this.value = Math.min(1, this.peak + reach * place ** 3);
  }
}
