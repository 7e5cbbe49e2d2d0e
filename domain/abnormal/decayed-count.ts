/** A sum of which half is forgotten within a half-life, so that it stands for a window without holding its minutes. */
export class DecayedCount {
  private value = 0;
  private at = 0;
  private readonly halfLife: number;

  /** @param halfLife minutes */
  constructor(halfLife: number) {
    this.halfLife = halfLife;
  }

  /** How many minutes of a steady rate it stands for. */
  get window(): number {
    return this.halfLife / Math.LN2;
  }

  add(minute: number, amount: number): number {
    this.value = this.get(minute) + amount;
    this.at = minute;
    return this.value;
  }

  /** What it is in a minute, not earlier than that of the last addition. */
  get(minute: number): number {
    return minute === this.at || this.value === 0 ? this.value : this.value * 2 ** ((this.at - minute) / this.halfLife);
  }
}
