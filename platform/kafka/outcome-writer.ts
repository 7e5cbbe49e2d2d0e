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

interface Settled<W> {
  readonly place: Place<W>;
  readonly outcome: Outcome;
}

/** What a writer needs of a RecordProducer. */
export type OutcomeProducer = Pick<RecordProducer, "send"> & Partial<Pick<RecordProducer, "isUneven">>;

/** Stores what became of works: first the events that say so, then what follows from them; only then their records are done. */
export class OutcomeWriter<W> {
  private readonly task: Task;
  private readonly producer: OutcomeProducer;
  private readonly journal: DispatchJournal | undefined;
  private readonly onFault: (error: unknown) => void;
  private settled: Settled<W>[] = [];
  /** Outcomes whose events are not stored yet. */
  unstored = 0;
  /** Those of them that wait for nothing but one partition of the outcome log, by that. */
  private readonly apart = new Map<number, number>();
  /** Writes under way. */
  writing = 0;

  constructor(
    task: Task,
    producer: OutcomeProducer,
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

  /** How many outcomes wait for these partitions of the outcome log alone. */
  unstoredIn(partitions: ReadonlySet<number>): number {
    let sum = 0;
    for (const partition of partitions) sum += this.apart.get(partition) ?? 0;
    return sum;
  }

  /**
   * Stores all outcomes of this turn in one write, then what follows from them. While some partitions are slower than others each one's outcomes are a
   * write of their own, so that none of them waits for another's.
   */
  flush(): void {
    if (this.settled.length === 0) return;
    this.journal?.flush();
    const { settled } = this;
    this.settled = [];
    if (this.producer.isUneven !== true) {
      this.store(settled);
      return;
    }
    for (const [partition, some] of Map.groupBy(settled, ({ outcome }) => outcome.events[0]?.partition))
      this.store(some, partition);
  }

  private store(settled: readonly Settled<W>[], partition?: number): void {
    const events: OutRecord[] = [];
    const followUp: OutRecord[] = [];
    const places: Place<W>[] = [];
    for (const { place, outcome } of settled) {
      for (const event of outcome.events) events.push(event);
      for (const record of outcome.followUp) followUp.push(record);
      places.push(place);
    }
    if (partition !== undefined) this.apart.set(partition, (this.apart.get(partition) ?? 0) + settled.length);
    this.write(events, followUp, places, settled.length, partition);
  }

  /** `outcomes`: how many of those that were added this stands for. `partition`: the only one of the outcome log that it is for. */
  write(
    events: readonly OutRecord[],
    followUp: readonly OutRecord[],
    places: readonly Place<W>[],
    outcomes = 0,
    partition?: number,
  ): void {
    this.writing++;
    const { producer, task } = this;
    // An outcome is a fact: it is stored even when the partition has been lost meanwhile. What follows from it is not.
    if (events.length > 0) faultPoint("before:outcome-recorded");
    producer
      .send(events)
      .then(() => {
        if (events.length > 0) faultPoint("after:outcome-recorded");
        this.unstored -= outcomes;
        if (partition !== undefined) this.apart.set(partition, this.apart.get(partition)! - outcomes);
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
