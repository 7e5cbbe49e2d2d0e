import { faultPoint } from "#fault-point";
import type { Outcome, Work } from "./dispatch-handler.ts";
import type { DispatchJournal } from "./dispatch-journal.ts";
import type { DispatchLane } from "./dispatch-lane.ts";
import type { RecordProducer } from "./producer.ts";
import type { OutRecord } from "./record.ts";
import type { Task } from "./task.ts";

/** A record that is done when what is written about it is stored. */
export interface Place<W> {
  readonly lane: DispatchLane<W>;
  readonly offset: number;
}

/** Stores what became of works: first the events that say so, then what follows from them; only then their records are done. */
export class OutcomeWriter<W> {
  private readonly task: Task;
  private readonly producer: Pick<RecordProducer, "send">;
  private readonly journal: DispatchJournal | undefined;
  private readonly onFault: (error: unknown) => void;
  private settled: { place: Place<W>; outcome: Outcome }[] = [];
  /** Outcomes whose events are not stored yet. */
  unstored = 0;
  /** Writes under way. */
  writing = 0;

  constructor(
    task: Task,
    producer: Pick<RecordProducer, "send">,
    journal: DispatchJournal | undefined,
    onFault: (error: unknown) => void,
  ) {
    this.task = task;
    this.journal = journal;
    this.producer = producer;
    this.onFault = onFault;
  }

  /** Outcomes that the next `flush` will write. */
  get waiting(): number {
    return this.settled.length;
  }

  add(lane: DispatchLane<W>, work: Work<W>, outcome: Outcome): void {
    const { offset } = work.record;
    this.journal?.outcome({ lane: work.lane, offset, id: work.id }, outcome);
    this.settled.push({ place: { lane, offset }, outcome });
    this.unstored++;
  }

  /** Stores all outcomes of this turn in one write, then what follows from them. */
  flush(): void {
    if (this.settled.length === 0) return;
    this.journal?.flush();
    const { settled } = this;
    this.settled = [];
    const events: OutRecord[] = [];
    const followUp: OutRecord[] = [];
    const places: Place<W>[] = [];
    for (const { place, outcome } of settled) {
      for (const event of outcome.events) events.push(event);
      for (const record of outcome.followUp) followUp.push(record);
      places.push(place);
    }
    this.write(events, followUp, places, settled.length);
  }

  /** `outcomes`: how many of those that were added this stands for. */
  write(events: readonly OutRecord[], followUp: readonly OutRecord[], places: readonly Place<W>[], outcomes = 0): void {
    this.writing++;
    const { producer, task } = this;
    // An outcome is a fact: it is stored even when the partition has been lost meanwhile. What follows from it is not.
    if (events.length > 0) faultPoint("before:outcome-recorded");
    producer
      .send(events)
      .then(() => {
        if (events.length > 0) faultPoint("after:outcome-recorded");
        this.unstored -= outcomes;
        if (followUp.length > 0) faultPoint("before:hand-back-produced");
        return producer.send(followUp, task);
      })
      .then(() => {
        if (followUp.length > 0) faultPoint("after:hand-back-produced");
        for (const { lane, offset } of places) lane.tracker.complete(offset);
      })
      .catch(this.onFault)
      .finally(() => {
        this.writing--;
        task.wake();
      });
  }
}
