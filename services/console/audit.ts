import { type TerminalStatus, terminalStatuses } from "../../domain/message/status.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { readEventId } from "./event-id.ts";
import type { ProviderLedger } from "./provider-ledger.ts";
import { UuidTable, withRoom } from "./uuid-table.ts";

/** Messages named in a list of offenders; the counts are always whole. */
export const MAX_LISTED = 20;
/** Records followed to another partition, or without a message id, that are remembered by name. */
const MAX_REMEMBERED = 1_000_000;
/** Attempts told apart: bits of a mask, the last one standing for all beyond. */
const MAX_ATTEMPT_BIT = 31;

/** Kinds of events that are counted, as their ids name them. */
const WANTED: ReadonlySet<string> = new Set(["submitted", "resubmitted", "returned", "closed", "final"]);

/** What the audit of a partition, or of all of them, found. */
export interface AuditCounts {
  /** Distinct messages requested. */
  accepted: number;
  /** Of these, with a terminal event. */
  terminal: number;
  byState: Record<TerminalStatus, number>;
  /** Accepted without a terminal event, and unreadable requests without a dead letter. */
  missing: number;
  missingIds: string[];
  /** Submitted again without a stated reason; with ledgers: accepted by the providers more often than the events explain. */
  duplicated: number;
  duplicatedIds: string[];
  /** Submitted again for a stated reason: an earlier submission was in doubt. */
  resubmitted: number;
  /** Messages that providers accepted at least once; only with ledgers. */
  sent: number;
  /** Terminal events beyond the first of a message that say something else. */
  contradicting: number;
  /** Terminal events of messages that nobody requested. */
  unrequested: number;
  /** Receipts whose submission stands nowhere. */
  orphanReceipts: number;
  /** Requests nobody can read; each must have its dead letter. */
  unreadable: number;
  /** Requests that stood in another partition than their destination's, or under another key. */
  misplaced: number;
}

export function noCounts(): AuditCounts {
  const byState = Object.fromEntries(terminalStatuses.map((state) => [state, 0])) as Record<TerminalStatus, number>;
  return {
    accepted: 0,
    terminal: 0,
    byState,
    missing: 0,
    missingIds: [],
    duplicated: 0,
    duplicatedIds: [],
    resubmitted: 0,
    sent: 0,
    contradicting: 0,
    unrequested: 0,
    orphanReceipts: 0,
    unreadable: 0,
    misplaced: 0,
  };
}

/** Adds counts to others, in place. */
export function addCounts(sum: AuditCounts, more: AuditCounts): void {
  for (const state of terminalStatuses) sum.byState[state] += more.byState[state];
  for (const key of Object.keys(more) as (keyof AuditCounts)[]) {
    const value = more[key];
    if (typeof value === "number") (sum[key] as number) += value;
    else if (Array.isArray(value)) {
      const list = sum[key] as string[];
      list.push(...value.slice(0, MAX_LISTED - list.length));
    }
  }
}

/** What a partition's records say together. Everything of one destination stands in partitions of one number. */
export interface PartitionAuditResult {
  readonly counts: AuditCounts;
  /** Messages whose request stood here although they belong to another partition: what became of them stands there. */
  readonly elsewhere: ReadonlyMap<string, number>;
}

/**
 * Adds up one partition number: first all its requests, then its dead letters, events and receipts in any order. Every
 * record may come more than once. About 60 octets a message.
 */
export class PartitionAudit {
  readonly #messages = new UuidTable();
  /** 0: none; n: terminalStatuses[n - 1]. */
  #state = new Uint8Array(0);
  /** Attempts as bits: submitted, submitted again though in doubt, handed back, handed back though perhaps accepted. */
  #submitted = new Uint32Array(0);
  #resubmitted = new Uint32Array(0);
  #returned = new Uint32Array(0);
  #doubtful = new Uint32Array(0);
  readonly #elsewhere = new Map<string, number>();
  readonly #unreadable = new Set<string>();
  readonly #deadLetters = new Set<string>();
  /** Provider and id of every submitted part, hashed. */
  readonly #submissions = new Set<number>();
  readonly #receipts = new Map<number, string | null>();
  readonly #counts = noCounts();

  /** A request. `home`: the partition of its destination when it does not stand there. */
  request(messageId: string, home?: number): void {
    if (home === undefined) this.#row(messageId);
    else {
      this.#counts.misplaced++;
      if (this.#elsewhere.size < MAX_REMEMBERED) this.#elsewhere.set(messageId, home);
    }
  }

  /** A request that cannot be read, at `topic/partition/offset`. */
  unreadable(place: string): void {
    this.#unreadable.add(place);
  }

  /** A dead letter of the record at `topic/partition/offset`. */
  deadLetter(place: string): void {
    if (this.#deadLetters.size < MAX_REMEMBERED) this.#deadLetters.add(place);
  }

  /** Whether an event with this id needs to be decoded at all. */
  wants(id: string | undefined): boolean {
    return WANTED.has(readEventId(id)?.kind ?? "");
  }

  event(event: Event): void {
    const { messageId } = event.facts;
    if (event.type === "submitted")
      for (const id of event.providerMessageIds) this.#submissions.add(submissionKey(event.provider, id));
    const row = this.#messages.find(messageId);
    if (row < 0) {
      // A refused request ends where it stands, even when it belongs elsewhere.
      if (!this.#elsewhere.has(messageId)) {
        if (event.type === "final") this.#counts.unrequested++;
        return;
      }
      if (event.type !== "final" && event.type !== "closed") return;
      this.#elsewhere.delete(messageId);
      this.#row(messageId);
      this.event(event);
      return;
    }
    const bit = 1 << Math.min(event.attempt, MAX_ATTEMPT_BIT);
    if (event.type === "submitted") {
      const mask = event.resubmitted === null ? this.#submitted : this.#resubmitted;
      mask[row]! |= bit;
    } else if (event.type === "returned") {
      this.#returned[row]! |= bit;
      // A reason on a return says why some or all of it may have been accepted nevertheless.
      if (event.errorClass === "unknown" || event.reason !== null) this.#doubtful[row]! |= bit;
    } else if (event.type === "final") this.#final(row, event);
  }

  /** A receipt as the provider gave it. */
  receipt(provider: string, providerMessageId: string, messageId: string | null): void {
    if (this.#receipts.size < MAX_REMEMBERED) this.#receipts.set(submissionKey(provider, providerMessageId), messageId);
  }

  /** The result; nothing may be added after it. */
  finish(ledger?: ProviderLedger): PartitionAuditResult {
    const counts = this.#counts;
    for (let row = 0; row < this.#messages.size; row++) {
      const state = this.#state[row]!;
      counts.accepted++;
      if (state > 0) {
        counts.terminal++;
        counts.byState[terminalStatuses[state - 1]!]++;
      } else this.#missing(this.#messages.idOf(row));
      if (this.#resubmitted[row] !== 0) counts.resubmitted++;
      const sent = ledger?.sent(this.#messages.idOf(row)) ?? 0;
      if (sent > 0) counts.sent++;
      if (this.#doubled(row) || sent > this.#allowed(row)) {
        counts.duplicated++;
        if (counts.duplicatedIds.length < MAX_LISTED) counts.duplicatedIds.push(this.#messages.idOf(row));
      }
    }
    counts.unreadable = this.#unreadable.size;
    for (const place of this.#unreadable)
      if (!this.#deadLetters.has(place)) this.#missing(`${place} (unreadable, without a dead letter)`);
    for (const [key, messageId] of this.#receipts) {
      const known = this.#submissions.has(key) || (messageId !== null && this.#messages.find(messageId) >= 0);
      if (!known) counts.orphanReceipts++;
    }
    return { counts, elsewhere: this.#elsewhere };
  }

  /** Whether the message is requested in this partition. */
  knows(messageId: string): boolean {
    return this.#messages.find(messageId) >= 0;
  }

  #row(messageId: string): number {
    const row = this.#messages.add(messageId);
    if (row < this.#state.length) return row;
    const size = row + 1;
    this.#state = withRoom(this.#state, size);
    this.#submitted = withRoom(this.#submitted, size);
    this.#resubmitted = withRoom(this.#resubmitted, size);
    this.#returned = withRoom(this.#returned, size);
    this.#doubtful = withRoom(this.#doubtful, size);
    return row;
  }

  #final(row: number, event: Event): void {
    const state = terminalStatuses.indexOf(event.state as TerminalStatus) + 1;
    if (this.#state[row] === 0) this.#state[row] = state;
    else if (this.#state[row] !== state) this.#counts.contradicting++;
  }

  /** By the events alone: submitted, and then submitted again in a later attempt that states no reason. */
  #doubled(row: number): boolean {
    const plain = this.#submitted[row]!;
    const before = (plain | this.#resubmitted[row]!) & ~this.#returned[row]!;
    const first = before & -before;
    // Plain submissions in attempts after the first one that stood.
    return before !== 0 && (plain & ~((first << 1) - 1)) !== 0;
  }

  /** How often the providers may have accepted the message: once, and once more for every stated reason. */
  #allowed(row: number): number {
    // What was handed back in doubt is the reason of the next attempt: stated once, by either event.
    return 1 + bitCount(this.#resubmitted[row]! | (this.#doubtful[row]! << 1));
  }

  #missing(id: string): void {
    const counts = this.#counts;
    counts.missing++;
    if (counts.missingIds.length < MAX_LISTED) counts.missingIds.push(id);
  }
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** 53 bits of provider and id: enough to tell some millions of submissions apart. */
function submissionKey(provider: string | null, id: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  const text = `${provider}\n${id}`;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995);
  }
  return ((high >>> 11) * 2 ** 32 + (low >>> 0)) % Number.MAX_SAFE_INTEGER;
}
