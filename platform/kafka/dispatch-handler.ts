import type { InRecord, OutRecord } from "./record.ts";

/** One record on its way through the handler. */
export interface Work<W> {
  readonly record: InRecord;
  /** Index of the input topic: 0 is the most urgent lane. */
  readonly lane: number;
  readonly value: W;
  /** Records with the same key are in flight one after the other. */
  readonly key: string;
  /** Identifies the outcome in the log. */
  readonly id: string;
}

/** Which work it is, and where it stands in its log. */
export interface WorkPlace {
  readonly lane: number;
  readonly offset: number;
  readonly id: string;
}

/** How a work ended: what to store about it, and what to write once that is stored. */
export interface Outcome {
  readonly events: readonly OutRecord[];
  readonly followUp: readonly OutRecord[];
}

/** What the outcome log says of works, as far as it can be read. */
export interface ReadBack<O> {
  /** By work id. Grows while `unread` shrinks. */
  readonly outcomes: Map<string, O>;
  /** Partitions of the log that have no leader: they are read as soon as they have one again, and then leave the set. */
  readonly unread: ReadonlySet<number>;
}

export type Decision<W> =
  | { ok: true; value: W; key: string; id: string }
  | { ok: false; deadLetter: OutRecord }
  /** Not to be understood yet: its lane goes no further until this has settled, and asks again. */
  | { ok: false; wait: Promise<unknown> };

/** What a dispatcher is told by its user. */
export interface DispatchHandler<W, O> {
  /** Understands a record, or says which dead letter stands for it, or what to wait for. Throws: the task fails. */
  decode(record: InRecord, lane: number): Decision<W>;
  /**
   * How many works may be handed over now; `urgent`: works of the most urgent lane, for which a handler may keep some room.
   * When it grows, the handler calls `task.wake()`.
   */
  room(urgent: boolean): number;
  /** Takes a work; `settle` is to be called exactly once, at any later time. */
  submit(work: Work<W>, settle: (outcome: Outcome) => void): void;
  /** Current ends of the outcome log, by partition; a little old is good enough. Undefined: not known, its partition has no leader. */
  outcomeEnds(): Promise<(number | undefined)[]>;
  /** Outcomes stored at or beyond these offsets. What cannot be read yet is read later, until the signal's abort. */
  readBack(from: readonly number[], signal: AbortSignal): Promise<ReadBack<O>>;
  /** The partition of the outcome log that a work's outcome belongs to. Works of one key have the same. */
  outcomePartition(work: Work<W>): number;
  /**
   * Partitions of the outcome log that nothing can be written to now, while others can be. Undefined: none. Asked every turn. Without it what
   * becomes of works waits in the producer, and other works for that.
   */
  unwritable?(): ReadonlySet<number> | undefined;
  /** A work whose outcome is stored: what must follow (it may have been written already). */
  recover(work: Work<W>, outcome: O): readonly OutRecord[];
  /** A work that an earlier owner may have handed over: how it ends; undefined: it may be handed over, again or not. */
  inDoubt(work: Work<W>): Outcome | undefined;
  /** Told of a work that the last owner had ended and whose outcome it could not store: this one stores it. */
  retold?(work: Work<W>, outcome: Outcome): void;
  /**
   * Says how a work ends that is not to be handed over any more, whatever room there is (its time has passed); undefined: it
   * goes on waiting. Asked of the first work of each lane, and also by who only wants to know: what is returned is called once the work
   * ends, before anything else is asked. Handlers without it see to that when it is handed over.
   */
  over?(work: Work<W>): (() => Outcome) | undefined;
  /**
   * A work that would only wait behind others of its key, while too many do or the task drains: it ends with this
   * outcome without having been submitted. Handlers without it let such works wait, and other keys behind them.
   */
  crowded?(work: Work<W>): Outcome;
}
