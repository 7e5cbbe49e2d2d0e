/** How far the clock may be set back without being seen to go back: it stands still for so long, ms. */
const HOLD_MS = 1_000;

/**
 * The time by the brokers' clock, which all services share: every acknowledged write tells when it was appended, and
 * between them the time goes on monotonically. So an hour that a host's wall clock jumps is no hour here, and hosts
 * whose clocks differ agree on what has expired and what is due. See docs/decisions/0006-time-comes-from-the-log.md.
 */
export class BrokerClock {
  private readonly monotonic: () => number;
  /** Added to monotonic time. */
  private offset: number;
  private last = Number.NEGATIVE_INFINITY;
  /** Monotonic time of the last sample, ms; -Infinity before the first. */
  sampledAt = Number.NEGATIVE_INFINITY;

  /** Until the first sample it goes on from this process's wall clock. */
  constructor(wall: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.monotonic = monotonic;
    this.offset = wall() - monotonic();
  }

  /**
   * A write that left at `sentAt` and was acknowledged at `ackedAt` (monotonic, ms) was appended at `appendedAt` (epoch,
   * whole ms, by the leader's clock). The first one sets the clock as if the answer had taken no time, so that it is never
   * ahead: what is late by a round trip does no harm, what is early does. Later ones move it only as far as they
   * contradict it: a slow answer says little.
   */
  sample(appendedAt: number, sentAt: number, ackedAt: number): void {
    const least = appendedAt - ackedAt;
    const most = appendedAt + 1 - sentAt;
    const known = this.sampledAt !== Number.NEGATIVE_INFINITY;
    this.offset = known ? Math.min(Math.max(this.offset, least), most) : least;
    this.sampledAt = ackedAt;
  }

  /** Epoch milliseconds, whole. Goes back only when it was wrong by more than a second. */
  now(): number {
    const now = Math.floor(this.monotonic() + this.offset);
    if (now < this.last && this.last - now <= HOLD_MS) return this.last;
    this.last = now;
    return now;
  }
}
