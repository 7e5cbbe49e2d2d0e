import type { DispatchHandler, Work } from "./dispatch-handler.ts";
import type { DispatchLane } from "./dispatch-lane.ts";
import type { JournalHint } from "./journal-hint.ts";
import type { OutcomeWriter } from "./outcome-writer.ts";

/** What becomes of the works that an earlier owner of the partition may have handed over. */
export class Doubt<W, O> {
  private readonly handler: Pick<DispatchHandler<W, O>, "recover" | "retold" | "inDoubt">;
  private readonly outcomes: OutcomeWriter<W>;
  private readonly recorded: Map<string, O>;
  private hint: JournalHint | undefined;

  /** `recorded`: outcomes that stand in their log, by work id. `hint`: what else the last owner knew. */
  constructor(
    handler: Pick<DispatchHandler<W, O>, "recover" | "retold" | "inDoubt">,
    outcomes: OutcomeWriter<W>,
    recorded: Map<string, O>,
    hint: JournalHint | undefined,
  ) {
    this.handler = handler;
    this.outcomes = outcomes;
    this.recorded = recorded;
    this.hint = hint;
  }

  /** Looks at a work of which an earlier owner may have made something: it may have known better. */
  look(lane: DispatchLane<W>, work: Work<W>): void {
    const { offset } = work.record;
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
    this.hint = undefined;
  }
}
