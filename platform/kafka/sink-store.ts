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

/** Where the rows go. */
export interface SinkStore<B extends SinkBlock> {
  open(): B;
  /** Stores the block, unless one with this token is stored already. A rejection means: outcome unknown, it is called again. */
  insert(block: B, token: string): Promise<void>;
  /** The dead letter of a record; small enough for the producer. */
  deadLetter(record: InRecord, why: Refused): OutRecord;
}
