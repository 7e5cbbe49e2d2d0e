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
  /** Committed horizon: what lies below may be handed over. */
  horizon: number;
  /** Horizon of the last owner: what lies below may have been handed over by it. */
  readonly doubtBelow: number;
  // Of each lane apart: one source may feed several lanes, and an urgent lane is further than the others.
  private readonly seen: Positions;
  private readonly done: Positions;
  private readonly sources: { at: number; topic: string; partition: number; offset: number }[] = [];

  /** `offset`: first one not done. `done`: source positions of all that is done. */
  constructor(offset: number, doubtBelow: number, done: Positions) {
    this.tracker = new OffsetTracker(offset);
    this.horizon = offset;
    this.doubtBelow = doubtBelow;
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

  /** How far effects may have gone when nothing is open any more. */
  get rest(): number {
    return Math.max(this.tracker.committable, this.doubtBelow);
  }

  /** True when the first staged work may be handed over. */
  get ready(): boolean {
    return this.staged.length > 0 && this.staged[0]!.record.offset < this.horizon;
  }
}
