/** More points than this are looked through for those that nothing asks for any more. */
const MANY = 256;

/** How many there were up to each moment: a count by slots of time. They come nearly in order. */
export class Arrivals {
  private readonly slotMs: number;
  /** Ends of slots in which there were some, ascending, epoch ms; and how many there were up to then. */
  private ends: number[] = [];
  private totals: number[] = [];
  /** How many there were before the first of these. */
  private base = 0;
  private many = MANY;

  constructor(slotMs: number) {
    this.slotMs = slotMs;
  }

  /** When the last of them falls due; -Infinity without any. */
  get last(): number {
    return this.ends.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether there are so many points that {@link thin} is worth its while. */
  get crowded(): boolean {
    return this.ends.length > this.many;
  }

  /** `at`: epoch ms. */
  add(at: number): void {
    const { ends, totals } = this;
    const end = Math.ceil(at / this.slotMs) * this.slotMs;
    let place = ends.length;
    while (place > 0 && ends[place - 1]! > end) totals[--place]!++;
    if (place > 0 && ends[place - 1] === end) totals[place - 1]!++;
    else if (place === ends.length) {
      ends.push(end);
      totals.push((totals[place - 1] ?? this.base) + 1);
    } else {
      ends.splice(place, 0, end);
      totals.splice(place, 0, (totals[place - 1] ?? this.base) + 1);
    }
  }

  /** Writes into `counts` how many there were up to each of `times`, which go from the latest to the earliest. */
  upTo(times: ArrayLike<number>, counts: number[]): void {
    const { ends, totals } = this;
    let place = ends.length;
    for (let index = 0; index < times.length; index++) {
      while (place > 0 && ends[place - 1]! > times[index]!) place--;
      counts[index] = place === 0 ? this.base : totals[place - 1]!;
    }
  }

  /**
   * Forgets what nothing asks for any more. From now on no time up to `times[n]` may be asked for unless it is a multiple of
   * `steps[n]`, and none at all that lies before the earliest. `times`: from the latest to the earliest.
   */
  thin(times: ArrayLike<number>, steps: ArrayLike<number>): void {
    const [ends, totals]: [number[], number[]] = [[], []];
    let index = times.length - 1;
    for (let place = 0; place < this.ends.length; place++) {
      const [end, total] = [this.ends[place]!, this.totals[place]!];
      while (index >= 0 && end > times[index]!) index--;
      if (index === times.length - 1) {
        this.base = total;
        continue;
      }
      // Of those between two multiples only the last counts.
      const step = index < 0 ? this.slotMs : steps[index]!;
      if (ends.length > 0 && Math.ceil(ends.at(-1)! / step) === Math.ceil(end / step)) {
        ends.pop();
        totals.pop();
      }
      ends.push(end);
      totals.push(total);
    }
    this.ends = ends;
    this.totals = totals;
    this.many = Math.max(MANY, 2 * ends.length);
  }
}
