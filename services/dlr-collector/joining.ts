import { canonicalId } from "../../domain/receipts/provider-message-id.ts";
import { isFinal, type PartState } from "../../domain/receipts/receipt-lattice.ts";
import type { Event, Receipt } from "../../schemas/generated/types.ts";
import type { CorrelationLimits, ProviderTerms } from "./correlation-terms.ts";
import { type EarlyReceipt, EarlyReceipts } from "./early-receipts.ts";
import type { Ending } from "./ending.ts";
import type { KeptMessages } from "./kept-messages.ts";
import { hasRoom, isSame, note, type Submission } from "./open-message.ts";
import type { EventPosition, OpenMessages } from "./open-messages.ts";
import type { Turn } from "./turn.ts";

export interface JoiningOptions {
  readonly messages: OpenMessages;
  readonly kept: KeptMessages;
  readonly ending: Ending;
  readonly terms: (provider: string) => ProviderTerms;
  readonly limits: CorrelationLimits;
  /** Told of each receipt that is given up without a submission. */
  readonly onOrphan: ((receipt: EarlyReceipt) => void) | undefined;
}

/** In so many times the wait of a receipt for its submission the owner of a partition has come to it. */
const TRIED_DOUBTS = 2;
const NO_IDS: readonly string[] = [];

/** Finds the submission that a receipt belongs to, whichever is read first. */
export class Joining {
  private readonly options: JoiningOptions;
  private readonly messages: OpenMessages;
  private readonly early: EarlyReceipts;
  /** Append time of the newest receipt that waited in a replay, epoch milliseconds. */
  private replayedUpTo = Number.NEGATIVE_INFINITY;

  constructor(options: JoiningOptions) {
    this.options = options;
    this.messages = options.messages;
    this.early = new EarlyReceipts(options.limits.earlyCount);
  }

  /** Receipts that wait for their submission. */
  get waiting(): number {
    return this.early.size;
  }

  /** The oldest receipt that waits. */
  get oldest(): EarlyReceipt | undefined {
    return this.early.oldest;
  }

  /** Takes a `submitted` or `in_doubt` event. */
  submission(event: Event, position: EventPosition, turn: Turn): void {
    const { kept } = this.options;
    const { counters } = turn;
    const { messageId } = event.facts;
    const provider = event.provider ?? "";
    const ids = event.providerMessageIds.map(canonicalId).filter((id, i, all) => all.indexOf(id) === i);
    if (this.messages.isFinished(messageId)) {
      counters.repeats++;
      this.messages.rememberIds(event);
      // Its receipts are late ones, also those that came before: none of them may be taken for another message's.
      for (const id of ids) if (this.early.take(provider, id, event.facts.to) !== undefined) counters.afterFinal++;
      return;
    }
    const open = this.messages.get(messageId);
    const same = open?.submissions.find((one) => isSame(one, event, provider, ids));
    if (same !== undefined) {
      // What was in doubt has been answered after all; anything else says nothing new.
      if (same.doubtful && ids.length > 0) this.resolveDoubt(same, event, ids, turn);
      else counters.repeats++;
      return;
    }
    const message = open ?? this.messages.begin(event, position);
    const submission = this.begin(message, event, ids);
    if (message.age === undefined) kept.keepEvent(message, event, turn.out);
    if (submission.doubtful) this.messages.index.addDoubtful(submission, message.to);
    this.connect(submission, ids, turn);
    if (submission.doubtful) this.takeWaiting(submission, position.timestamp, turn);
  }

  /** A part's state that this or an earlier owner has written down. */
  partKnown(event: Event, turn: Turn): void {
    const { kept, ending } = this.options;
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
    if (message.age === undefined) kept.keepEvent(message, event, turn.out);
    ending.settle(message, submission, [], turn);
  }

  receipt(receipt: Receipt, offset: number, timestamp: number, turn: Turn): void {
    const { counters } = turn;
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
      this.fold(found.submission, found.part, known, receivedAt, turn);
    } else if (
      this.messages.isFinishedId(provider, id) ||
      (messageId !== undefined && this.messages.isFinished(messageId))
    )
      counters.afterFinal++;
    else {
      counters.early++;
      const { to } = receipt;
      const waiting = { provider, id, to, messageId, offset, since: timestamp, state: known, receivedAt };
      if (turn.replaying) this.replayedUpTo = Math.max(this.replayedUpTo, timestamp);
      const evicted = this.early.add(waiting);
      if (evicted !== undefined) this.orphan(evicted, turn);
    }
  }

  /**
   * The replay has ended. Receipts that the last owner has surely tried against submissions in doubt are not tried again.
   * The others have their turn to come: the submission that they belong to may have none but this one.
   */
  endReplay(): void {
    this.early.markTriedUpTo(this.replayedUpTo - TRIED_DOUBTS * this.options.limits.doubtMs);
  }

  /** Does what falls due by time, up to `budget` receipts. @returns what is left of the budget */
  pass(readUpTo: number, budget: number, turn: Turn): number {
    const { early } = this;
    const { doubtMs, earlyMs } = this.options.limits;
    const due = (since: number | undefined, afterMs: number) => since !== undefined && since + afterMs <= readUpTo;
    let left = budget;
    for (; left > 0 && due(early.oldestFresh?.since, doubtMs); left--) this.tryDoubtful(early.oldestFresh!, turn);
    for (; left > 0 && due(early.oldest?.since, earlyMs); left--) {
      const { oldest } = early;
      early.remove(oldest!);
      this.orphan(oldest!, turn);
    }
    return left;
  }

  private begin(message: Submission["message"], event: Event, ids: readonly string[]): Submission {
    const provider = event.provider ?? "";
    const { receiptDeadlineMs, receiptPerPart } = this.options.terms(provider);
    const submission: Submission = {
      message,
      attempt: event.attempt,
      provider,
      ids: NO_IDS,
      parts: [],
      total: ids.length > 0 ? ids.length : receiptPerPart ? Math.max(1, event.facts.segments) : 1,
      doubtful: ids.length === 0,
      receiptAt: undefined,
      event,
    };
    message.submissions = message.submissions.concat(submission);
    this.messages.waitUntil(message, (event.submittedAt ?? event.at) + receiptDeadlineMs, receiptDeadlineMs);
    return submission;
  }

  /**
   * Receipts have often waited long when a submission turns out to be in doubt: they come within seconds, and that is
   * known only after the response time-out or a takeover.
   */
  private takeWaiting(submission: Submission, since: number, turn: Turn): void {
    const { message, provider } = submission;
    const { index } = this.messages;
    for (const early of this.early.triedOf(provider, message.to)) {
      if (early.since < since - this.options.limits.doubtKnownMs) continue;
      if (index.onlyDoubtful(provider, message.to) !== submission) return;
      this.early.remove(early);
      turn.counters.joinedInDoubt++;
      this.fold(submission, this.adopt(submission, early.id), early.state, early.receivedAt, turn);
    }
  }

  /** Enters ids into the index and joins the receipts that came before. */
  private connect(submission: Submission, ids: readonly string[], turn: Turn): void {
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
    this.options.ending.settle(message, submission, news, turn);
  }

  private resolveDoubt(submission: Submission, event: Event, ids: readonly string[], turn: Turn): void {
    const { message } = submission;
    this.messages.index.removeDoubtful(submission, message.to);
    submission.doubtful = false;
    submission.event = event;
    submission.total = new Set([...submission.ids, ...ids]).size;
    if (message.age === undefined) this.options.kept.keepEvent(message, event, turn.out);
    this.connect(submission, ids, turn);
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
  private tryDoubtful(early: EarlyReceipt, turn: Turn): void {
    const { index } = this.messages;
    const doubtful = early.messageId === undefined ? index.onlyDoubtful(early.provider, early.to) : undefined;
    if (doubtful === undefined) {
      this.early.markTried(early);
      return;
    }
    this.early.remove(early);
    turn.counters.joinedInDoubt++;
    this.fold(doubtful, this.adopt(doubtful, early.id), early.state, early.receivedAt, turn);
  }

  private fold(submission: Submission, part: number, state: PartState, receivedAt: number, turn: Turn): void {
    if (note(submission, part, state, receivedAt))
      this.options.ending.settle(submission.message, submission, [part], turn);
  }

  private orphan(early: EarlyReceipt, turn: Turn): void {
    turn.counters.orphans++;
    if (!turn.replaying) this.options.onOrphan?.(early);
  }
}

function partState(state: PartState["state"], errorCode: string | null, doneAt: number | null): PartState {
  return { state, errorCode: errorCode ?? undefined, doneAt: doneAt ?? undefined };
}
