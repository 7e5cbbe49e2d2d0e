import { isFinal, type PartState } from "../../../domain/receipts/receipt-lattice.ts";
import type { Event, MessageState } from "../../../schemas/generated/types.ts";
import type { Submission } from "./open-message.ts";

/** Id of the one terminal event of a message. */
export function finalId(messageId: string): string {
  return `${messageId}/final`;
}

/** Id of the event that says that one part has reached a state. */
export function partId(messageId: string, attempt: number, part: number, state: MessageState): string {
  return `${messageId}/${attempt}/${part}/${state}`;
}

/**
 * What a submission owes by what its receipts have said so far, micro-units: charged on submit all of it, charged on delivery the segments
 * that were delivered. It only ever grows.
 */
function owedBy({ cost, price, onDelivery, facts }: Event, { parts, total }: Submission): number | null {
  if (!onDelivery || price === null) return cost;
  let delivered = 0;
  for (let part = 0; part < total; part++) if (parts[part]?.state === "delivered") delivered++;
  return price * Math.round((facts.segments * delivered) / total);
}

/**
 * When the provider took a submission. Of one that is charged on delivery all that is told says the same, also when it was in doubt first and
 * answered late: under that minute it is summed.
 */
function submittedAtOf({ onDelivery, submittedAt }: Event, submission: Submission): number | null {
  return onDelivery ? submission.submittedAt : submittedAt;
}

/** The terminal event of a message that was submitted. `submitted` is the submission's own event; `now` epoch milliseconds. */
export function finalOfSubmission(
  submitted: Event,
  submission: Submission,
  state: MessageState,
  reason: string,
  now: number,
): Event {
  let doneAt: number | null = null;
  let errorCode: string | null = null;
  for (const part of submission.parts) {
    if (part === undefined) continue;
    if (part.doneAt !== undefined && isFinal(part.state) && (doneAt === null || part.doneAt > doneAt))
      doneAt = part.doneAt;
    if (errorCode === null && part.errorCode !== undefined) errorCode = part.errorCode;
  }
  return {
    type: "final",
    at: now,
    facts: submitted.facts,
    attempt: submitted.attempt,
    provider: submitted.provider,
    route: submitted.route,
    reason,
    price: submitted.price,
    cost: owedBy(submitted, submission),
    currency: submitted.currency,
    submittedAt: submittedAtOf(submitted, submission),
    providerMessageIds: submitted.providerMessageIds.length > 0 ? submitted.providerMessageIds : submission.ids,
    resubmitted: submitted.resubmitted,
    errorClass: null,
    errorCode,
    part: null,
    state,
    doneAt,
    receiptAt: submission.receiptAt ?? null,
    source: null,
    spendLeft: null,
    spendCurrency: null,
    rules: null,
    counted: [],
    due: null,
    onDelivery: submitted.onDelivery,
    tariff: null,
    routedAt: submitted.routedAt,
    verdicts: null,
    charge: null,
  };
}

/** Id of the event that says that a provider has taken a message; the sender's, if it gets its answer after all, is the same. */
export function submittedId({ facts, attempt, resubmitted }: Event): string {
  return `${facts.messageId}/${attempt}/${resubmitted === null ? "submitted" : "resubmitted"}`;
}

/** Id of the decision to send a message on from this attempt. */
export function reroutedId({ facts, attempt }: Event): string {
  return `${facts.messageId}/${attempt}/rerouted`;
}

/** A receipt has shown that a submission in doubt was taken: what its answer would have said. `doubt`: the `in_doubt` event. */
export function provenEvent(doubt: Event, submission: Submission, now: number): Event {
  // Where each part has receipts of its own, only those parts are known to have been taken.
  const taken = submission.total === 1 ? doubt.facts.segments : submission.ids.length;
  return {
    ...doubt,
    type: "submitted",
    at: now,
    reason: "receipt",
    cost: doubt.price === null ? null : doubt.onDelivery ? 0 : doubt.price * taken,
    submittedAt: doubt.submittedAt ?? doubt.at,
    providerMessageIds: submission.ids,
    errorClass: null,
    errorCode: null,
  };
}

/** Says in sms.correlation that a message has its terminal event, where it goes on being known for what it may still owe. */
export function endedMark(submitted: Event): Event {
  return { ...submitted, type: "final" };
}

/** The terminal event of a message that the router gave up and no provider has. */
export function finalOfClosed(closed: Event, now: number): Event {
  const state = closed.state === null || closed.state === "enroute" ? "failed" : closed.state;
  return { ...closed, type: "final", at: now, state };
}

/** The event that says that a part is done while its message is not. `part` counts from 0 here, from 1 in the event. */
export function partEvent(
  submitted: Event,
  submission: Submission,
  part: number,
  known: PartState,
  now: number,
): Event {
  const id = submission.ids[part];
  return {
    ...submitted,
    type: "receipt",
    at: now,
    reason: null,
    cost: owedBy(submitted, submission),
    submittedAt: submittedAtOf(submitted, submission),
    providerMessageIds: id === undefined ? [] : [id],
    errorClass: null,
    errorCode: known.errorCode ?? null,
    part: part + 1,
    state: known.state === "queued" ? "enroute" : known.state,
    doneAt: known.doneAt ?? null,
    receiptAt: submission.receiptAt ?? null,
  };
}
