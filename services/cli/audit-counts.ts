import { type TerminalStatus, terminalStatuses } from "../../domain/message/status.ts";

/** Offenders named in a list; the counts are always whole. */
export const MAX_LISTED = 20;
/** Reasons told apart; they come from the records. */
const MAX_REASONS = 50;
const REASON_LENGTH = 64;

/** What the audit of a partition, or of all of them, found. */
export interface AuditCounts {
  /** Distinct messages requested. */
  accepted: number;
  /** Of these, with a terminal event. */
  terminal: number;
  byState: Record<TerminalStatus, number>;
  /** Accepted, not ended, and not due before a time to come: scheduled messages, and such that a rule holds back. */
  waiting: number;
  /** Accepted without a terminal event, requests that no decision names, and unreadable requests without a dead letter. */
  missing: number;
  missingIds: string[];
  /** Submitted again without a stated reason; with ledgers: accepted by the providers more often than the events explain. */
  duplicated: number;
  duplicatedIds: string[];
  /** Messages submitted again for a stated reason: an earlier submission was in doubt. */
  resubmitted: number;
  resubmittedIds: string[];
  /** Their repeated submissions, by reason. */
  resubmittedBy: Record<string, number>;
  /** Decisions to send a message on to another provider after its receipt. */
  rerouted: number;
  /** Messages that providers accepted at least once; only with ledgers. */
  sent: number;
  /** Terminal events beyond the first of a message that say something else. */
  contradicting: number;
  /** Terminal events of messages that nobody requested. */
  unrequested: number;
  /** Receipts whose message stands nowhere, by provider and id. */
  orphanReceipts: number;
  /** Shortened. */
  orphanReceiptIds: string[];
  /** Requests nobody can read; each must have its dead letter. */
  unreadable: number;
  /** Requests that say word for word the same as an earlier one under its id: nothing came of them. */
  repeats: number;
  /** Requests that stood in another partition than their destination's, or under another key. */
  misplaced: number;
}

export function noCounts(): AuditCounts {
  const byState = Object.fromEntries(terminalStatuses.map((state) => [state, 0])) as Record<TerminalStatus, number>;
  return {
    accepted: 0,
    terminal: 0,
    byState,
    waiting: 0,
    missing: 0,
    missingIds: [],
    duplicated: 0,
    duplicatedIds: [],
    resubmitted: 0,
    resubmittedIds: [],
    resubmittedBy: {},
    rerouted: 0,
    sent: 0,
    contradicting: 0,
    unrequested: 0,
    orphanReceipts: 0,
    orphanReceiptIds: [],
    unreadable: 0,
    repeats: 0,
    misplaced: 0,
  };
}

/** Adds counts to others, in place. */
export function addCounts(sum: AuditCounts, more: AuditCounts): void {
  for (const state of terminalStatuses) sum.byState[state] += more.byState[state];
  for (const [reason, count] of Object.entries(more.resubmittedBy)) addReason(sum, reason, count);
  for (const key of Object.keys(more) as (keyof AuditCounts)[]) {
    const value = more[key];
    if (typeof value === "number") (sum[key] as number) += value;
    else if (Array.isArray(value)) for (const id of value) list(sum[key] as string[], id);
  }
}

/** Counts a repeated submission under its reason. */
export function addReason(counts: AuditCounts, reason: string, count = 1): void {
  const by = counts.resubmittedBy;
  const name = reason.slice(0, REASON_LENGTH);
  const known = Object.hasOwn(by, name) || Object.keys(by).length < MAX_REASONS ? name : "other";
  by[known] = (Object.hasOwn(by, known) ? by[known]! : 0) + count;
}

/** Names an offender while there is room. */
export function list(ids: string[], id: string): void {
  if (ids.length < MAX_LISTED) ids.push(id);
}
