import type { InRecord, OutRecord } from "./record.ts";

/** Rows gathered for one insert. */
export interface SinkBlock {
  readonly rows: number;
  readonly bytes: number;
  /** Appends the record. Must not throw for any content of it. */
  add(record: InRecord): "added" | Refused | NotYet;
}

/** The record can never become a row: it goes to the dead letters. */
export interface Refused {
  readonly refused: string;
  /** What is wrong, without any of the content. */
  readonly detail: string;
}

/** The record can be judged only after something has been fetched: it is added again after `prepare`, which is repeated while it rejects. */
export interface NotYet {
  readonly prepare: () => Promise<unknown>;
}

/** A block that had been given to the store before without being confirmed, and is confirmed now. */
export interface Doubt {
  readonly token: string;
  readonly partition: number;
  /** Its records' offsets: [start, end). */
  readonly start: number;
  readonly end: number;
  /** The first try was at most so long ago, ms. */
  readonly ageMs: number;
  /** False when the partition has been lost: somebody else may be at work on the same block. */
  readonly alive: () => boolean;
}

/** Where the rows go. */
export interface SinkStore<B extends SinkBlock> {
  open(): B;
  /** Stores the block, unless one with this token is stored already. A rejection means: outcome unknown, it is called again. */
  insert(block: B, token: string): Promise<void>;
  /** Called after the insert of a block that was in doubt, where the store's word alone is not enough. A rejection: it is called again. */
  settle?(block: B, doubt: Doubt): Promise<void>;
  /** The dead letter of a record; small enough for the producer. */
  deadLetter(record: InRecord, why: Refused): OutRecord;
}
