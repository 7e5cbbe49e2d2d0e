import { AgeCounts, type PlainCounts } from "./age-counts.ts";
import { DELAY_BOUNDS_MS, DELAY_BUCKETS } from "./delay-buckets.ts";

/** After so long what was seen counts half, in what delivery is taken to be now, ms. */
export const CURRENT_HALF_LIFE_MS = 300_000;
/** And in what is usual: how long receipts take, and how many come. */
export const USUAL_HALF_LIFE_MS = 7_200_000;

/** Further back than so long nothing is told apart, ms. */
const LONGEST_MS = 1_100_000;
/** Marks are at least so far from each other, ms; those of long ago at least a quarter of their age. */
const CLOSEST_MS = 400;
const SPACING = 1 / 4;

/** What was seen of one cell: all of it, with decay, and how much of it since any moment of the last minutes. */
export class DeliveryHistory {
  /** As it is now; begins anew when a change is found. */
  readonly current = new AgeCounts();
  /** As it mostly is. */
  readonly usual = new AgeCounts();
  /** Up to when the two have decayed, epoch ms. */
  private at = Number.NEGATIVE_INFINITY;
  /** Up to when it was told, epoch ms: earlier than the clock's time, as far as the tellers are behind. */
  private toldAt = Number.NEGATIVE_INFINITY;
  private readonly total = new AgeCounts();
  private readonly marks = new Marks();

  /** Adds what was counted lately, up to `at`. */
  add(at: number, counts: PlainCounts, before: PlainCounts): void {
    this.mark();
    this.toldAt = Math.max(this.toldAt, at);
    this.decayTo(at);
    this.current.add(counts, this.kept(at, CURRENT_HALF_LIFE_MS), before);
    this.usual.add(counts, this.kept(at, USUAL_HALF_LIFE_MS), before);
    this.total.add(counts, 1, before);
  }

  /** Adds what was counted over a time of which only the end is known: it says what is usual, and nothing of the last minutes. */
  addPast(at: number, counts: PlainCounts, weight: number): void {
    this.toldAt = Math.max(this.toldAt, at);
    this.decayTo(at);
    this.current.add(counts, weight * this.kept(at, CURRENT_HALF_LIFE_MS));
    this.usual.add(counts, weight * this.kept(at, USUAL_HALF_LIFE_MS));
  }

  decayTo(at: number): void {
    if (at <= this.at) return;
    if (this.at > Number.NEGATIVE_INFINITY) {
      this.current.scale(2 ** ((this.at - at) / CURRENT_HALF_LIFE_MS));
      this.usual.scale(2 ** ((this.at - at) / USUAL_HALF_LIFE_MS));
    }
    this.at = at;
  }

  /**
   * Writes into `window` how what was submitted since a moment has fared: of each bucket, what was seen of it since the
   * first of these submissions passed it; or somewhat later, where the moment is no longer remembered.
   */
  submittedSince(from: number, window: AgeCounts): void {
    const { total } = this;
    const { times, rows, count } = this.marks;
    let place = 0;
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      const passed = from + DELAY_BOUNDS_MS[bucket]!;
      while (place < count && times[place]! < passed) place++;
      const at = place * WIDTH + bucket;
      window.exposed[bucket] = place === count ? 0 : total.exposed[bucket]! - rows[at]!;
      window.delivered[bucket] = place === count ? 0 : total.delivered[bucket]! - rows[at + DELAY_BUCKETS]!;
    }
  }

  /**
   * The same of many moments at once, `lengths[n]` ms before `until`, the longest first: into `delivered[n]` how many were
   * delivered, into `expected[n]` how many there would be, were as many of each bucket delivered as `usual` says.
   */
  sinceEach(
    until: number,
    lengths: readonly number[],
    usual: Float64Array,
    delivered: Float64Array,
    expected: Float64Array,
  ): void {
    const { total } = this;
    const { times, rows, count } = this.marks;
    delivered.fill(0);
    expected.fill(0);
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      const [lived, came, share] = [total.exposed[bucket]!, total.delivered[bucket]!, usual[bucket]!];
      const bound = until + DELAY_BOUNDS_MS[bucket]!;
      for (let index = 0, place = 0; index < lengths.length; index++) {
        const passed = bound - lengths[index]!;
        while (place < count && times[place]! < passed) place++;
        if (place === count) break;
        const at = place * WIDTH + bucket;
        expected[index]! += (lived - rows[at]!) * share;
        delivered[index]! += came - rows[at + DELAY_BUCKETS]!;
      }
    }
  }

  /** What was seen before no longer says how it is now. */
  startFrom(window: AgeCounts): void {
    this.current.clear();
    this.current.add(window);
  }

  private kept(at: number, halfLifeMs: number): number {
    return 2 ** ((at - this.at) / halfLifeMs);
  }

  /** Remembers the total as it stood until now, and forgets marks that lie closer together than their age asks for. */
  private mark(): void {
    const { toldAt: at, marks } = this;
    const last = marks.count === 0 ? Number.NEGATIVE_INFINITY : marks.times[marks.count - 1]!;
    if (at === Number.NEGATIVE_INFINITY || at - last < CLOSEST_MS) return;
    marks.thin(at);
    marks.add(at, this.total);
  }
}

/** There is room for so many marks at first, and for so many more whenever it is full. */
const MARKS = 8;
/** Numbers of one mark: of each bucket those who lived through it, then those delivered. */
const WIDTH = 2 * DELAY_BUCKETS;

/** The total as it was, the oldest first; in one piece, since all of it is gone through again and again. */
class Marks {
  count = 0;
  /** Epoch ms. */
  times = new Float64Array(MARKS);
  /** {@link WIDTH} numbers of each. */
  rows = new Float64Array(MARKS * WIDTH);

  add(at: number, { exposed, delivered }: AgeCounts): void {
    if (this.count === this.times.length) this.grow();
    this.times[this.count] = at;
    this.rows.set(exposed, this.count * WIDTH);
    this.rows.set(delivered, this.count * WIDTH + DELAY_BUCKETS);
    this.count++;
  }

  thin(at: number): void {
    const { times, rows, count } = this;
    let kept = 0;
    for (let place = 0; place < count; place++) {
      const next = place + 1 < count ? times[place + 1]! : at;
      const before = kept === 0 ? Number.NEGATIVE_INFINITY : times[kept - 1]!;
      if (next < at - LONGEST_MS || next - before < (at - times[place]!) * SPACING) continue;
      if (kept < place) {
        times[kept] = times[place]!;
        rows.copyWithin(kept * WIDTH, place * WIDTH, (place + 1) * WIDTH);
      }
      kept++;
    }
    this.count = kept;
  }

  private grow(): void {
    const { times, rows } = this;
    this.times = new Float64Array(times.length + MARKS);
    this.times.set(times);
    this.rows = new Float64Array(rows.length + MARKS * WIDTH);
    this.rows.set(rows);
  }
}
