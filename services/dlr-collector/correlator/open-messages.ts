import { canonicalId, idForms } from "../../../domain/receipts/provider-message-id.ts";
import { IdRing } from "../../../platform/kafka/id-ring.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { Chain } from "./chain.ts";
import type { OpenMessage, Submission } from "./open-message.ts";
import { SilentSubmissions } from "./silent-submissions.ts";
import { SubmissionIndex } from "./submission-index.ts";

/** Where an event stood. */
export interface EventPosition {
  /** Offset in sms.events. */
  readonly offset: number;
  /** Append time, epoch milliseconds. */
  readonly timestamp: number;
  /** `traceparent`, of a sampled message. */
  readonly trace?: string | undefined;
}

/** The messages of one partition that have no terminal state yet, and a memory of the last ones that got theirs. */
export class OpenMessages {
  readonly index = new SubmissionIndex();
  readonly silent = new SilentSubmissions();
  private readonly byId = new Map<string, OpenMessage>();
  /** Whoever gives one id to messages to several numbers has sent several: the second and further ones, by id and destination. */
  private readonly namesakes = new Map<string, OpenMessage>();
  /** Those that have ended and may still owe a provider its price, by id and destination. */
  private readonly owing = new Map<string, OpenMessage>();
  /** Those that are rebuilt from sms.events, oldest first. */
  private readonly ages = new Chain<OpenMessage>();
  /** Those whose ids have not been told to the index of submissions, in the order in which they should be. */
  private readonly untold = new Chain<OpenMessage>();
  /** By how long they are waited for; each chain is in the order of its deadlines, nearly. */
  private readonly due = new Map<number, Chain<OpenMessage>>();
  /** Decisions to send messages on that an earlier owner has written behind its last commit, of messages that are still to be read. */
  private readonly decided = new Map<string, Event>();
  /** Messages whose terminal event an earlier owner has written behind its last commit, and whose other events are still to be read. */
  private readonly endsAhead = new Set<string>();
  private readonly finished: IdRing;
  /** Provider, id and destination of finished submissions, so that their further receipts are known as late ones. */
  private readonly finishedIds: IdRing;

  /** `remembered`: finished messages, and finished provider ids, that are known at the most. */
  constructor(remembered: number) {
    this.finished = new IdRing(remembered);
    this.finishedIds = new IdRing(remembered);
  }

  get size(): number {
    return this.byId.size + this.namesakes.size;
  }

  /** Those that are kept in sms.correlation. */
  get keptSize(): number {
    return this.size + this.owing.size - this.ages.size;
  }

  /** The oldest of those that are rebuilt from sms.events. */
  get oldest(): OpenMessage | undefined {
    return this.ages.first;
  }

  /** The first of those whose ids are still to be told to the index of submissions. */
  get oldestUntold(): OpenMessage | undefined {
    return this.untold.first;
  }

  /** The ids of a message, or further ones, are to be told to the index of submissions. */
  toTell(message: OpenMessage): void {
    message.untold ??= this.untold.append(message);
  }

  /** They have been told. */
  told(message: OpenMessage): void {
    if (message.untold !== undefined) this.untold.remove(message.untold);
    message.untold = undefined;
  }

  get(messageId: string, to: string): OpenMessage | undefined {
    const found = this.byId.get(messageId);
    if (found?.to === to) return found;
    return this.namesakes.size === 0 ? undefined : this.namesakes.get(messageKey(messageId, to));
  }

  /** One that is open, or has ended and may still owe a provider its price. */
  known(messageId: string, to: string): OpenMessage | undefined {
    const open = this.get(messageId, to);
    if (open !== undefined || this.owing.size === 0) return open;
    return this.owing.get(messageKey(messageId, to));
  }

  values(): Iterable<OpenMessage> {
    return [...this.byId.values(), ...this.namesakes.values()];
  }

  begin(event: Event, position: EventPosition): OpenMessage {
    const message: OpenMessage = {
      id: event.facts.messageId,
      to: event.facts.to,
      first: position.offset,
      since: position.timestamp,
      ended: false,
      submissions: NO_SUBMISSIONS,
      closed: undefined,
      rerouted: undefined,
      lastAttempt: 0,
      age: undefined,
      untold: undefined,
      kept: undefined,
      deadline: Number.NEGATIVE_INFINITY,
      due: undefined,
      trace: position.trace,
    };
    message.age = this.ages.append(message);
    if (this.decided.size > 0) this.recall(message);
    if (this.endIsAhead(message.id, message.to)) {
      message.ended = true;
      this.owing.set(messageKey(message.id, message.to), message);
    } else if (this.byId.has(message.id)) this.namesakes.set(messageKey(message.id, message.to), message);
    else this.byId.set(message.id, message);
    return message;
  }

  /** A `rerouted` event of a message that is still to be read stands in the log. */
  foretell(event: Event): void {
    this.decided.set(messageKey(event.facts.messageId, event.facts.to), event);
  }

  /** The terminal event of a message that is still to be read stands in the log. */
  foretellEnd(messageId: string, to: string): void {
    this.endsAhead.add(messageKey(messageId, to));
  }

  /** Whether its terminal event is still to be read, and is known to come: until then it may turn out to owe a provider its price. */
  endIsAhead(messageId: string, to: string): boolean {
    return this.endsAhead.size > 0 && this.endsAhead.has(messageKey(messageId, to));
  }

  /** The terminal event has been read. */
  endIsRead(messageId: string, to: string): void {
    if (this.endsAhead.size > 0) this.endsAhead.delete(messageKey(messageId, to));
  }

  private recall(message: OpenMessage): void {
    const key = messageKey(message.id, message.to);
    const event = this.decided.get(key);
    if (event === undefined) return;
    this.decided.delete(key);
    message.rerouted = { attempt: event.attempt + 1, event, carriedOut: false };
    message.lastAttempt = event.attempt + 1;
  }

  /** From now on it is rebuilt from sms.correlation. */
  leaveLog(message: OpenMessage): void {
    if (message.age !== undefined) this.ages.remove(message.age);
    message.age = undefined;
    message.kept ??= NO_KEYS;
  }

  /** Moves the deadline out to `deadline` (epoch milliseconds), which lies `afterMs` behind a submission. */
  waitUntil(message: OpenMessage, deadline: number, afterMs: number): void {
    if (deadline <= message.deadline) return;
    message.deadline = deadline;
    message.due?.chain.remove(message.due.link);
    let chain = this.due.get(afterMs);
    if (chain === undefined) {
      chain = new Chain();
      this.due.set(afterMs, chain);
    }
    message.due = { chain, link: chain.append(message) };
  }

  /** A message whose deadline has passed. */
  overdue(readUpTo: number): OpenMessage | undefined {
    for (const { first } of this.due.values()) if (first !== undefined && first.deadline <= readUpTo) return first;
    return undefined;
  }

  /** It has its terminal state, and is known until its deadline for what it may still owe. */
  keepOwing(message: OpenMessage): void {
    this.close(message);
    message.ended = true;
    this.owing.set(messageKey(message.id, message.to), message);
    for (const submission of message.submissions) this.silent.remove(submission);
  }

  /** It is not open any more. */
  private close(message: OpenMessage): void {
    const key = messageKey(message.id, message.to);
    if (this.byId.get(message.id) === message) this.byId.delete(message.id);
    else this.namesakes.delete(key);
    this.finished.add(key);
  }

  /** It has its terminal state, and owes nothing more. */
  remove(message: OpenMessage): void {
    if (message.ended) this.owing.delete(messageKey(message.id, message.to));
    else this.close(message);
    if (message.age !== undefined) this.ages.remove(message.age);
    this.told(message);
    message.due?.chain.remove(message.due.link);
    for (const submission of message.submissions) {
      this.index.remove(submission, message.to);
      this.silent.remove(submission);
      for (const id of submission.ids) this.finishedIds.add(receiptKey(submission.provider, id, message.to));
    }
  }

  isFinished(messageId: string, to: string): boolean {
    return this.finished.has(messageKey(messageId, to));
  }

  isFinishedId(provider: string, id: string, to: string): boolean {
    // In whichever notation: receipts in decimal belong to ids that were given in hexadecimal.
    return idForms(id).some((form) => this.finishedIds.has(receiptKey(provider, form, to)));
  }

  /** A message that is not among the open ones has its terminal state. */
  rememberFinished(messageId: string, to: string): void {
    this.finished.add(messageKey(messageId, to));
  }

  /** The ids in an event belong to a message that has its terminal state. */
  rememberIds(event: Event): void {
    const { provider, facts, providerMessageIds } = event;
    for (const id of providerMessageIds) this.finishedIds.add(receiptKey(provider ?? "", canonicalId(id), facts.to));
  }
}

const NO_KEYS: readonly string[] = [];
const NO_SUBMISSIONS: readonly Submission[] = [];

function messageKey(messageId: string, to: string): string {
  return `${messageId}/${to}`;
}

function receiptKey(provider: string, id: string, to: string): string {
  return `${provider}/${id}/${to}`;
}
