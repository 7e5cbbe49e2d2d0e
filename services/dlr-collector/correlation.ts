/**
 * Joins delivery receipts with the submissions they belong to, for one partition of destinations, and ends every
 * message exactly once. Pure: it takes decoded events and receipts, in any order and with repeats, and a time up to which
 * everything has been read; it gives events to write. What it knows can be rebuilt from what it has written.
 */
import { canonicalId } from "../../domain/receipts/provider-message-id.ts";
import { isFinal, type PartState } from "../../domain/receipts/receipt-lattice.ts";
import type { Event, Receipt } from "../../schemas/generated/types.ts";
import type { CorrelationCounters } from "./correlation-counters.ts";
import type { CorrelationLimits, CorrelationOutputs, ProviderTerms } from "./correlation-terms.ts";
import { type EarlyReceipt, EarlyReceipts } from "./early-receipts.ts";
import { finalId, finalOfClosed, finalOfSubmission, partEvent, partId } from "./final-event.ts";
import { type EventPacking, KeptMessages } from "./kept-messages.ts";
import { hasRoom, isSame, note, type OpenMessage, type Submission, type Verdict, verdictOf } from "./open-message.ts";
import { type EventPosition, OpenMessages } from "./open-messages.ts";

export interface CorrelationOptions {
  readonly terms: (provider: string) => ProviderTerms;
  readonly limits: CorrelationLimits;
  readonly counters: CorrelationCounters;
  readonly packing: EventPacking;
  /** Told of each receipt that is given up without a submission. */
  readonly onOrphan?: (receipt: EarlyReceipt) => void;
}

/** In so many times the wait of a receipt for its submission the owner of a partition has come to it. */
const TRIED_DOUBTS = 2;
const NONE: readonly number[] = [];
const NO_IDS: readonly string[] = [];

export class Correlation {
  private readonly options: CorrelationOptions;
  private readonly messages: OpenMessages;
  private readonly kept: KeptMessages;
  private readonly early: EarlyReceipts;
  private replaying = false;
  /** Append time of the newest receipt that waited in a replay, epoch milliseconds. */
  private replayedUpTo = Number.NEGATIVE_INFINITY;
  /** Where conclusions go, and the time of the call, epoch milliseconds; set by each public method. */
  private out!: CorrelationOutputs;
  private now = 0;

  constructor(options: CorrelationOptions) {
    this.options = options;
    this.messages = new OpenMessages(options.limits.finished);
    this.kept = new KeptMessages(options.packing);
    this.early = new EarlyReceipts(options.limits.earlyCount);
  }

  get size(): { readonly open: number; readonly kept: number; readonly early: number } {
    return { open: this.messages.size, kept: this.messages.keptSize, early: this.early.size };
  }

  /** Receipts that wait for their submission. */
  get earlyCount(): number {
    return this.early.size;
  }

  isOpen(messageId: string): boolean {
    return this.messages.get(messageId) !== undefined;
  }

  /** Offset in sms.events of the oldest event that is needed to rebuild what is open; Infinity when there is none. */
  get oldestEvent(): number {
    return this.messages.oldest?.first ?? Number.POSITIVE_INFINITY;
  }

  /** Offset in sms.receipts of the oldest receipt that still waits; Infinity when none does. */
  get oldestReceipt(): number {
    return this.early.oldest?.offset ?? Number.POSITIVE_INFINITY;
  }

  /** Until `endReplay`, what is given has been processed before: it is taken in, and nothing is concluded from it. */
  beginReplay(): void {
    this.replaying = true;
  }

  /** Ends what can be ended and has not been, as far as the replay showed. */
  endReplay(out: CorrelationOutputs, now: number): void {
    this.begin(out, now);
    this.replaying = false;
    // Receipts that the last owner has surely tried against submissions in doubt. The others have their turn to come: the
    // submission that they belong to may have none but this one.
    this.early.markTriedUpTo(this.replayedUpTo - TRIED_DOUBTS * this.options.limits.doubtMs);
    for (const message of this.messages.values()) {
      this.settle(message, undefined, NONE);
      this.writeUnkept(message);
    }
  }

  /**
   * A message that the last owner had begun to keep in sms.correlation when it ended: what receipts say of its parts may
   * not stand there yet, and from the next commit on nothing else would tell.
   */
  private writeUnkept(message: OpenMessage): void {
    if (message.age !== undefined || !this.isOpen(message.id)) return;
    for (const submission of message.submissions)
      submission.parts.forEach((part, i) => {
        if (part === undefined || !isFinal(part.state)) return;
        const key = partId(message.id, submission.attempt, i + 1, part.state);
        if (!message.kept?.includes(key)) this.writePart(submission, i);
      });
  }

  /** Takes an event of any type. */
  event(event: Event, position: EventPosition, out: CorrelationOutputs, now: number): void {
    this.begin(out, now);
    if (event.type === "submitted" || event.type === "in_doubt") this.submission(event, position);
    else if (event.type === "closed") this.closed(event, position);
    else if (event.type === "receipt") this.partKnown(event);
    else if (event.type === "final") {
      this.messages.rememberIds(event);
      this.final(event.facts.messageId, out);
    }
    if (this.messages.size > this.options.limits.unpacked) this.pack(event.facts.messageId);
  }

  private pack(messageId: string): void {
    const message = this.messages.get(messageId);
    if (message !== undefined) this.kept.pack(message);
  }

  /** A terminal event stands in the log, whoever wrote it. */
  final(messageId: string, out: CorrelationOutputs): void {
    const message = this.messages.get(messageId);
    if (message === undefined) this.messages.rememberFinished(messageId);
    else {
      this.messages.remove(message);
      this.kept.forget(message, out);
    }
  }

  /** Takes back an event that stands in sms.correlation under `key`. Only while replaying, before all others. */
  restoreKept(key: string, event: Event, trace: string | undefined, out: CorrelationOutputs): void {
    this.event(event, { offset: Number.POSITIVE_INFINITY, timestamp: event.at, trace }, out, event.at);
    const message = this.messages.get(event.facts.messageId);
    if (message === undefined) {
      out.forget(key);
      return;
    }
    this.messages.leaveLog(message);
    this.kept.note(message, key);
    this.kept.pack(message);
  }

  receipt(receipt: Receipt, offset: number, timestamp: number, out: CorrelationOutputs, now: number): void {
    this.begin(out, now);
    const { counters } = this.options;
    const { provider, state, receivedAt } = receipt;
    if (!isFinal(state)) {
      counters.enroute++;
      return;
    }
    const id = canonicalId(receipt.providerMessageId);
    const messageId = receipt.messageId ?? undefined;
    const known = partState(receipt.state, receipt.errorCode, receipt.doneAt);
    const found = this.messages.index.find(provider, id, receipt.to) ?? this.findByMessage(provider, id, messageId);
    if (found !== undefined) {
      counters.joined++;
      this.fold(found.submission, found.part, known, receivedAt);
    } else if (
      this.messages.isFinishedId(provider, id) ||
      (messageId !== undefined && this.messages.isFinished(messageId))
    )
      counters.afterFinal++;
    else {
      counters.early++;
      const { to } = receipt;
      const waiting = { provider, id, to, messageId, offset, since: timestamp, state: known, receivedAt };
      if (this.replaying) this.replayedUpTo = Math.max(this.replayedUpTo, timestamp);
      const evicted = this.early.add(waiting);
      if (evicted !== undefined) this.orphan(evicted);
    }
  }

  /** Does what falls due by time. `readUpTo`: what was written before, epoch milliseconds, has been given to this object. */
  pass(readUpTo: number, out: CorrelationOutputs, now: number): void {
    this.begin(out, now);
    const { messages, early } = this;
    const { keepAfterMs, doubtMs, earlyMs, dueAtOnce } = this.options.limits;
    const due = (since: number | undefined, afterMs: number) => since !== undefined && since + afterMs <= readUpTo;
    let budget = dueAtOnce;
    for (; budget > 0 && due(messages.oldest?.since, keepAfterMs); budget--) {
      const message = messages.oldest!;
      messages.leaveLog(message);
      this.kept.keep(message, out, now);
    }
    for (; budget > 0 && due(early.oldestFresh?.since, doubtMs); budget--) this.tryDoubtful(early.oldestFresh!);
    for (; budget > 0 && due(early.oldest?.since, earlyMs); budget--) {
      const { oldest } = early;
      early.remove(oldest!);
      this.orphan(oldest!);
    }
    for (; budget > 0; budget--) {
      const message = messages.overdue(readUpTo);
      if (message === undefined) return;
      this.finish(message, verdictOf(message, true)!, "no receipt by the deadline");
    }
  }

  private begin(out: CorrelationOutputs, now: number): void {
    this.out = out;
    this.now = now;
  }

  private submission(event: Event, position: EventPosition): void {
    const { counters, terms } = this.options;
    const { messageId, segments } = event.facts;
    const provider = event.provider ?? "";
    const ids = event.providerMessageIds.map(canonicalId).filter((id, i, all) => all.indexOf(id) === i);
    if (this.messages.isFinished(messageId)) {
      counters.afterFinal++;
      this.messages.rememberIds(event);
      // Its receipts are late ones, also those that came before: none of them may be taken for another message's.
      for (const id of ids) if (this.early.take(provider, id, event.facts.to) !== undefined) counters.afterFinal++;
      return;
    }
    const open = this.messages.get(messageId);
    const same = open?.submissions.find((one) => isSame(one, event, provider, ids));
    if (same !== undefined) {
      // What was in doubt has been answered after all; anything else says nothing new.
      if (same.doubtful && ids.length > 0) this.resolveDoubt(same, event, ids);
      else counters.repeats++;
      return;
    }
    const message = open ?? this.messages.begin(event, position);
    const { receiptDeadlineMs, receiptPerPart } = terms(provider);
    const submission: Submission = {
      message,
      attempt: event.attempt,
      provider,
      ids: NO_IDS,
      parts: [],
      total: ids.length > 0 ? ids.length : receiptPerPart ? Math.max(1, segments) : 1,
      doubtful: ids.length === 0,
      receiptAt: undefined,
      event,
    };
    message.submissions = message.submissions.concat(submission);
    this.messages.waitUntil(message, (event.submittedAt ?? event.at) + receiptDeadlineMs, receiptDeadlineMs);
    if (message.age === undefined) this.kept.keepEvent(message, event, this.out);
    if (submission.doubtful) this.messages.index.addDoubtful(submission, message.to);
    this.connect(submission, ids);
    if (submission.doubtful) this.takeWaiting(submission, position.timestamp);
  }

  /**
   * Receipts have often waited long when a submission turns out to be in doubt: they come within seconds, and that is
   * known only after the response time-out or a takeover.
   */
  private takeWaiting(submission: Submission, since: number): void {
    const { message, provider } = submission;
    const { index } = this.messages;
    for (const early of this.early.triedOf(provider, message.to)) {
      if (early.since < since - this.options.limits.doubtKnownMs) continue;
      if (index.onlyDoubtful(provider, message.to) !== submission) return;
      this.early.remove(early);
      this.options.counters.joinedInDoubt++;
      this.fold(submission, this.adopt(submission, early.id), early.state, early.receivedAt);
    }
  }

  /** Enters ids into the index and joins the receipts that came before. */
  private connect(submission: Submission, ids: readonly string[]): void {
    const { message, provider } = submission;
    const news: number[] = [];
    for (const id of ids) {
      if (submission.ids.includes(id)) continue;
      const part = this.adopt(submission, id);
      const early = this.early.take(provider, id, message.to);
      if (early !== undefined && note(submission, part, early.state, early.receivedAt)) news.push(part);
    }
    if (hasRoom(submission) && this.early.size > 0)
      for (const early of this.early.ofMessage(message.id, provider)) {
        if (!hasRoom(submission)) break;
        this.early.remove(early);
        const part = this.adopt(submission, early.id);
        if (note(submission, part, early.state, early.receivedAt)) news.push(part);
      }
    this.settle(message, submission, news);
  }

  private resolveDoubt(submission: Submission, event: Event, ids: readonly string[]): void {
    this.messages.index.removeDoubtful(submission, submission.message.to);
    submission.doubtful = false;
    submission.event = event;
    submission.total = new Set([...submission.ids, ...ids]).size;
    if (submission.message.age === undefined) this.kept.keepEvent(submission.message, event, this.out);
    this.connect(submission, ids);
  }

  private closed(event: Event, position: EventPosition): void {
    const { messageId } = event.facts;
    const open = this.messages.get(messageId);
    if (this.messages.isFinished(messageId) || open?.closed !== undefined) {
      this.options.counters.repeats++;
      return;
    }
    const message = open ?? this.messages.begin(event, position);
    message.closed = event;
    if (message.age === undefined) this.kept.keepEvent(message, event, this.out);
    this.settle(message, undefined, NONE);
  }

  /** A part's state that this or an earlier owner has written down. */
  private partKnown(event: Event): void {
    const message = this.messages.get(event.facts.messageId);
    const { part: number, state, attempt, receiptAt, at } = event;
    if (message === undefined || number === null || state === null) return;
    const provider = event.provider ?? "";
    const first = event.providerMessageIds[0];
    const id = first === undefined ? undefined : canonicalId(first);
    const submission = message.submissions.find(
      (one) =>
        one.attempt === attempt &&
        one.provider === provider &&
        (id === undefined || one.ids.includes(id) || hasRoom(one)),
    );
    if (submission === undefined) return;
    let part = id === undefined ? number - 1 : submission.ids.indexOf(id);
    if (part < 0) part = this.adopt(submission, id!);
    if (!note(submission, part, partState(state, event.errorCode, event.doneAt), receiptAt ?? at)) return;
    if (message.age === undefined) this.kept.keepEvent(message, event, this.out);
    this.settle(message, submission, NONE);
  }

  /** A submission in doubt of the message that a receipt names. */
  private findByMessage(provider: string, id: string, messageId: string | undefined) {
    if (messageId === undefined) return undefined;
    const open = this.messages.get(messageId);
    const submission = open?.submissions.find((one) => one.provider === provider && hasRoom(one));
    return submission === undefined ? undefined : { submission, part: this.adopt(submission, id) };
  }

  /** A submission learns the id of its next part. Gives the part, from 0. */
  private adopt(submission: Submission, id: string): number {
    const part = submission.ids.length;
    // Not pushed: an array that grows reserves room for 17, and most of these never hold more than one.
    submission.ids = submission.ids.concat(id);
    this.messages.index.add(submission, id);
    if (submission.doubtful && !hasRoom(submission))
      this.messages.index.removeDoubtful(submission, submission.message.to);
    return part;
  }

  /** A receipt that names no message and has no submission may be that of one in doubt, if only one is. */
  private tryDoubtful(early: EarlyReceipt): void {
    const { index } = this.messages;
    const doubtful = early.messageId === undefined ? index.onlyDoubtful(early.provider, early.to) : undefined;
    if (doubtful === undefined) {
      this.early.markTried(early);
      return;
    }
    this.early.remove(early);
    this.options.counters.joinedInDoubt++;
    this.fold(doubtful, this.adopt(doubtful, early.id), early.state, early.receivedAt);
  }

  private fold(submission: Submission, part: number, state: PartState, receivedAt: number): void {
    if (note(submission, part, state, receivedAt)) this.settle(submission.message, submission, [part]);
  }

  /** Ends the message if it can be ended; otherwise writes down which parts are done. */
  private settle(message: OpenMessage, submission: Submission | undefined, news: readonly number[]): void {
    if (this.replaying) return;
    const verdict = verdictOf(message, false);
    if (verdict !== undefined) this.finish(message, verdict, "receipt");
    else for (const part of news) this.writePart(submission!, part);
  }

  private writePart(submission: Submission, part: number): void {
    const { message, attempt } = submission;
    const event = partEvent(this.kept.unpack(submission.event), submission, part, submission.parts[part]!, this.now);
    this.out.emit(partId(message.id, attempt, part + 1, event.state!), event, message.trace);
    if (message.age === undefined) this.kept.keepEvent(message, event, this.out);
  }

  private finish(message: OpenMessage, { submission, state }: Verdict, reason: string): void {
    const final =
      submission === undefined
        ? finalOfClosed(this.kept.unpack(message.closed!), this.now)
        : finalOfSubmission(this.kept.unpack(submission.event), submission, state, reason, this.now);
    this.out.emit(finalId(message.id), final, message.trace);
    this.options.counters.finals[final.state as keyof CorrelationCounters["finals"]]++;
    this.messages.remove(message);
    this.kept.forget(message, this.out);
  }

  private orphan(early: EarlyReceipt): void {
    this.options.counters.orphans++;
    this.options.onOrphan?.(early);
  }
}

function partState(state: PartState["state"], errorCode: string | null, doneAt: number | null): PartState {
  return { state, errorCode: errorCode ?? undefined, doneAt: doneAt ?? undefined };
}
