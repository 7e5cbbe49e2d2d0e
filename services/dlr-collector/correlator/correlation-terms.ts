import type { IdFormat } from "../../../domain/receipts/provider-message-id.ts";
import type { Event, Inbound, NumberNetwork } from "../../../schemas/generated/types.ts";
import type { EarlyReceipt } from "./early-receipts.ts";

/** What is to be known of a provider to wait for its receipts. */
export interface ProviderTerms {
  /** From submission to giving up on receipts, milliseconds. */
  readonly receiptDeadlineMs: number;
  /** A receipt for each part of a long message (SMPP), or one for all of it (HTTP). */
  readonly receiptPerPart: boolean;
  /**
   * In which notation its submit responses write ids, where its receipts may come without the destination: then the ids of
   * messages that wait are told to the index. Undefined: its receipts always say which message they are of.
   */
  readonly indexed: IdFormat | undefined;
  /** From a request to its answer at the most, milliseconds: what was received earlier belongs to another submission. */
  readonly answerMs: number;
}

/** Bounds of one partition's state. */
export interface CorrelationLimits {
  /** Receipts that may wait for their submission. */
  readonly earlyCount: number;
  /** How long they may wait, milliseconds of stream time. */
  readonly earlyMs: number;
  /** Receipts of ids that have ended which are kept for a moment: the id may have been given again. */
  readonly lateCount: number;
  /** After so long a receipt without a submission may be taken for that of a submission in doubt, milliseconds. */
  readonly doubtMs: number;
  /** From a submission until it is known to be in doubt, at most: an older receipt is not taken for its own, milliseconds. */
  readonly doubtKnownMs: number;
  /** A message that waits for its receipt for longer is told to the index of submissions, milliseconds. */
  readonly indexAfterMs: number;
  /** A message that is open for longer is kept in sms.correlation, milliseconds. */
  readonly keepAfterMs: number;
  /** With more open messages than this the events of further ones are held in their small form: costs time, saves memory. */
  readonly unpacked: number;
  /** Finished messages, and finished provider ids, that are remembered. */
  readonly finished: number;
  /** Messages and receipts that may fall due in one batch. */
  readonly dueAtOnce: number;
}

export const DEFAULT_LIMITS: CorrelationLimits = {
  earlyCount: 10_000,
  earlyMs: 600_000,
  lateCount: 1_000,
  doubtMs: 10_000,
  doubtKnownMs: 60_000,
  indexAfterMs: 15_000,
  keepAfterMs: 120_000,
  unpacked: 10_000,
  finished: 50_000,
  dueAtOnce: 1_000,
};

/** Where the correlation puts what it concludes. */
export interface CorrelationOutputs {
  /** An event for sms.events; `id` identifies it. */
  emit(id: string, event: Event, trace: string | undefined): void;
  /** A record for sms.correlation; must be stored before the position to rebuild from moves on. */
  keep(key: string, event: Event, trace: string | undefined): void;
  /** Removes a record from sms.correlation; only after everything emitted so far is stored. */
  forget(key: string): void;
  /** A provider's id (canonical) belongs to this destination: for receipts that do not say. */
  index(provider: string, id: string, to: string): void;
  /** A receipt that belongs to no submission known here: kept where it can be looked at. */
  putAside(orphan: EarlyReceipt): void;
  /** A receipt named another network than its message was routed by. */
  learned(known: NumberNetwork): void;
  /** What looked like a receipt is a message from a handset. `offset`: where it stands in sms.receipts. */
  inbound(message: Inbound, offset: number): void;
}
