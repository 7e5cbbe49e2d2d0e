import type { Event } from "../../schemas/generated/types.ts";
import type { CorrelationCounters } from "./correlation-counters.ts";
import {
  finalId,
  finalOfClosed,
  finalOfSubmission,
  partEvent,
  partId,
  provenEvent,
  submittedId,
} from "./final-event.ts";
import type { KeptMessages } from "./kept-messages.ts";
import { isProven, mustBeKept, type OpenMessage, type Submission, type Verdict, verdictOf } from "./open-message.ts";
import type { EventPosition, OpenMessages } from "./open-messages.ts";
import type { Turn } from "./turn.ts";

export interface EndingOptions {
  readonly messages: OpenMessages;
  readonly kept: KeptMessages;
}

/** Ends messages: each exactly once, when what its receipts say is complete, when nobody has it, or at its deadline. */
export class Ending {
  private readonly messages: OpenMessages;
  private readonly kept: KeptMessages;

  constructor({ messages, kept }: EndingOptions) {
    this.messages = messages;
    this.kept = kept;
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

  /** Ends the message if it can be ended; otherwise writes down which parts are done. `news`: parts of the submission that are. */
  settle(message: OpenMessage, submission: Submission | undefined, news: readonly number[], turn: Turn): void {
    if (turn.replaying) return;
    const verdict = verdictOf(message, false);
    if (verdict !== undefined) this.finish(message, verdict, "receipt", turn);
    else for (const part of news) this.writePart(submission!, part, turn);
  }

  /** The message's deadline has passed: what is missing is unknown. */
  overdue(message: OpenMessage, turn: Turn): void {
    this.finish(message, verdictOf(message, true)!, "no receipt by the deadline", turn);
  }

  /**
   * The provider of a submission in doubt has answered after all that it did not take it. What becomes of the message is
   * the router's to say, who has it again.
   */
  refused(event: Event, turn: Turn): void {
    const { facts, attempt, provider } = event;
    const message = this.messages.get(facts.messageId, facts.to);
    const doubted = message?.submissions.find((one) => one.attempt === attempt && one.provider === provider);
    if (message === undefined || doubted === undefined || isProven(doubted)) return;
    doubted.refused = true;
    this.messages.index.removeDoubtful(doubted, message.to);
    if (message.age === undefined) this.kept.keepEvent(message, event, turn.out);
    this.settle(message, undefined, [], turn);
  }

  /** A terminal event stands in the log, whoever wrote it. */
  ended(messageId: string, to: string, out: Turn["out"]): void {
    const message = this.messages.get(messageId, to);
    if (message === undefined) this.messages.rememberFinished(messageId, to);
    else {
      this.messages.remove(message);
      this.kept.forget(message, out);
    }
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
  }

  private finish(message: OpenMessage, { submission, state }: Verdict, reason: string, turn: Turn): void {
    const { out, now, counters } = turn;
    for (const one of message.submissions) if (!one.answered && isProven(one)) this.writeProven(one, turn);
    const final =
      submission === undefined
        ? finalOfClosed(this.kept.unpack(message.closed!), now)
        : finalOfSubmission(this.kept.unpack(submission.event), submission, state, reason, now);
    out.emit(finalId(message.id), final, message.trace);
    counters.finals[final.state as keyof CorrelationCounters["finals"]]++;
    this.messages.remove(message);
    this.kept.forget(message, out);
  }
}
