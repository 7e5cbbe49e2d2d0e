import { type EndsSample, StreamClock } from "./stream-clock.ts";

/** How far the events of a partition have been read, and where they ended when that was last asked. */
export interface EventsProgress {
  /** First offset in sms.events that has not been taken. */
  readonly position: number;
  /** Events that are in the log and have not been taken, as far as known. */
  readonly backlog: number;
  /** Ends of the inputs, events first; undefined before the first answer. */
  readonly sample: EndsSample | undefined;
}

/** Until a receipt that has to wait is looked at again, milliseconds. */
const AGAIN_MS = 50;

/**
 * Holds receipts back while their submissions may stand unread in the log. There are several events to a receipt, so in
 * a backlog the receipts run ahead and would fill the bounded store of early receipts, which gives up the oldest for
 * good. Once that store is half full, a receipt is taken only when the events that were written before it have been.
 */
export class ReceiptGate {
  private readonly half: number;
  private readonly clock: StreamClock;
  /** Receipts let through since the last batch was processed: each may turn out to be early. */
  private admitted = 0;

  /** `most`: early receipts that are stored at the most. `graceMs`: for clocks that differ. */
  constructor(most: number, graceMs: number) {
    this.half = most / 2;
    this.clock = new StreamClock(graceMs);
  }

  /** Milliseconds until the receipt may be taken, 0: now. `appendedAt`: epoch milliseconds. `early`: stored now. */
  dueIn(appendedAt: number, early: number, events: () => EventsProgress): number {
    if (early + this.admitted >= this.half && appendedAt >= this.clock.readUpTo && !caughtUp(events())) return AGAIN_MS;
    this.admitted++;
    return 0;
  }

  /** After each batch. */
  advance({ sample, position }: EventsProgress): void {
    this.admitted = 0;
    // Of the ends only that of the events counts here.
    this.clock.advance(sample, [position, Number.POSITIVE_INFINITY]);
  }
}

function caughtUp({ position, backlog, sample }: EventsProgress): boolean {
  return backlog === 0 && sample !== undefined && position >= sample.ends[0]!;
}
