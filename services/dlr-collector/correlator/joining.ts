import { isOfCountry } from "../../../domain/numbers/mobile-country-codes.ts";
import { canonicalId, normaliseProviderMessageId } from "../../../domain/receipts/provider-message-id.ts";
import { isFinal, isTelling, type PartState } from "../../../domain/receipts/receipt-lattice.ts";
import type { Event, Receipt } from "../../../schemas/generated/types.ts";
import { Chain } from "./chain.ts";
import type { CorrelationLimits, ProviderTerms } from "./correlation-terms.ts";
import { type EarlyReceipt, EarlyReceipts, type Unmatched } from "./early-receipts.ts";
import type { Ending } from "./ending.ts";
import type { KeptMessages } from "./kept-messages.ts";
import { hasRoom, isProven, isSame, note, type OpenMessage, partOf, type Submission } from "./open-message.ts";
import type { EventPosition, OpenMessages } from "./open-messages.ts";
import type { Rerouting } from "./rerouting.ts";
import type { FoundPart } from "./submission-index.ts";
import type { Turn } from "./turn.ts";

export interface JoiningOptions {
  readonly messages: OpenMessages;
  readonly kept: KeptMessages;
  readonly ending: Ending;
  readonly rerouting: Rerouting;
  readonly terms: (provider: string) => ProviderTerms;
  readonly limits: CorrelationLimits;
  /** Whether networks that receipts name are kept. */
  readonly learns: () => boolean;
  /** Told of each receipt that is given up without a submission. */
  readonly onOrphan: ((receipt: EarlyReceipt) => void) | undefined;
}

/** In so many times the wait of a receipt for its submission the owner of a partition has come to it. */
const TRIED_DOUBTS = 2;
const NO_IDS: readonly string[] = [];

// Longer than most files here: every way in which a receipt and a submission can meet, and what keeps each from taking
// what belongs to another. Taking it apart would hide that they exclude each other.

/**
 * Finds the submission that a receipt belongs to, whichever is read first: by the provider's id and the destination, and
 * by time, since ids come again. What contradicts is never applied.
 */
export class Joining {
  private readonly options: JoiningOptions;
  private readonly messages: OpenMessages;
  private readonly early: EarlyReceipts;
  /** Receipts of ids that have ended: late ones, unless the id has been given again and its submission is still to be read. */
  private readonly late: EarlyReceipts;
  /**
   * Submissions whose turn to take a receipt by its destination has not come. Receipts may have waited long when a doubt
   * becomes known, and the `submitted` events that they belong to stand behind it: after a stall all are written at once.
   */
  private readonly doubts = new Chain<Submission>();
  /** Append time of the newest receipt that waited in a replay, epoch milliseconds. */
  private replayedUpTo = Number.NEGATIVE_INFINITY;

  constructor(options: JoiningOptions) {
    this.options = options;
    this.messages = options.messages;
    this.early = new EarlyReceipts(options.limits.earlyCount);
    this.late = new EarlyReceipts(options.limits.lateCount);
  }

  /** Receipts that wait for their submission. */
  get waiting(): number {
    return this.early.size;
  }

  /** Offset of the oldest receipt that waits; Infinity when none does. */
  get oldestOffset(): number {
    const { early, late } = this;
    return Math.min(early.oldest?.offset ?? Number.POSITIVE_INFINITY, late.oldest?.offset ?? Number.POSITIVE_INFINITY);
  }

  /** Takes a `submitted` or `in_doubt` event. @returns whether it says that a provider has taken the message, and nothing said so before */
  submission(event: Event, position: EventPosition, turn: Turn): boolean {
    const { kept } = this.options;
    const { counters } = turn;
    const { messageId, to } = event.facts;
    const provider = event.provider ?? "";
    const ids = event.providerMessageIds.map(canonicalId).filter((id, i, all) => all.indexOf(id) === i);
    const open = this.messages.known(messageId, to);
    if (open === undefined && this.messages.isFinished(messageId, to) && !this.messages.endIsAhead(messageId, to)) {
      counters.repeats++;
      this.messages.rememberIds(event);
      const notBefore = this.notBefore(event, position);
      // Its receipts are late ones, also those that came before: none of them may be taken for another message's.
      for (const id of ids) if (this.early.take(provider, id, to, notBefore) !== undefined) counters.afterFinal++;
      return false;
    }
    const same = open?.submissions.find((one) => isSame(one, event, provider, ids));
    if (same !== undefined) {
      const isNews = !same.answered && event.type === "submitted";
      // What was in doubt has been answered after all; anything else says nothing new.
      if (same.doubtful && ids.length > 0) this.resolveDoubt(same, event, ids, turn);
      else if (isNews) this.answeredWithoutIds(same, event, turn);
      else counters.repeats++;
      return isNews && !same.message.ended;
    }
    const message = open ?? this.messages.begin(event, position);
    const submission = this.begin(message, event, position, ids);
    if (message.age === undefined) kept.keepEvent(message, event, turn.out);
    if (submission.doubtful) {
      this.messages.index.addDoubtful(submission, message.to);
      this.doubts.append(submission);
    }
    this.connect(submission, ids, turn);
    return submission.answered && !message.ended;
  }

  /** A part's state that this or an earlier owner has written down. */
  partKnown(event: Event, turn: Turn): void {
    const { kept, ending } = this.options;
    const message = this.messages.known(event.facts.messageId, event.facts.to);
    const { part: number, state, attempt, receiptAt, at } = event;
    if (message === undefined || number === null || state === null) return;
    const provider = event.provider ?? "";
    const first = event.providerMessageIds[0];
    const id = first === undefined ? undefined : canonicalId(first);
    const submission = message.submissions.find(
      (one) =>
        one.attempt === attempt &&
        one.provider === provider &&
        (id === undefined || partOf(one, id) >= 0 || hasRoom(one)),
    );
    if (submission === undefined) return;
    let part = id === undefined ? number - 1 : partOf(submission, id);
    if (part < 0) part = this.adopt(submission, id!);
    if (!note(submission, part, partState(state, event.errorCode, event.doneAt), receiptAt ?? at)) return;
    if (message.age === undefined) kept.keepEvent(message, event, turn.out);
    ending.settle(message, submission, [], turn);
  }

  receipt(receipt: Receipt, offset: number, timestamp: number, turn: Turn): void {
    const { counters } = turn;
    const { provider, to, messageId, receivedAt } = receipt;
    const id = canonicalId(receipt.providerMessageId);
    const state = partState(receipt.state, receipt.errorCode, receipt.doneAt);
    if (!isFinal(state.state)) counters.enroute++;
    const found = this.messages.index.find(provider, id, to, timestamp) ?? this.findByMessage(receipt, id);
    if (found !== undefined) {
      if (isFinal(state.state)) counters.joined++;
      if (isTelling(state)) this.fold(found, { receipt, state, receivedAt }, turn);
      else this.prove(found, state, receivedAt, turn);
      return;
    }
    const ended = messageId !== null && this.messages.isFinished(messageId, to);
    const waiting = { receipt, id, offset, since: timestamp, state, receivedAt };
    if (ended || this.messages.isFinishedId(provider, id, to)) {
      counters.afterFinal++;
      if (!ended) this.late.add(waiting);
      return;
    }
    if (isFinal(state.state)) counters.early++;
    if (turn.replaying) this.replayedUpTo = Math.max(this.replayedUpTo, timestamp);
    const evicted = this.early.add(waiting);
    if (evicted !== undefined) this.giveUp(evicted, turn);
  }

  /**
   * Whether a copy of a message in doubt is still to be sent, all having been read that was written before it was known
   * to be in doubt and for a while after: no answer and no receipt shows that a provider has the message.
   * `attempt`: the one in doubt.
   */
  needsCopy(messageId: string, to: string, attempt: number, turn: Turn): boolean {
    if (this.messages.isFinished(messageId, to)) return false;
    const message = this.messages.get(messageId, to);
    // Who knows nothing of a message may not let it end here.
    if (message === undefined) return true;
    const doubted = message.submissions.find((one) => one.attempt === attempt);
    if (doubted !== undefined && !isProven(doubted)) this.takeWaiting(doubted, () => true, turn);
    // Of what was sent on from it is known already that it was taken, and failed.
    const since = message.rerouted?.attempt ?? 0;
    return !message.submissions.some((one) => one.attempt >= since && isProven(one));
  }

  /**
   * The replay has ended. Receipts that the last owner has surely tried against submissions in doubt are not tried again.
   * The others have their turn to come: the submission that they belong to may have none but this one. `eventsUpTo`: append
   * time of the newest event that the last owner had taken in, epoch ms; turns come by the events, which receipts run ahead of.
   */
  endReplay(eventsUpTo: number): void {
    const tried = Math.min(eventsUpTo, this.replayedUpTo) - TRIED_DOUBTS * this.options.limits.doubtMs;
    this.early.markTriedUpTo(tried);
    while (this.doubts.first !== undefined && this.doubts.first.since <= tried) this.doubts.shift();
  }

  /** Does what falls due by time, up to `budget` receipts and doubts. @returns what is left of the budget */
  pass(readUpTo: number, budget: number, turn: Turn): number {
    const { early, late, doubts } = this;
    const { doubtMs, earlyMs, doubtKnownMs } = this.options.limits;
    const due = (since: number | undefined, afterMs: number) => since !== undefined && since + afterMs <= readUpTo;
    let left = budget;
    for (; left > 0 && due(early.oldestFresh?.since, doubtMs); left--)
      this.tryDoubtful(early.oldestFresh!, readUpTo, turn);
    // Those that are still fresh have their own turn.
    for (; left > 0 && due(doubts.first?.since, doubtMs); left--)
      this.takeWaiting(doubts.shift()!, (waiting) => !waiting.fresh, turn);
    for (; left > 0 && due(early.oldest?.since, earlyMs); left--) {
      const { oldest } = early;
      early.remove(oldest!);
      this.giveUp(oldest!, turn);
    }
    for (; left > 0 && due(late.oldest?.since, doubtKnownMs); left--) late.remove(late.oldest!);
    return left;
  }

  private begin(message: OpenMessage, event: Event, position: EventPosition, ids: readonly string[]): Submission {
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
      answered: event.type === "submitted",
      refused: false,
      notBefore: this.notBefore(event, position),
      since: position.timestamp,
      submittedAt: event.submittedAt ?? event.at,
      silence: undefined,
      receiptAt: undefined,
      event,
    };
    message.submissions = message.submissions.concat(submission);
    this.awaitNext(message, submission, event);
    if (this.options.terms(provider).indexed !== undefined) this.messages.toTell(message);
    this.messages.waitUntil(message, submission.submittedAt + receiptDeadlineMs, receiptDeadlineMs);
    return submission;
  }

  /** Notes which attempt it may be in now, and until when its receipt may be missing. */
  private awaitNext(message: OpenMessage, submission: Submission, event: Event): void {
    const { rerouting } = this.options;
    const { attempt, answered } = submission;
    const copied = !answered && rerouting.mayBeCopied(event);
    message.lastAttempt = Math.max(message.lastAttempt, copied ? attempt + 1 : attempt);
    const afterMs = rerouting.waitsFor(event);
    if (afterMs !== undefined) this.messages.silent.add(submission, afterMs);
  }

  /** Tells the index of submissions which destination the ids of a message belong to. */
  tell(message: OpenMessage, { out }: Turn): void {
    this.messages.told(message);
    for (const { provider, ids } of message.submissions) {
      const { indexed } = this.options.terms(provider);
      if (indexed === undefined) continue;
      for (const id of ids) {
        out.index(provider, id, message.to);
        // Receipts come in the notation that the provider's settings say.
        const normalised = canonicalId(normaliseProviderMessageId(id, indexed));
        if (normalised !== id) out.index(provider, normalised, message.to);
      }
    }
  }

  /** When the message of a `submitted` or `in_doubt` event left at the earliest, epoch ms. */
  private notBefore({ type, provider, submittedAt, at }: Event, { timestamp }: EventPosition): number {
    const { terms, limits } = this.options;
    if (type === "submitted") return (submittedAt ?? at) - terms(provider ?? "").answerMs;
    return timestamp - limits.doubtKnownMs;
  }

  /** Joins receipts that have waited with a submission in doubt, as long as it is the only one there. */
  private takeWaiting(submission: Submission, may: (early: EarlyReceipt) => boolean, turn: Turn): void {
    const { message, provider } = submission;
    const { index } = this.messages;
    for (const early of this.early.ofPlace(provider, message.to)) {
      if (early.latest < submission.notBefore || !may(early) || isLookAlike(early)) continue;
      if (index.onlyDoubtful(provider, message.to) !== submission) return;
      this.joinInDoubt(submission, early, turn);
    }
  }

  private joinInDoubt(submission: Submission, waiting: EarlyReceipt, turn: Turn): void {
    const early = this.early.takeSince(waiting, submission.notBefore);
    if (early === undefined) return;
    turn.counters.joinedInDoubt++;
    const found = { submission, part: this.adopt(submission, early.id) };
    if (isTelling(early.state)) this.fold(found, early, turn);
    else this.prove(found, early.state, early.receivedAt, turn);
  }

  /**
   * A message in doubt is on its way: it was taken, so that no copy goes, and its id is known. The next owner must know it as
   * well, and no answer has said so.
   */
  private prove({ submission, part }: FoundPart, state: PartState, receivedAt: number, turn: Turn): void {
    if (submission.answered || submission.parts[part] !== undefined) return;
    note(submission, part, state, receivedAt);
    this.options.ending.tell(submission, part, turn);
  }

  /** Enters ids into the index and joins the receipts that came before. */
  private connect(submission: Submission, ids: readonly string[], turn: Turn): void {
    const { message, provider, notBefore } = submission;
    const news: number[] = [];
    const take = (part: number, early: Unmatched) => news.push(...this.note({ submission, part }, early, turn));
    for (const id of ids) {
      if (submission.ids.includes(id)) continue;
      const part = this.adopt(submission, id);
      const early =
        this.early.take(provider, id, message.to, notBefore) ?? this.late.take(provider, id, message.to, notBefore);
      if (early !== undefined) take(part, early);
    }
    if (hasRoom(submission) && this.early.size > 0)
      for (const early of this.early.ofMessage(message.id, provider)) {
        if (!hasRoom(submission)) break;
        this.early.remove(early);
        take(this.adopt(submission, early.id), early);
      }
    this.options.ending.settle(message, submission, news, turn);
  }

  private answeredWithoutIds(submission: Submission, event: Event, { out }: Turn): void {
    submission.answered = true;
    submission.refused = false;
    submission.event = event;
    if (submission.message.age === undefined) this.options.kept.keepEvent(submission.message, event, out);
  }

  private resolveDoubt(submission: Submission, event: Event, ids: readonly string[], turn: Turn): void {
    const { message } = submission;
    this.messages.index.removeDoubtful(submission, message.to);
    submission.doubtful = false;
    submission.answered = true;
    submission.refused = false;
    submission.event = event;
    const news = ids.filter((id) => partOf(submission, id, ids) < 0);
    submission.total = submission.ids.length + news.length;
    if (this.options.terms(submission.provider).indexed !== undefined) this.messages.toTell(message);
    if (message.age === undefined) this.options.kept.keepEvent(message, event, turn.out);
    this.connect(submission, news, turn);
  }

  /** A submission in doubt of the message that a receipt names. */
  private findByMessage({ provider, to, messageId }: Receipt, id: string): FoundPart | undefined {
    if (messageId === null) return undefined;
    const open = this.messages.known(messageId, to);
    const submission = open?.submissions.find((one) => one.provider === provider && hasRoom(one) && !one.refused);
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
  private tryDoubtful(early: EarlyReceipt, readUpTo: number, turn: Turn): void {
    const { provider, to, messageId, inbound } = early.receipt;
    if (inbound !== null) {
      this.early.remove(early);
      turn.counters.lookAlikes++;
      turn.out.inbound(inbound, early.offset);
      return;
    }
    const doubtful = messageId === null ? this.messages.index.onlyDoubtful(provider, to) : undefined;
    const ripe = doubtful !== undefined && doubtful.since + this.options.limits.doubtMs <= readUpTo;
    if (!ripe || early.latest < doubtful.notBefore) this.early.markTried(early);
    else this.joinInDoubt(doubtful, early, turn);
  }

  private fold(found: FoundPart, early: Pick<Unmatched, "receipt" | "state" | "receivedAt">, turn: Turn): void {
    const { submission } = found;
    const news = this.note(found, early, turn);
    if (news.length > 0) this.options.ending.settle(submission.message, submission, news, turn);
  }

  /** Folds a receipt into the part that it speaks of, or into all parts. @returns those with news */
  private note(
    { submission, part }: FoundPart,
    { receipt, state, receivedAt }: Pick<Unmatched, "receipt" | "state" | "receivedAt">,
    turn: Turn,
  ): number[] {
    if (receipt.network !== null && state.state === "delivered") this.learn(submission, receipt.network, turn);
    const { total, provider } = submission;
    const whole = (receipt.parts ?? 1) >= total || !this.options.terms(provider).receiptPerPart;
    const first = whole ? 0 : part;
    const news: number[] = [];
    for (let i = first; i < (whole ? total : part + 1); i++) if (note(submission, i, state, receivedAt)) news.push(i);
    return news;
  }

  /** Whoever delivered it knows which network it was; told where that is not the one that it was routed by. */
  private learn({ message, provider, event }: Submission, network: string, turn: Turn): void {
    if (turn.replaying || !this.options.learns()) return;
    const { facts } = this.options.kept.unpack(event);
    if (facts.network === network || !isOfCountry(network, facts.country)) return;
    turn.counters.learned++;
    turn.out.learned({ to: message.to, network, provider });
  }

  private giveUp(early: EarlyReceipt, turn: Turn): void {
    const { inbound } = early.receipt;
    if (inbound !== null) {
      turn.counters.lookAlikes++;
      turn.out.inbound(inbound, early.offset);
    } else if (isTelling(early.state)) {
      turn.counters.orphans++;
      turn.out.putAside(early);
      this.options.onOrphan?.(early);
    }
  }
}

/** What looks like a receipt and may be a message from a handset: it counts only with an id that is known. */
function isLookAlike({ receipt }: EarlyReceipt): boolean {
  return receipt.inbound !== null;
}

function partState(state: PartState["state"], errorCode: string | null, doneAt: number | null): PartState {
  return { state, errorCode: errorCode ?? undefined, doneAt: doneAt ?? undefined };
}
