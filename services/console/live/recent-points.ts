/** The last values of a figure, one a step, for the small curve beside it. */
export class RecentPoints {
  private readonly size: number;
  private points: number[] = [];

  constructor(size: number) {
    this.size = size;
  }

  add(value: number): void {
    this.points.push(Math.round(value * 10) / 10);
    if (this.points.length > this.size) this.points.shift();
  }

  /** Oldest first. */
  get all(): readonly number[] {
    return this.points;
  }
}
