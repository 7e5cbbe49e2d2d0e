import type { RerouteRule } from "../../../domain/catalog/reroute.ts";
import { MISSING_CLASS } from "../../../domain/message/tries.ts";
import type { FailedState, ReceiptErrorClass } from "../../../domain/receipts/receipt-errors.ts";
import { foldParts, isFinal, type PartState } from "../../../domain/receipts/receipt-lattice.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import type { KeptMessages } from "./kept-messages.ts";
import { isLeft, type OpenMessage, type Submission } from "./open-message.ts";
import type { RerouteTerms } from "./reroute-terms.ts";
import { spendLeftOf } from "./spend-left.ts";

/** Why a submission is given up on. */
interface Cause {
  readonly errorClass: ReceiptErrorClass | typeof MISSING_CLASS;
  readonly errorCode: string | null;
  readonly reason: string;
  /** What the receipts say; null: nothing came. */
  readonly state: FailedState | null;
  readonly part: PartState | undefined;
}

/** Why a message goes again although its last provider may deliver it still; stands on the event of its next submission. */
export const RECEIPT_MISSING = "receipt-missing";

/** Of several parts the one that is the hardest to help decides, hardest first. */
const HARDEST: readonly ReceiptErrorClass[] = ["destination", "handset", "unknown", "temporary", "route"];

/**
 * Decides whether a message is to be sent on to another provider, as its last receipt said that it failed, or none has come. A decision is
 * the `rerouted` event, with all that is needed to carry it out. Pure: the catalog and the time are given.
 */
export class Rerouting {
  private readonly kept: KeptMessages;
  private readonly terms: () => RerouteTerms;

  constructor(kept: KeptMessages, terms: () => RerouteTerms) {
    this.kept = kept;
    this.terms = terms;
  }

  /** After the receipts of the last try: undefined unless they say that it failed, and another provider may do better. */
  afterFailure(message: OpenMessage, now: number): Event | undefined {
    const last = lastSubmission(message);
    if (last === undefined || last.refused) return undefined;
    const state = foldParts(last.parts, last.total);
    if (state === "pending" || state === "delivered") return undefined;
    if (!message.submissions.every(isLeft)) return undefined;
    const submitted = this.kept.unpack(last.event);
    const cause = this.causeOf(last, state);
    const wants = (rule: RerouteRule) => rule.on.some((one) => one === cause.errorClass);
    const doubt = message.submissions.some((one) => !one.refused && foldParts(one.parts, one.total) === "pending");
    return this.decide(message, last, submitted, cause, wants, doubt, now);
  }

  /** When the receipt of a submission has not come for as long as its route says. */
  afterSilence(submission: Submission, now: number): Event | undefined {
    const { message } = submission;
    if (submission !== lastSubmission(message) || submission.refused || !submission.answered) return undefined;
    if (foldParts(submission.parts, submission.total) !== "pending") return undefined;
    const submitted = this.kept.unpack(submission.event);
    const open = message.submissions.filter((one) => !one.refused && foldParts(one.parts, one.total) === "pending");
    if (!this.terms().copyAllowed(submission.provider, submitted.facts.lane, open.length)) return undefined;
    const cause: Cause = {
      errorClass: MISSING_CLASS,
      errorCode: RECEIPT_MISSING,
      reason: "no receipt in time",
      state: null,
      part: undefined,
    };
    const wants = (rule: RerouteRule) => rule.receiptAfterMs !== undefined;
    return this.decide(message, submission, submitted, cause, wants, true, now);
  }

  /** For how long the receipt of a submission is waited for before another provider is asked, ms; undefined: as long as it takes. */
  waitsFor({ type, source, route, facts }: Event): number | undefined {
    if (type !== "submitted" || source === null || route === null) return undefined;
    return this.terms().rule(route, facts.lane)?.receiptAfterMs;
  }

  /** Whether a copy of a submission in doubt may be on its way. */
  mayBeCopied({ provider, facts }: Event): boolean {
    return this.terms().copyAllowed(provider ?? "", facts.lane, 1);
  }

  private decide(
    message: OpenMessage,
    from: Submission,
    submitted: Event,
    cause: Cause,
    wants: (rule: RerouteRule) => boolean,
    doubt: boolean,
    now: number,
  ): Event | undefined {
    const { source, route, facts } = submitted;
    // Where another try may be under way already, or nobody knows the text, it ends as it is.
    if (source === null || route === null || message.closed !== undefined) return undefined;
    if (from.attempt < message.lastAttempt || now >= facts.expiresAt) return undefined;
    const rule = this.terms().rule(route, facts.lane);
    if (rule === undefined || !wants(rule)) return undefined;
    const made = message.submissions.filter((one) => !one.refused);
    if (made.length >= rule.attempts || made.some(hasDelivered)) return undefined;
    if (!this.terms().hasOthers(route, facts.lane, new Set(message.submissions.map(({ provider }) => provider))))
      return undefined;
    const spend = spendLeftOf(
      rule.maxSpend,
      made.map(({ event }) => this.kept.unpack(event)),
      this.terms().convert,
    );
    if (spend === "spent") return undefined;
    return { ...reroutedEvent(submitted, cause, doubt, spend, now), receiptAt: from.receiptAt ?? null };
  }

  private causeOf({ provider, parts, total }: Submission, state: FailedState): Cause {
    let hardest: Cause | undefined;
    for (const part of parts.slice(0, total)) {
      if (part === undefined || !isFinal(part.state) || part.state === "delivered") continue;
      const { class: errorClass, meaning } = this.terms().classify(provider, part.state, part.errorCode);
      const cause = { errorClass, errorCode: part.errorCode ?? null, reason: meaning ?? part.state, state, part };
      if (hardest === undefined || rank(cause) < rank(hardest)) hardest = cause;
    }
    return hardest!;
  }
}

function rank({ errorClass }: Cause): number {
  return HARDEST.indexOf(errorClass as ReceiptErrorClass);
}

/** The one of the highest attempt, of several that which was read last. */
function lastSubmission({ submissions }: OpenMessage): Submission | undefined {
  let last: Submission | undefined;
  for (const one of submissions) if (last === undefined || one.attempt >= last.attempt) last = one;
  return last;
}

/** A recipient who has parts of a long message gets no other ones of it. */
function hasDelivered({ parts }: Submission): boolean {
  return parts.some((part) => part?.state === "delivered");
}

function reroutedEvent(
  submitted: Event,
  cause: Cause,
  doubt: boolean,
  spend: { readonly left: number; readonly currency: string } | undefined,
  now: number,
): Event {
  const { errorClass, errorCode, reason, state, part } = cause;
  return {
    ...submitted,
    type: "rerouted",
    at: now,
    reason,
    cost: null,
    providerMessageIds: [],
    resubmitted: doubt ? RECEIPT_MISSING : null,
    errorClass,
    errorCode,
    part: null,
    state,
    doneAt: part?.doneAt ?? null,
    spendLeft: spend?.left ?? null,
    spendCurrency: spend?.currency ?? null,
  };
}
