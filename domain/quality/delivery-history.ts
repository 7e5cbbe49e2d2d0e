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

interface Mark {
  readonly at: number;
  readonly counts: AgeCounts;
}

/** What was seen of one cell: all of it, with decay, and how much of it since any moment of the last minutes. */
export class DeliveryHistory {
  /** As it is now; begins anew when a change is found. */
  readonly current = new AgeCounts();
  /** As it mostly is. */
  readonly usual = new AgeCounts();
  /** Up to when the two have decayed, epoch ms. */
  private at = Number.NEGATIVE_INFINITY;
  private readonly total = new AgeCounts();
  /** The total as it was, the oldest first. */
  private marks: Mark[] = [];

  /** Adds what was counted lately, up to `at`. */
  add(at: number, counts: PlainCounts, before: PlainCounts): void {
    this.mark();
    this.decayTo(at);
    this.current.add(counts, this.kept(at, CURRENT_HALF_LIFE_MS), before);
    this.usual.add(counts, this.kept(at, USUAL_HALF_LIFE_MS), before);
    this.total.add(counts, 1, before);
  }

  /** Adds what was counted over a time of which only the end is known: it says what is usual, and nothing of the last minutes. */
  addPast(at: number, counts: PlainCounts, weight: number): void {
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
    const { marks, total } = this;
    let place = 0;
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      const passed = from + DELAY_BOUNDS_MS[bucket]!;
      while (place < marks.length && marks[place]!.at < passed) place++;
      const counts = marks[place]?.counts ?? total;
      window.exposed[bucket] = total.exposed[bucket]! - counts.exposed[bucket]!;
      window.delivered[bucket] = total.delivered[bucket]! - counts.delivered[bucket]!;
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
    const { at } = this;
    const last = this.marks.at(-1);
    if (at === Number.NEGATIVE_INFINITY || (last !== undefined && at - last.at < CLOSEST_MS)) return;
    const kept: Mark[] = [];
    for (const [place, mark] of this.marks.entries()) {
      const next = this.marks[place + 1]?.at ?? at;
      const before = kept.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
      if (next < at - LONGEST_MS) continue;
      if (next - before >= (at - mark.at) * SPACING) kept.push(mark);
    }
    kept.push({ at, counts: this.total.copy() });
    this.marks = kept;
  }
}
