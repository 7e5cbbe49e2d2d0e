import type { Work } from "./dispatch-handler.ts";
import { OffsetTracker } from "./offset-tracker.ts";
import { type Positions, parseSource } from "./positions.ts";
import { headerText, type InRecord } from "./record.ts";

/** One input of a dispatcher: what has been taken from it, how far it is done, and how far effects may have gone. */
export class DispatchLane<W> {
  readonly tracker: OffsetTracker;
  /** Works taken and not handed over, in order. */
  staged: Work<W>[] = [];
  /** Taken, and not to be understood before `waiting` ends. */
  unread: InRecord | undefined;
  waiting = false;
  /** The first staged work can neither be handed over nor be set aside now: for this turn nothing of the lane can. */
  stuck = false;
  /** Committed horizon: what lies below may be handed over. */
  horizon: number;
  /** Horizon of the last owner: what lies below may have been handed over by it, unless it is among `untouched`. */
  readonly doubtBelow: number;
  /** What lies below has been taken from the staged works: in flight, ended, or waiting behind another of its key. */
  passed: number;
  // What an earlier owner has said that it had not handed over, of what lies below `doubtBelow`.
  private readonly untouched: Set<number>;
  // Of each lane apart: one source may feed several lanes, and an urgent lane is further than the others.
  private readonly seen: Positions;
  private readonly done: Positions;
  private readonly sources: { at: number; topic: string; partition: number; offset: number }[] = [];

  /** `offset`: first one not done. `done`: source positions of all that is done. `untouched`: offsets at or above `offset`. */
  constructor(offset: number, doubtBelow: number, done: Positions, untouched: readonly number[] = []) {
    this.tracker = new OffsetTracker(offset);
    this.horizon = offset;
    this.passed = offset;
    this.doubtBelow = doubtBelow;
    this.untouched = new Set(untouched);
    this.done = done;
    this.seen = done.copy();
  }

  /** Takes a record; false when it is a repeat, which is done with that. */
  take(record: InRecord): boolean {
    this.tracker.take(record.offset);
    const source = parseSource(headerText(record, "src"));
    if (source === undefined || this.seen.above(source.topic, source.partition, source.offset)) return true;
    this.tracker.complete(record.offset);
    return false;
  }

  /** The record taken last is one of its writer's: only then its source counts, since all at or below it are repeats. */
  accept(record: InRecord): void {
    const source = parseSource(headerText(record, "src"));
    if (source !== undefined && this.seen.advance(source.topic, source.partition, source.offset))
      this.sources.push({ at: record.offset, ...source });
  }

  /** The source positions of all that lies below this offset, packed. */
  positionsBelow(offset: number): string {
    let n = 0;
    for (; n < this.sources.length && this.sources[n]!.at < offset; n++) {
      const source = this.sources[n]!;
      this.done.advance(source.topic, source.partition, source.offset);
    }
    if (n > 0) this.sources.splice(0, n);
    return this.done.pack();
  }

  /** How far effects may have gone when so many more of the staged works may be handed over. */
  reach(works: number): number {
    const last = this.staged[Math.min(works, this.staged.length) - 1];
    return Math.max(this.horizon, this.doubtBelow, last === undefined ? 0 : last.record.offset + 1);
  }

  /**
   * The same when as many as are expected may follow what is staged. What was expected before and is not any more is taken back.
   * With more staged than may be handed over nobody need be expected.
   */
  reachAhead(works: number, expected: number): number {
    if (works < this.staged.length) return this.reach(works);
    const last = this.staged.at(-1);
    const next = Math.max(this.doubtBelow, this.passed, last === undefined ? 0 : last.record.offset + 1);
    return next + expected;
  }

  /** How far effects may have gone when nothing is open any more. */
  get rest(): number {
    return Math.max(this.tracker.committable, this.doubtBelow, this.passed);
  }

  /** The next staged work, taken out. */
  pass(): Work<W> {
    const work = this.staged.shift()!;
    this.passed = Math.max(this.passed, work.record.offset + 1);
    return work;
  }

  /** Works that were passed and then set aside are staged again, each in its place. */
  restage(works: readonly Work<W>[]): void {
    this.staged = [...works, ...this.staged].sort((a, b) => a.record.offset - b.record.offset);
  }

  /** True when an earlier owner may have handed it over. */
  mayHaveGone(offset: number): boolean {
    return offset < this.doubtBelow && !this.untouched.has(offset);
  }

  /** An earlier owner has not handed it over. */
  noteUntouched(offset: number): void {
    this.untouched.add(offset);
  }

  /** What nobody has handed over of all that lies below the horizon: `waiting`, taken out and not handed over, and what was not taken out. */
  untouchedBelow(horizon: number, waiting: readonly number[]): number[] {
    const later = new Set<number>();
    for (const offset of this.untouched) if (offset >= this.passed) later.add(offset);
    for (const { record } of this.staged) if (!this.mayHaveGone(record.offset)) later.add(record.offset);
    return [...waiting, ...later].filter((offset) => offset < horizon).sort((a, b) => a - b);
  }

  /** True when the first staged work may be handed over. */
  get ready(): boolean {
    return this.staged.length > 0 && !this.stuck && this.staged[0]!.record.offset < this.horizon;
  }
}
