/** Arrivals are counted in stretches of so long, ms. */
const STRETCH_MS = 500;

/** How many records come in half a second, as far as the last one tells. Time is passed in: ms of a monotonic clock. */
export class Arrivals {
  private since = Number.NEGATIVE_INFINITY;
  private count = 0;
  private before = 0;

  came(now: number): void {
    this.turn(now);
    this.count++;
  }

  expected(now: number): number {
    this.turn(now);
    return Math.max(this.count, this.before);
  }

  private turn(now: number): void {
    const age = now - this.since;
    if (age < STRETCH_MS) return;
    this.before = age < 2 * STRETCH_MS ? this.count : 0;
    this.count = 0;
    this.since = now;
  }
}
