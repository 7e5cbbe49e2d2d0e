import type { TerminalStatus } from "../../../domain/message/status.ts";

/** What the correlations of one process have done. */
export interface CorrelationCounters {
  /** Receipts read. */
  receipts: number;
  /** Receipts joined with their submission at once. */
  joined: number;
  /** Receipts that had to wait for their submission. */
  early: number;
  /** Receipts taken for those of a submission in doubt, by provider and destination alone. */
  joinedInDoubt: number;
  /** Receipts given up without a submission; they are kept as dead letters. */
  orphans: number;
  /** Messages from handsets that looked like receipts. */
  lookAlikes: number;
  /** Receipts that are not final: the message is on its way, or the provider does not know. */
  enroute: number;
  /** Receipts of messages that had ended, or of an id that has and may have been given again. */
  afterFinal: number;
  /** Events that said nothing new, those of messages that had ended among them. */
  repeats: number;
  /** Copies of messages in doubt that were released: no answer and no receipt had come. */
  copiesReleased: number;
  /** Copies of messages in doubt that were not needed any more. */
  copiesDropped: number;
  /** Messages sent on to another provider: after a receipt that said it failed, or as none came. */
  readonly rerouted: Record<"failed" | "missing", number>;
  /** Receipts that named another network than their message was routed by. */
  learned: number;
  /** Messages that were to be sent on and whose text is not in the log any more. */
  textsMissing: number;
  /** Records that could not be read. */
  undecodable: number;
  readonly finals: Record<TerminalStatus, number>;
}

export function newCounters(): CorrelationCounters {
  return {
    receipts: 0,
    joined: 0,
    early: 0,
    joinedInDoubt: 0,
    orphans: 0,
    lookAlikes: 0,
    enroute: 0,
    afterFinal: 0,
    repeats: 0,
    copiesReleased: 0,
    copiesDropped: 0,
    rerouted: { failed: 0, missing: 0 },
    learned: 0,
    textsMissing: 0,
    undecodable: 0,
    finals: { delivered: 0, undelivered: 0, failed: 0, expired: 0, rejected: 0, unknown: 0 },
  };
}
