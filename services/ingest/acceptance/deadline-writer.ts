import type { OutRecord } from "../../../platform/kafka/record.ts";

/** The part of the record producer that accepting needs. */
export interface Writer {
  readonly hasRoom: boolean;
  /** Monotonic ms since which nothing has been confirmed of what is being written; 0 while nothing is. */
  readonly unconfirmedSince: number;
  /** Monotonic ms since which a partition without a leader has confirmed nothing of what waits for it; 0: it has one, or nothing waits. */
  leaderlessSince(topic: string, partition: number): number;
  send(records: readonly OutRecord[]): Promise<void>;
}

/**
 * - `stored`: every record is on all in-sync replicas;
 * - `refused`: nothing was queued, so nothing can come of it;
 * - `unknown`: Kafka has not answered in time. The records stay queued and may yet be stored.
 */
export type WriteOutcome = "stored" | "refused" | "unknown";

/**
 * Writes records and tells within a deadline what is known of them. While Kafka has confirmed nothing for longer than the
 * deadline new work is refused at once: a clear "no" is worth more to a client than a "perhaps" five seconds later. Where
 * single partitions have no leader, only what is for them alone is refused so.
 */
export class DeadlineWriter {
  readonly #writer: Writer;
  readonly #deadlineMs: number;
  readonly #failed: (error: unknown) => void;

  /** @param onFault told of faults of the writer that are neither an overflow nor a delay. */
  constructor(writer: Writer, deadlineMs: number, onFault: (error: unknown) => void = () => {}) {
    this.#writer = writer;
    this.#deadlineMs = deadlineMs;
    this.#failed = onFault;
  }

  /** Whether work would be taken now; asked before anything is done for a request. */
  open(nowMs: number): boolean {
    const { unconfirmedSince, hasRoom } = this.#writer;
    return hasRoom && !this.#isOver(unconfirmedSince, nowMs);
  }

  #isOver(sinceMs: number, nowMs: number): boolean {
    return sinceMs !== 0 && nowMs - sinceMs >= this.#deadlineMs;
  }

  /** Whether nothing of this can be stored now. What is for others as well is written: they need not wait for it. */
  #isHeldUp(records: readonly OutRecord[], nowMs: number): boolean {
    return (
      records.length > 0 &&
      records.every(({ topic, partition }) => this.#isOver(this.#writer.leaderlessSince(topic, partition), nowMs))
    );
  }

  write(records: readonly OutRecord[], nowMs: number): Promise<WriteOutcome> {
    if (!this.open(nowMs) || this.#isHeldUp(records, nowMs)) return Promise.resolve("refused");
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#deadlineMs, "unknown");
      const settle = (outcome: WriteOutcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      this.#writer.send(records).then(
        () => settle("stored"),
        (error: unknown) => {
          this.#failed(error);
          // A batch is queued whole or not at all, but after a rejection on closing a part may be stored.
          settle("unknown");
        },
      );
    });
  }
}
