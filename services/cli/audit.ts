import { type TerminalStatus, terminalStatuses } from "../../domain/message/status.ts";
import { TAKEOVER } from "../../domain/message/submit-outcome.ts";
import { canonicalId, idForms } from "../../domain/receipts/provider-message-id.ts";
import { readEventId } from "../../pipeline/records/event-id.ts";
import { hashOf } from "../../pipeline/records/id-hash.ts";
import type { Event, Receipt } from "../../schemas/generated/types.ts";
import { type AuditCounts, addReason, list, noCounts } from "./audit-counts.ts";
import { KeySet, keyOf } from "./key-set.ts";
import { MAX_SUSPECTS, type Suspect } from "./namesakes.ts";
import type { ProviderLedger } from "./provider-ledger.ts";
import { RequestLedger, type RequestRecord } from "./request-ledger.ts";
import { ALL, inSlice, type Slice, SliceOverflow } from "./slice.ts";
import { UuidTable, withRoom } from "./uuid-table.ts";

/** Messages in one pass at the most, by default: about 150 octets each. */
export const MAX_MESSAGES = 5_000_000;
/** Records followed to another partition, or without a message id, that are remembered by name in one pass. */
const MAX_NAMED = 500_000;
/** Provider message ids for each message that a pass may hold: long messages have up to ten. */
const IDS_PER_MESSAGE = 4;
/** Attempts told apart: bits of a mask, the last one standing for all beyond. */
const MAX_ATTEMPT_BIT = 31;

/** Kinds of events that say how a message fared, as their ids name them. */
const OF_MESSAGES: ReadonlySet<string> = new Set([
  "postponed",
  "submitted",
  "resubmitted",
  "returned",
  "in_doubt",
  "rerouted",
  "final",
]);
/** Kinds that say which receipts belong to it. A final event has the ids that a submission in doubt got from its receipts. */
const OF_RECEIPTS: ReadonlySet<string> = new Set(["submitted", "resubmitted", "returned", "in_doubt", "final"]);

/** What keys of messages are told apart by from those of providers, whose ids have no blank. */
const MESSAGE = "a message";

export interface PartitionAuditOptions {
  /** Its number. Default 0. */
  readonly partition?: number;
  /** Only these: messages by their id, receipts and what belongs to them by their destination. Default: all. */
  readonly slice?: Slice;
  /** Default {@link MAX_MESSAGES}. */
  readonly maxMessages?: number;
  /** Whether receipts will be given. Default true. */
  readonly receipts?: boolean;
  /** Epoch ms: a message that waits for a later time need not have ended. Default: now. */
  readonly now?: number;
}

/** What a partition's records say together. Everything of one destination stands in partitions of one number. */
export interface PartitionAuditResult {
  readonly counts: AuditCounts;
  /** Messages whose request stood here although they belong to another partition: what became of them stands there. By place. */
  readonly elsewhere: ReadonlyMap<string, Elsewhere>;
  /** Those counted as duplicated for what the providers accepted, by the id alone. */
  readonly suspects: readonly Suspect[];
}

/** One message of one number: an id that was given to two numbers is two messages. */
export interface AuditedMessage {
  readonly id: string;
  /** Digits, as events name it. */
  readonly to: string;
}

/** A message that belongs to partition `home`. */
export interface Elsewhere extends AuditedMessage {
  readonly home: number;
}

/** Where a request stands, what it says, and the partition of its destination when that is another one. */
export interface RequestAt {
  readonly topic: string;
  readonly offset: number;
  readonly says: RequestRecord;
  readonly home?: number | undefined;
  /** The place that the router moved it from. */
  readonly movedFrom?: string | undefined;
}

/**
 * Adds up one partition number, or a slice of it: first all its requests, then its dead letters and events in any order,
 * then its receipts. Every record may come more than once. What does not fit ends with a SliceOverflow. Messages and
 * receipts are sliced apart, since the records about a message have its id and a receipt only has its destination; so
 * what all slices find adds up to what one pass over everything finds.
 */
export class PartitionAudit {
  readonly #slice: Slice;
  readonly #maxMessages: number;
  readonly #receipts: boolean;
  readonly #now: number;
  readonly #messages = new UuidTable();
  /** 0: none; n: terminalStatuses[n - 1]. */
  #state = new Uint8Array(0);
  /** Attempts as bits: submitted, submitted again though in doubt, handed back, handed back though perhaps accepted. */
  #submitted = new Uint32Array(0);
  #resubmitted = new Uint32Array(0);
  #returned = new Uint32Array(0);
  #doubtful = new Uint32Array(0);
  /** Attempts that were said to be in doubt. */
  #inDoubt = new Uint32Array(0);
  /** Attempts that a receipt of the one before has led to. */
  #rerouted = new Uint32Array(0);
  /** Attempts whose event states a takeover. */
  #takenOver = new Uint32Array(0);
  /** Until when it waits for its time, by the latest decision that says so, epoch ms; 0: for none. */
  #due = new Float64Array(0);
  /** Hash of each message's number. */
  #salt = new Uint32Array(0);
  readonly #partition: number;
  readonly #ledger: RequestLedger;
  readonly #elsewhere = new Map<string, Elsewhere>();
  readonly #unreadable = new Set<string>();
  /** Ids of the providers and of the messages themselves, by which receipts are known. */
  readonly #known = new KeySet();
  readonly #orphans = new KeySet();
  readonly #counts = noCounts();

  constructor(options: PartitionAuditOptions = {}) {
    const { partition = 0, slice = ALL, maxMessages = MAX_MESSAGES, receipts = true, now = Date.now() } = options;
    this.#now = now;
    this.#partition = partition;
    this.#ledger = new RequestLedger(partition);
    this.#slice = slice;
    this.#maxMessages = maxMessages;
    this.#receipts = receipts;
  }

  request(message: AuditedMessage, { topic, offset, says, home, movedFrom }: RequestAt): void {
    if (movedFrom !== undefined) this.moved(movedFrom);
    if (!inSlice(message.id, this.#slice)) return;
    if (home === undefined) {
      this.#ledger.add(topic, offset, says, this.#row(message));
      return;
    }
    this.#counts.misplaced++;
    this.#elsewhere.set(`${topic}/${this.#partition}/${offset}`, { ...message, home });
    this.#bound(this.#elsewhere.size, MAX_NAMED);
  }

  /** The router has moved the record at `topic/partition/offset` and given it its id: what is decided is said of what it wrote. */
  moved(place: string): void {
    this.#ledger.decided(place);
  }

  /** A decision about the record at `topic/partition/offset`, whatever id it has. */
  decision(place: string): void {
    this.#ledger.decided(place);
    const refused = this.#elsewhere.get(place);
    if (refused === undefined) return;
    // Refused where it stood, although it belongs elsewhere: it ends here.
    this.#elsewhere.delete(place);
    this.#row(refused);
  }

  /** A request that cannot be read, at `topic/partition/offset`. */
  unreadable(place: string): void {
    if (!inSlice(place, this.#slice) || this.#unreadable.has(place)) return;
    this.#counts.unreadable++;
    this.#unreadable.add(place);
    this.#bound(this.#unreadable.size, MAX_NAMED);
  }

  /** A dead letter of the record at `topic/partition/offset`. */
  deadLetter(place: string): void {
    this.#unreadable.delete(place);
    this.#ledger.decided(place);
  }

  /** Whether an event with this id and key needs to be decoded at all. */
  wants(id: string | undefined, key: string | Uint8Array | null): boolean {
    const known = readEventId(id);
    if (known === undefined) return false;
    return (
      (OF_MESSAGES.has(known.kind) && inSlice(known.messageId, this.#slice)) ||
      (this.#receipts && OF_RECEIPTS.has(known.kind) && key !== null && inSlice(key, this.#slice))
    );
  }

  event(event: Event): void {
    const { messageId, to } = event.facts;
    if (this.#receipts && inSlice(to, this.#slice)) this.#noteIds(event);
    if (inSlice(messageId, this.#slice)) this.#note(event);
  }

  /** Whether a receipt with this key needs to be decoded at all. */
  wantsReceipt(key: string | Uint8Array | null): boolean {
    return this.#receipts && key !== null && inSlice(key, this.#slice);
  }

  /** A receipt as the provider gave it, at `topic/partition/offset`. */
  receipt({ provider, providerMessageId, messageId, to }: Receipt, place: string): void {
    if (messageId !== null && this.#known.has(keyOf(MESSAGE, messageId))) return;
    // As the correlator joins them: to one destination an id may be written in hexadecimal or in decimal digits.
    const space = `${provider}/${to}`;
    const forms = idForms(providerMessageId);
    for (const form of forms) if (this.#known.has(keyOf(space, form))) return;
    if (!this.#orphans.add(keyOf(space, forms[0]!))) return;
    this.#counts.orphanReceipts++;
    list(this.#counts.orphanReceiptIds, `${provider} …${providerMessageId.slice(-4)} at ${place}`);
    this.#bound(this.#orphans.size, this.#maxMessages);
  }

  /** The result; nothing may be added after it. */
  finish(ledger?: ProviderLedger): PartitionAuditResult {
    const suspects: Suspect[] = [];
    const counts = this.#counts;
    for (let row = 0; row < this.#messages.size; row++) {
      const state = this.#state[row]!;
      counts.accepted++;
      if (state > 0) {
        counts.terminal++;
        counts.byState[terminalStatuses[state - 1]!]++;
      } else if (this.#due[row]! > this.#now) counts.waiting++;
      else this.#missing(this.#idOf(row));
      if (this.#resubmitted[row] !== 0) counts.resubmitted++;
      const sent = ledger?.sent(this.#idOf(row)) ?? 0;
      if (sent > 0) counts.sent++;
      const allowed = this.#allowed(row);
      const doubled = this.#doubled(row);
      if (!doubled && sent > allowed && suspects.length < MAX_SUSPECTS)
        suspects.push({ id: this.#idOf(row), sent, allowed });
      if (doubled || sent > allowed) {
        counts.duplicated++;
        list(counts.duplicatedIds, this.#idOf(row));
      }
    }
    const { repeats, undecided } = this.#ledger.finish();
    counts.repeats += repeats;
    // One whose message has not ended either is missing already.
    for (const { place, row } of undecided)
      if (this.#state[row]! > 0) this.#missing(`${place} (no decision names it, and it repeats no other request)`);
    for (const place of this.#unreadable) this.#missing(`${place} (unreadable, without a dead letter)`);
    return { counts, elsewhere: this.#elsewhere, suspects };
  }

  #bound(count: number, most: number): void {
    if (count > most) throw new SliceOverflow(`more than ${most} at once`);
  }

  #noteIds(event: Event): void {
    const { messageId, to } = event.facts;
    for (const id of event.providerMessageIds) this.#known.add(keyOf(`${event.provider}/${to}`, canonicalId(id)));
    this.#known.add(keyOf(MESSAGE, messageId));
    this.#bound(this.#known.size, this.#maxMessages * IDS_PER_MESSAGE);
  }

  #note(event: Event): void {
    const { messageId, to } = event.facts;
    const row = this.#messages.find(messageId, hashOf(to));
    if (row < 0) {
      if (event.type === "final") this.#counts.unrequested++;
      return;
    }
    const bit = 1 << Math.min(event.attempt, MAX_ATTEMPT_BIT);
    // Without a class it is no failure: the message was handed in for a later time, or a rule has it wait.
    if (event.type === "postponed" && event.errorClass === null && event.due !== null)
      this.#due[row] = Math.max(this.#due[row]!, event.due);
    if (event.type === "submitted") {
      if (event.resubmitted === null) this.#submitted[row]! |= bit;
      else this.#again(row, bit, event, event.resubmitted);
    } else if (event.type === "returned") {
      this.#returned[row]! |= bit;
      // A reason on a return says why some or all of it may have been accepted nevertheless.
      if (event.errorClass === "unknown" || event.reason !== null) this.#doubtful[row]! |= bit;
      if (event.reason === TAKEOVER) this.#takenOver[row]! |= bit;
    } else if (event.type === "in_doubt") {
      this.#inDoubt[row]! |= bit;
    } else if (event.type === "rerouted") {
      const next = 1 << Math.min(event.attempt + 1, MAX_ATTEMPT_BIT);
      if ((this.#rerouted[row]! & next) === 0) this.#counts.rerouted++;
      this.#rerouted[row]! |= next;
    } else if (event.type === "final") this.#final(row, event);
  }

  /** Submitted again for a stated reason; the event may come more than once. */
  #again(row: number, bit: number, { attempt, facts }: Event, reason: string): void {
    if (reason === TAKEOVER) this.#takenOver[row]! |= bit;
    const before = this.#resubmitted[row]!;
    if ((before & bit) !== 0) return;
    this.#resubmitted[row] = before | bit;
    addReason(this.#counts, reason);
    list(this.#counts.resubmittedIds, `${facts.messageId} in attempt ${attempt}: ${reason}`);
  }

  #idOf(row: number): string {
    return this.#messages.idOf(row, this.#salt[row]);
  }

  #row({ id, to }: AuditedMessage): number {
    const salt = hashOf(to);
    const row = this.#messages.add(id, salt);
    this.#bound(this.#messages.size, this.#maxMessages);
    const size = row + 1;
    this.#salt = withRoom(this.#salt, size);
    this.#salt[row] = salt;
    if (row < this.#state.length) return row;
    this.#state = withRoom(this.#state, size);
    this.#due = withRoom(this.#due, size);
    this.#submitted = withRoom(this.#submitted, size);
    this.#resubmitted = withRoom(this.#resubmitted, size);
    this.#returned = withRoom(this.#returned, size);
    this.#doubtful = withRoom(this.#doubtful, size);
    this.#inDoubt = withRoom(this.#inDoubt, size);
    this.#rerouted = withRoom(this.#rerouted, size);
    this.#takenOver = withRoom(this.#takenOver, size);
    return row;
  }

  #final(row: number, event: Event): void {
    const state = terminalStatuses.indexOf(event.state as TerminalStatus) + 1;
    if (this.#state[row] === 0) this.#state[row] = state;
    else if (this.#state[row] !== state) this.#counts.contradicting++;
  }

  /**
   * By the events alone: submitted, and then submitted again in a later attempt that states no reason, although no receipt had said
   * that the one before failed.
   */
  #doubled(row: number): boolean {
    const plain = this.#submitted[row]!;
    const stood = (plain | this.#resubmitted[row]!) & ~this.#returned[row]!;
    let before = stood & -stood;
    if (before === 0) return false;
    for (let rest = (plain | stood) & ~upTo(before); rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest;
      const between = upTo(bit) & ~upTo(before);
      if ((plain & bit) !== 0 && (this.#rerouted[row]! & between) === 0) return true;
      if ((stood & bit) !== 0) before = bit;
    }
    return false;
  }

  /**
   * How often the providers may have accepted the message: once in each attempt that was submitted or stayed in doubt. Senders
   * before those that say so of every doubt handed it back with a reason instead, or submitted it again in the same attempt
   * after a takeover, and could not know how many had died in that before: then nothing bounds it.
   */
  #allowed(row: number): number {
    const [inDoubt, takenOver] = [this.#inDoubt[row]!, this.#takenOver[row]!];
    const firstDoubt = inDoubt === 0 ? Number.POSITIVE_INFINITY : lowestBit(inDoubt);
    if (takenOver !== 0 && lowestBit(takenOver) <= firstDoubt) return Number.POSITIVE_INFINITY;
    const attempts = bitCount(this.#submitted[row]! | this.#resubmitted[row]! | (inDoubt & ~this.#returned[row]!));
    // What was handed back in doubt is the reason of the next attempt: stated once, by either event.
    return Math.max(attempts, 1 + bitCount(this.#resubmitted[row]! | (this.#doubtful[row]! << 1)));
  }

  #missing(id: string): void {
    this.#counts.missing++;
    list(this.#counts.missingIds, id);
  }
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** All bits up to this one. */
function upTo(bit: number): number {
  return (bit << 1) - 1;
}

function lowestBit(mask: number): number {
  return (mask & -mask) >>> 0;
}
