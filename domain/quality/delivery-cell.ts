import { AgeCounts } from "./age-counts.ts";
import { CollapseGuard } from "./collapse-guard.ts";
import { DELAY_BUCKETS, delayQuantile } from "./delay-buckets.ts";
import { DeliveryEvidence } from "./delivery-evidence.ts";
import { DeliveryHistory } from "./delivery-history.ts";
import { DeliveryShape } from "./delivery-shape.ts";
import type { QualityCell, QualitySummary } from "./quality-cell.ts";

/** Of what was counted before this process listened, so many submissions of each partition count at the most. */
const PAST = 200;
/** Deliveries that would be usual, for a change to be believed; how far from what is expected they must be, in deviations; */
const CHANGE_EXPECTED = 20;
const CHANGE_DEVIATIONS = 4;
/** and how large it must be, as a probability. */
const CHANGE_LEAST = 0.07;
/** So many deliveries must have been seen to say how long they take: a bound must not be held against who has had a handful. */
const TIMED_DELIVERIES = 20;
/** So many deliveries must have been seen for anything to be usual. */
const USUAL_DELIVERIES = 30;

/** Submissions of the last so many ms are looked at, the longest first: what changed shows best in those made since. */
export const WINDOWS_MS: readonly number[] = Array.from({ length: 31 }, (_, n) => 1_000 * 2 ** (n / 3)).reverse();

/** Of the submissions of each of {@link WINDOWS_MS}: deliveries, and how many there would be usually. */
export interface Seen {
  readonly delivered: Float64Array;
  readonly expected: Float64Array;
}

/** What all partitions have told of one cell, and what is made of it. */
export class DeliveryCell {
  readonly cell: QualityCell;
  readonly guard = new CollapseGuard();
  readonly history = new DeliveryHistory();
  readonly shape = new DeliveryShape();
  /** Up to when it was told of, epoch ms. */
  heardAt = Number.NEGATIVE_INFINITY;
  /** Submissions, weighed by how far their receipts should have come; and deliveries. */
  trials = 0;
  successes = 0;
  /** Since when it is as it is now, as far as is known, epoch ms. */
  startedAt = Number.NEGATIVE_INFINITY;
  /** Something was told since it was looked at. */
  news = false;
  /** As it was when it was looked at. */
  readonly seen: Seen = {
    delivered: new Float64Array(WINDOWS_MS.length),
    expected: new Float64Array(WINDOWS_MS.length),
  };
  /** Whether it is gone through now for another share of deliveries than before; and when it was last, epoch ms. */
  mayHaveChanged = false;
  changeSoughtAt = Number.NEGATIVE_INFINITY;
  private readonly told = new Map<number, QualitySummary>();
  private readonly window = new AgeCounts();

  constructor(cell: QualityCell) {
    const { provider, country, network, lane } = cell;
    this.cell = { provider, country, network, lane };
  }

  /** What is older than what a partition has said already says nothing. */
  fold(summary: QualitySummary): void {
    const before = this.told.get(summary.partition);
    if (before !== undefined && summary.at <= before.at) return;
    this.told.set(summary.partition, summary);
    this.heardAt = Math.max(this.heardAt, summary.at);
    this.news = true;
    if (before?.since === summary.since) this.history.add(summary.at, summary, before);
    else this.history.addPast(summary.at, summary, Math.min(1, PAST / Math.max(1, summary.exposed[0] ?? 0)));
  }

  /** Takes in what has been told. `pool`: for what it knows too little of itself. */
  learn(at: number, pool: DeliveryShape): void {
    this.history.decayTo(at);
    if (this.news) this.shape.learn(this.history.usual, pool);
    this.count();
  }

  /** Looks anew at how the submissions of each of {@link WINDOWS_MS} fare. */
  look(): void {
    const { history, shape, seen } = this;
    history.sinceEach(this.heardAt, WINDOWS_MS, shape.usual, seen.delivered, seen.expected);
    for (let place = 0; place < WINDOWS_MS.length; place++) seen.expected[place]! *= shape.delivery;
  }

  /** What the submissions of the last `lengthMs` say. */
  evidence(lengthMs: number): DeliveryEvidence {
    const evidence = new DeliveryEvidence();
    this.history.submittedSince(this.heardAt - lengthMs, this.window);
    evidence.add(this.window, this.shape);
    return evidence;
  }

  /** Whether enough has been seen to say what is usual. */
  get settled(): boolean {
    const { delivered } = this.history.usual;
    let sum = 0;
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) sum += delivered[bucket]!;
    return sum >= USUAL_DELIVERIES;
  }

  /** Deliveries of late beside the usual ones, as far as they are thought to be now. */
  get ratio(): number {
    return this.trials === 0 ? 1 : this.successes / this.trials / this.shape.delivery;
  }

  /** Whether so many deliveries as were seen in one of the windows are hardly chance, unless receipts take another time than usual. */
  differs(place: number): boolean {
    const [delivered, expected] = [this.seen.delivered[place]!, this.seen.expected[place]!];
    if (this.trials === 0 || expected < CHANGE_EXPECTED) return false;
    const likely = expected * this.ratio;
    const before = Math.min(0.99, this.successes / this.trials);
    return (
      (Math.abs(delivered - likely) * this.shape.delivery) / expected >= CHANGE_LEAST &&
      Math.abs(delivered - likely) >= CHANGE_DEVIATIONS * Math.sqrt(likely * (1 - before) + 1)
    );
  }

  /** It is no longer as it was: only what was submitted since a moment says how it is. */
  restartSince(at: number): void {
    this.history.submittedSince(at, this.window);
    this.history.startFrom(this.window);
    this.startedAt = at;
    this.count();
  }

  /**
   * Delay in ms that each of `shares` of the deliveries have at the most, as it is now; undefined while too few were seen
   * to say so.
   */
  delays(...shares: readonly number[]): (number | undefined)[] {
    const { exposed, delivered } = this.history.current;
    let seen = 0;
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) seen += delivered[bucket]!;
    if (seen < TIMED_DELIVERIES) return shares.map(() => undefined);
    // Two dozen submissions outweigh what is usual.
    const densities = this.shape.density.map((usual, n) => (delivered[n]! + 24 * usual) / (exposed[n]! + 24));
    return shares.map((share) => delayQuantile(densities, share));
  }

  private count(): void {
    const { exposed, delivered } = this.history.current;
    const shares = this.shape.usual;
    let [trials, successes] = [0, 0];
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      trials += exposed[bucket]! * shares[bucket]!;
      successes += delivered[bucket]!;
    }
    this.trials = trials;
    this.successes = Math.min(successes, trials);
  }
}
