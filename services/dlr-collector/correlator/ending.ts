import type { Event } from "../../../schemas/generated/types.ts";
import type { CorrelationCounters } from "./correlation-counters.ts";
import type { ProviderTerms } from "./correlation-terms.ts";
import {
  finalId,
  finalOfClosed,
  finalOfSubmission,
  partEvent,
  partId,
  provenEvent,
  reroutedId,
  submittedId,
} from "./final-event.ts";
import type { KeptMessages } from "./kept-messages.ts";
import {
  hasSingleTry,
  isProven,
  isUnderWay,
  mayStillOwe,
  mustBeKept,
  type OpenMessage,
  type Submission,
  type Verdict,
  verdictOf,
} from "./open-message.ts";
import type { EventPosition, OpenMessages } from "./open-messages.ts";
import type { Rerouting } from "./rerouting.ts";
import type { Turn } from "./turn.ts";

export interface EndingOptions {
  readonly messages: OpenMessages;
  readonly kept: KeptMessages;
  readonly rerouting: Rerouting;
  readonly terms: (provider: string) => ProviderTerms;
  /** Whether a provider of the catalog has prices that are charged on delivery. */
  readonly onDelivery: () => boolean;
  /** Told of each terminal event, and of each submission that only its receipt proves. */
  readonly onConcluded?: ((event: Event) => void) | undefined;
}

/** From the end of a message's validity until the router has said so, at most, milliseconds. */
const CLOSING_MS = 60_000;

/**
 * Ends messages: each exactly once, when what its receipts say is complete and no other provider is to be asked, when nobody has it, or at
 * its deadline.
 */
export class Ending {
  private readonly messages: OpenMessages;
  private readonly kept: KeptMessages;
  private readonly rerouting: Rerouting;
  private readonly terms: EndingOptions["terms"];
  private readonly onDelivery: EndingOptions["onDelivery"];
  private readonly onConcluded: EndingOptions["onConcluded"];

  constructor({ messages, kept, rerouting, terms, onDelivery, onConcluded }: EndingOptions) {
    this.messages = messages;
    this.kept = kept;
    this.rerouting = rerouting;
    this.terms = terms;
    this.onDelivery = onDelivery;
    this.onConcluded = onConcluded;
  }

  /** The router gives a message up: nobody has it, unless a submission is open, which then decides. */
  closed(event: Event, position: EventPosition, turn: Turn): void {
    const { messageId, to } = event.facts;
    const open = this.messages.get(messageId, to);
    if (this.messages.isFinished(messageId, to) || open?.closed !== undefined) {
      turn.counters.repeats++;
      return;
    }
    const message = open ?? this.messages.begin(event, position);
    message.closed = event;
    if (message.age === undefined) this.kept.keepEvent(message, event, turn.out);
    this.settle(message, undefined, [], turn);
  }

  /**
   * Ends the message if it can be ended, or sends it on to another provider; otherwise writes down which parts are done. `news`: parts of
   * the submission that are.
   */
  settle(message: OpenMessage, submission: Submission | undefined, news: readonly number[], turn: Turn): void {
    if (turn.replaying) return;
    if (message.ended) {
      this.owe(message, submission, news, turn);
      return;
    }
    const verdict = verdictOf(message, false);
    const rerouted = verdict?.state === "delivered" ? undefined : this.rerouting.afterFailure(message, turn.now);
    if (verdict !== undefined && rerouted === undefined) {
      if (verdict.submission !== submission) this.writeDelivered(submission, news, turn);
      this.finish(message, verdict, "receipt", turn);
      return;
    }
    for (const part of news) this.writePart(submission!, part, turn);
    if (rerouted !== undefined) this.sendOn(message, rerouted, turn);
  }

  /** The receipt of a submission has not come for as long as its route waits for it. */
  silent(submission: Submission, turn: Turn): void {
    const rerouted = submission.message.ended ? undefined : this.rerouting.afterSilence(submission, turn.now);
    if (rerouted !== undefined) this.sendOn(submission.message, rerouted, turn);
  }

  /** A `rerouted` event stands in the log: of this owner, or of an earlier one. */
  rerouted(event: Event, turn: Turn): void {
    const message = this.messages.get(event.facts.messageId, event.facts.to);
    if (message !== undefined) this.noteRerouted(message, event, turn);
    else if (turn.replaying) this.messages.foretell(event);
  }

  /** The router has chosen nobody in an attempt: the next one is to come. */
  postponed(event: Event, turn: Turn): void {
    const message = this.messages.get(event.facts.messageId, event.facts.to);
    if (message === undefined) return;
    message.lastAttempt = Math.max(message.lastAttempt, event.attempt + 1);
    if (message.age === undefined) this.kept.keepEvent(message, event, turn.out);
  }

  /** The message's deadline has passed, and all has been read up to `readUpTo` (epoch ms): what is missing is unknown. */
  overdue(message: OpenMessage, readUpTo: number, turn: Turn): void {
    if (message.ended) {
      this.forget(message, turn.out);
      return;
    }
    // Its next try may begin as late as the message expires.
    if (isUnderWay(message)) {
      const { provider, facts } = this.kept.unpack(message.rerouted!.event);
      const { receiptDeadlineMs } = this.terms(provider ?? "");
      if (readUpTo < facts.expiresAt + CLOSING_MS) {
        this.messages.waitUntil(message, readUpTo + receiptDeadlineMs, receiptDeadlineMs);
        return;
      }
    }
    this.finish(message, verdictOf(message, true)!, "no receipt by the deadline", turn);
  }

  /**
   * The provider of a submission in doubt has answered after all that it did not take it. What becomes of the message is
   * the router's to say, who has it again.
   */
  refused(event: Event, turn: Turn): void {
    const { facts, attempt, provider } = event;
    const message = this.messages.known(facts.messageId, facts.to);
    const doubted = message?.submissions.find((one) => one.attempt === attempt && one.provider === provider);
    if (message !== undefined) message.lastAttempt = Math.max(message.lastAttempt, attempt + 1);
    if (message === undefined || doubted === undefined || isProven(doubted)) return;
    doubted.refused = true;
    this.messages.index.removeDoubtful(doubted, message.to);
    if (message.age === undefined) this.kept.keepEvent(message, event, turn.out);
    this.settle(message, undefined, [], turn);
  }

  /** A terminal event stands in the log, whoever wrote it. */
  ended(messageId: string, to: string, out: Turn["out"]): void {
    this.messages.endIsRead(messageId, to);
    const message = this.messages.known(messageId, to);
    if (message === undefined) this.messages.rememberFinished(messageId, to);
    else this.leave(message, out);
  }

  /** It has its terminal state: it is known on only where it may still owe a provider its price. */
  private leave(message: OpenMessage, out: Turn["out"]): void {
    if (!this.mayStillOwe(message)) {
      this.forget(message, out);
      return;
    }
    this.messages.keepOwing(message);
    if (message.age === undefined) this.kept.keepEnd(message, out);
  }

  private mayStillOwe(message: OpenMessage): boolean {
    return mayStillOwe(message, ({ event }) => this.kept.unpack(event).onDelivery, this.onDelivery);
  }

  private forget(message: OpenMessage, out: Turn["out"]): void {
    this.messages.remove(message);
    this.kept.forget(message, out);
  }

  /** What has been delivered after the message's end is owed as well. */
  private owe(message: OpenMessage, submission: Submission | undefined, news: readonly number[], turn: Turn): void {
    if (!hasSingleTry(message)) this.writeDelivered(submission, news, turn);
    if (!this.mayStillOwe(message)) this.forget(message, turn.out);
  }

  /** Of a submission that does not decide the message's end what it owes is told by its parts. */
  private writeDelivered(submission: Submission | undefined, news: readonly number[], turn: Turn): void {
    if (submission === undefined || !this.kept.unpack(submission.event).onDelivery) return;
    for (const part of news) if (submission.parts[part]!.state === "delivered") this.writePart(submission, part, turn);
  }

  /**
   * A message that the last owner had begun to keep in sms.correlation when it ended: what receipts say of its parts may
   * not stand there yet, and from the next commit on nothing else would tell.
   */
  writeUnkept(message: OpenMessage, turn: Turn): void {
    if (message.age !== undefined || this.messages.get(message.id, message.to) === undefined) return;
    for (const submission of message.submissions)
      submission.parts.forEach((part, i) => {
        if (part === undefined || !mustBeKept(submission, part)) return;
        const key = partId(message.id, submission.attempt, i + 1, part.state === "queued" ? "enroute" : part.state);
        if (!message.kept?.includes(key)) this.writePart(submission, i, turn);
      });
  }

  /** Writes down what is known of a part, for whoever comes after. */
  tell(submission: Submission, part: number, turn: Turn): void {
    if (!turn.replaying) this.writePart(submission, part, turn);
  }

  /** The decision is the event; what follows from it is done by whoever reads it back from the log. */
  private sendOn(message: OpenMessage, event: Event, turn: Turn): void {
    turn.out.emit(reroutedId(event), event, message.trace);
    turn.counters.rerouted[event.state === null ? "missing" : "failed"]++;
    this.noteRerouted(message, event, turn);
  }

  private noteRerouted(message: OpenMessage, event: Event, { out }: Turn): void {
    const attempt = event.attempt + 1;
    // Where two owners have decided, the first of the log counts.
    if ((message.rerouted?.attempt ?? 0) >= attempt) return;
    message.rerouted = { attempt, event, carriedOut: false };
    message.lastAttempt = Math.max(message.lastAttempt, attempt);
    if (message.age === undefined) this.kept.keepEvent(message, event, out);
  }

  private writePart(submission: Submission, part: number, { out, now }: Turn): void {
    const { message, attempt } = submission;
    const event = partEvent(this.kept.unpack(submission.event), submission, part, submission.parts[part]!, now);
    out.emit(partId(message.id, attempt, part + 1, event.state!), event, message.trace);
    if (message.age === undefined) this.kept.keepEvent(message, event, out);
  }

  /** A submission in doubt has been taken, as receipts show, and no answer said so: it counts, and costs, as any other. */
  private writeProven(submission: Submission, { out, now }: Turn): void {
    const event = provenEvent(this.kept.unpack(submission.event), submission, now);
    submission.event = event;
    out.emit(submittedId(event), event, submission.message.trace);
    this.onConcluded?.(event);
  }

  private finish(message: OpenMessage, { submission, state }: Verdict, reason: string, turn: Turn): void {
    const { out, now, counters } = turn;
    for (const one of message.submissions) if (!one.answered && isProven(one)) this.writeProven(one, turn);
    const final =
      submission === undefined
        ? finalOfClosed(this.kept.unpack(message.closed!), now)
        : finalOfSubmission(this.kept.unpack(submission.event), submission, state, reason, now);
    out.emit(finalId(message.id), final, message.trace);
    this.onConcluded?.(final);
    counters.finals[final.state as keyof CorrelationCounters["finals"]]++;
    this.leave(message, out);
  }
}
