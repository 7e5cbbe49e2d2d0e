/**
 * How long this process may still believe that it owns its partitions. The broker gives them away when it has
 * heard nothing for a session; we stop acting at half a session after the moment the last answered heartbeat was
 * *sent*, by the monotonic clock, so a process that was frozen knows before it does anything.
 */
export class Lease {
  private readonly sessionMs: number;
  private readonly now: () => number;
  private confirmedAt = Number.NEGATIVE_INFINITY;

  constructor(sessionMs: number, now: () => number = () => performance.now()) {
    this.sessionMs = sessionMs;
    this.now = now;
  }

  /** A heartbeat or join that was sent `agoMs` before now has been answered well. An impossible age (the wall clock jumped) confirms nothing. */
  confirm(agoMs: number): void {
    if (!(agoMs >= 0 && agoMs <= this.sessionMs)) return;
    this.confirmedAt = Math.max(this.confirmedAt, this.now() - agoMs);
  }

  drop(): void {
    this.confirmedAt = Number.NEGATIVE_INFINITY;
  }

  /** True while acting is safe. */
  get valid(): boolean {
    return this.now() - this.confirmedAt < this.sessionMs / 2;
  }

  /** Milliseconds since the last confirmation. */
  get age(): number {
    return this.now() - this.confirmedAt;
  }
}
