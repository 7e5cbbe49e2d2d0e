import type { DispatchHandler, ReadBack, Work } from "./dispatch-handler.ts";
import type { DispatchLane } from "./dispatch-lane.ts";
import type { JournalHint } from "./journal-hint.ts";
import type { OutcomeWriter } from "./outcome-writer.ts";

type Asked<W, O> = Pick<DispatchHandler<W, O>, "recover" | "retold" | "inDoubt" | "outcomePartition">;

const ALL_READ: ReadonlySet<number> = new Set();

/** Nothing is in doubt: the log need not be read. */
export function nothingToRead<O>(): ReadBack<O> {
  return { outcomes: new Map(), unread: ALL_READ };
}

/** What becomes of the works that an earlier owner of the partition may have handed over. */
export class Doubt<W, O> {
  private readonly handler: Asked<W, O>;
  private readonly outcomes: OutcomeWriter<W>;
  private readonly recorded: Map<string, O>;
  private hint: JournalHint | undefined;
  /** Partitions of the outcome log that could not be read yet: what becomes of their works is not to be asked. */
  unread: ReadonlySet<number>;

  /** `readBack`: outcomes that stand in their log. `hint`: what else the last owner knew. */
  constructor(handler: Asked<W, O>, outcomes: OutcomeWriter<W>, readBack: ReadBack<O>, hint: JournalHint | undefined) {
    this.handler = handler;
    this.outcomes = outcomes;
    this.recorded = readBack.outcomes;
    this.unread = readBack.unread;
    this.hint = hint;
  }

  /**
   * Looks at a work of which an earlier owner may have made something: it may have known better. While its log is not read nothing is believed, since
   * that may say otherwise; look again then.
   */
  look(lane: DispatchLane<W>, work: Work<W>): void {
    const { offset } = work.record;
    if (this.unread.size > 0 && this.unread.has(this.handler.outcomePartition(work))) return;
    if (this.hint?.untouched(work.id, work.lane, offset) && !this.recorded.has(work.id)) lane.noteUntouched(offset);
  }

  /** True when the work is not to be handed over: its outcome is known, or is now that nobody knows it. */
  resolve(lane: DispatchLane<W>, work: Work<W>): boolean {
    const known = this.recorded.get(work.id);
    if (known !== undefined) {
      this.recorded.delete(work.id);
      this.outcomes.write([], this.handler.recover(work, known), [{ lane, offset: work.record.offset }]);
      return true;
    }
    const told = this.hint?.outcomeOf(work.id);
    if (told !== undefined) this.handler.retold?.(work, told);
    const outcome = told ?? this.handler.inDoubt(work);
    if (outcome !== undefined) this.outcomes.add(lane, work, outcome);
    return outcome !== undefined;
  }

  /** Nothing is in doubt any more. */
  clear(): void {
    this.recorded.clear();
    this.unread = ALL_READ;
    this.hint = undefined;
  }
}
