import type { TerminalStatus } from "../../../domain/message/status.ts";
import { idForms } from "../../../domain/receipts/provider-message-id.ts";
import {
  foldParts,
  foldPartsAtDeadline,
  foldReceipt,
  isFinal,
  isTelling,
  type PartState,
} from "../../../domain/receipts/receipt-lattice.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import type { Chain, Link } from "./chain.ts";

/** An event as an object, or, for a message that stays open for long, as its Avro bytes in a latin1 string. */
export type KeptEvent = Event | string;

/** One handing over of a message to a provider: accepted, or in doubt. */
export interface Submission {
  readonly message: OpenMessage;
  readonly attempt: number;
  readonly provider: string;
  /** Canonical provider message ids, by part. Of a submission in doubt they become known with its receipts. */
  ids: readonly string[];
  readonly parts: (PartState | undefined)[];
  /** Receipts that make it complete. */
  total: number;
  /** Its ids were not told by a submit response: it is in doubt, or was answered without them. */
  doubtful: boolean;
  /** The provider has said that it took it. */
  answered: boolean;
  /** It was in doubt, and the provider has answered after all that it did not take it. */
  refused: boolean;
  /** No receipt that came before belongs to it, epoch milliseconds. */
  readonly notBefore: number;
  /** Append time of the event that it was first read of, epoch milliseconds. */
  readonly since: number;
  /** When the provider took it, or it was found to be in doubt, epoch milliseconds. */
  readonly submittedAt: number;
  /** Its place among those whose receipt is waited for only so long. */
  silence: { readonly chain: Chain<Submission>; readonly link: Link<Submission> } | undefined;
  /** When the last receipt that ended a part reached Sluice, epoch milliseconds. */
  receiptAt: number | undefined;
  /** The `submitted` or `in_doubt` event. */
  event: KeptEvent;
}

/** A message that was handed to a provider and has no terminal state yet, or may still owe a provider its price. */
export interface OpenMessage {
  readonly id: string;
  /** Destination, E.164 digits. */
  readonly to: string;
  /** Offset of its first event in sms.events. */
  readonly first: number;
  /** Append time of that event, epoch milliseconds. */
  readonly since: number;
  /** It has its terminal state: its further receipts count only for what they make it owe. */
  ended: boolean;
  /** In the order in which they were read. */
  submissions: readonly Submission[];
  /** The router's `closed` event, when it came while a submission was open. */
  closed: KeptEvent | undefined;
  /** The last decision to send it on to another provider after a receipt that said it failed, or did not come. */
  rerouted: Rerouted | undefined;
  /** The last attempt that it is in, or may be in by now: a copy of what was in doubt, or a try that was handed back. */
  lastAttempt: number;
  /** Its place among the messages that are rebuilt from sms.events; undefined once it is kept in sms.correlation. */
  age: Link<OpenMessage> | undefined;
  /** Its place among those whose ids have not been told to the index of submissions. */
  untold: Link<OpenMessage> | undefined;
  /** Keys under which it is kept in sms.correlation. */
  kept: readonly string[] | undefined;
  /** Epoch milliseconds; after it what is missing is unknown. */
  deadline: number;
  due: { readonly chain: Chain<OpenMessage>; readonly link: Link<OpenMessage> } | undefined;
  /** `traceparent` of a message that is traced. */
  trace: string | undefined;
}

/** A decision to send a message on, which the router carries out. */
export interface Rerouted {
  /** The attempt that it leads to. */
  readonly attempt: number;
  /** The `rerouted` event. */
  event: KeptEvent;
  /** This owner has handed it to the router. */
  carriedOut: boolean;
}

/** Whether the message is on its way to another provider, as was decided by a receipt, and none has it yet. */
export function isUnderWay({ rerouted, closed, submissions }: OpenMessage): boolean {
  return (
    rerouted !== undefined &&
    closed === undefined &&
    !submissions.some((one) => !one.refused && one.attempt >= rerouted.attempt)
  );
}

/**
 * Whether a provider beside the one that has decided a message's end may still deliver it, and then is owed its price. `onDelivery`:
 * whether a submission is charged so; `anybody`: whether any provider has such prices.
 */
export function mayStillOwe(
  message: OpenMessage,
  onDelivery: (submission: Submission) => boolean,
  anybody: () => boolean,
): boolean {
  const { submissions } = message;
  if (submissions.length === 0 || hasSingleTry(message)) return false;
  if (isTryUnderWay(message) && anybody()) return true;
  return submissions.some((one) => !one.refused && foldParts(one.parts, one.total) !== "delivered" && onDelivery(one));
}

/** A try may be on its way that no event tells of yet; it may turn out to be charged on delivery. */
function isTryUnderWay({ submissions, lastAttempt, closed }: OpenMessage): boolean {
  return closed === undefined && !submissions.some(({ attempt }) => attempt >= lastAttempt);
}

/** Whether one provider alone has had it, and no other gets it: what is said after its end is late. */
export function hasSingleTry(message: OpenMessage): boolean {
  return message.submissions.length === 1 && !isTryUnderWay(message);
}

/** The last attempt that may follow from what its submissions and the last decision to send it on say. */
export function nextAttemptOf({ submissions, rerouted }: OpenMessage): number {
  let next = rerouted?.attempt ?? 0;
  for (const { attempt, answered, refused } of submissions)
    next = Math.max(next, refused || !answered ? attempt + 1 : attempt);
  return next;
}

/** Whether a submission has ended as far as it matters: by its receipts, or since the message was sent on from it. */
export function isLeft({ refused, attempt, parts, total, message }: Submission): boolean {
  return refused || attempt < (message.rerouted?.attempt ?? 0) || foldParts(parts, total) !== "pending";
}

/** Whether receipts of ids that are not known yet may belong to it. */
export function hasRoom(submission: Submission): boolean {
  return submission.ids.length < submission.total;
}

/**
 * The part (from 0) that an id belongs to; -1 for none. An id that was learned from a receipt may be in another notation than the answer's:
 * where none is as it stands, one that is the same number counts. `taken`: ids (canonical) that are another part's.
 */
export function partOf({ ids }: Submission, id: string, taken: readonly string[] = []): number {
  const exact = ids.indexOf(id);
  if (exact >= 0 || ids.length === 0) return exact;
  const [, ...others] = idForms(id);
  return ids.findIndex((known) => others.includes(known) && !taken.includes(known));
}

/** Whether an event speaks of a submission that is known already. */
export function isSame(known: Submission, event: Event, provider: string, ids: readonly string[]): boolean {
  if (known.attempt !== event.attempt || known.provider !== provider) return false;
  return event.type === "in_doubt" || known.doubtful || ids.length === 0 || known.ids.includes(ids[0]!);
}

/** Whether a provider has said anything of it: an answer or a receipt. */
export function isProven(submission: Submission): boolean {
  return submission.answered || submission.ids.length > 0;
}

/** Whether the next owner must be told of a part: of what was never answered every receipt counts, since it shows that it was taken. */
export function mustBeKept(submission: Submission, part: PartState): boolean {
  return isTelling(part) || !submission.answered;
}

/** Folds a state into a part; true when that is worth writing down: a final state, or why there may be none. */
export function note(submission: Submission, part: number, state: PartState, receivedAt: number): boolean {
  const before = submission.parts[part];
  const after = foldReceipt(before, state);
  submission.parts[part] = after;
  if (!isFinal(after.state))
    return isTelling(after) && (before?.state !== after.state || before.errorCode !== after.errorCode);
  if (before?.state === after.state) return false;
  submission.receiptAt = Math.max(submission.receiptAt ?? 0, receivedAt);
  return true;
}

/** How a message ends, and which submission says so; without one, its `closed` event does. */
export interface Verdict {
  readonly state: TerminalStatus;
  readonly submission: Submission | undefined;
}

/**
 * The end of a message, or undefined while it has none. Delivered through any submission is delivered. Otherwise none may be
 * on its way to another provider, all submissions must be complete, and the last one (highest attempt, latest read) decides; a `closed` alone counts only
 * when nothing was submitted. `atDeadline`: what has not been heard is unknown, so there always is an end; a submission
 * in doubt of which nothing was ever heard decides only where there is no other.
 */
export function verdictOf(message: OpenMessage, atDeadline: boolean): Verdict | undefined {
  let last: Verdict | undefined;
  let silent: Submission | undefined;
  let refused: Submission | undefined;
  let pending = isUnderWay(message) && !atDeadline;
  for (const submission of message.submissions) {
    if (submission.refused) {
      refused = submission;
      continue;
    }
    const { parts, total } = submission;
    const state = atDeadline ? foldPartsAtDeadline(parts, total) : foldParts(parts, total);
    if (state === "delivered") return { state, submission };
    if (state === "pending") pending = true;
    else if (!isProven(submission)) silent = submission;
    else if (last?.submission === undefined || submission.attempt >= last.submission.attempt)
      last = { state, submission };
  }
  if (pending) return undefined;
  // What became of the last try that a receipt led to, nobody knows: the receipt before it does not say.
  const sentOn = message.rerouted !== undefined && (silent?.attempt ?? 0) >= message.rerouted.attempt;
  if (last !== undefined && !sentOn) return last;
  if (silent !== undefined) return { state: "unknown", submission: silent };
  if (message.closed !== undefined) return { state: "failed", submission: undefined };
  return atDeadline && refused !== undefined ? { state: "unknown", submission: refused } : undefined;
}
