/** One timer for the next slot of all: set to the earliest time asked for. */
export class SlotTimer {
  private readonly fire: () => void;
  private timer: NodeJS.Timeout | undefined;
  private at = Number.POSITIVE_INFINITY;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  /** Fires in `delayMs` or earlier; Infinity asks for nothing. `now`: monotonic clock, ms. */
  arm(delayMs: number, now: number): void {
    if (!Number.isFinite(delayMs) || now + delayMs >= this.at) return;
    this.disarm();
    this.at = now + delayMs;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.at = Number.POSITIVE_INFINITY;
        this.fire();
      },
      // Node cuts to whole ms: a slot would be asked for before it is there.
      Math.ceil(delayMs),
    );
  }

  disarm(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    this.at = Number.POSITIVE_INFINITY;
  }
}
