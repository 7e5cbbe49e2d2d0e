import type { Account } from "../../domain/catalog/account.ts";
import { messageIdOfRequest } from "../../domain/message/message-id.ts";
import { sendAtText } from "../../domain/message/send-at.ts";
import { type FieldProblem, type Validation, validateSendRequest } from "../../domain/message/validation.ts";
import { isPlausibleReceiptTo } from "../../pipeline/records/plausible.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { Lane, MessageFacts, ReceiptTo, SendRequest } from "../../schemas/generated/types.ts";

export type Intake =
  /** `sendAt`: not before this moment, epoch ms; undefined: now. */
  | { ok: true; facts: MessageFacts; text: string; sendAt: number | undefined }
  | { ok: false; facts: MessageFacts; problems: readonly FieldProblem[] };

const SECOND_MS = 1_000;
/** A request older than this was not accepted then, but has its time in another unit. */
const OLDEST_MS = 31 * 86_400 * SECOND_MS;
const MAX_DIGITS = 15;

/**
 * Checks a request whoever produced it, and collects what is known of the message, with what its account says of messages that
 * do not say it themselves. An unknown account is a problem of field accountId.
 */
export function takeIn(
  request: SendRequest,
  lane: Lane,
  record: InRecord,
  accountOf: (id: string) => Pick<Account, "from" | "callbackUrl"> | undefined,
): Intake {
  const account = accountOf(request.accountId);
  const plausible = request.acceptedAt === null || request.acceptedAt > record.timestamp - OLDEST_MS;
  const acceptedAt = plausible ? Math.min(request.acceptedAt ?? record.timestamp, record.timestamp) : record.timestamp;
  const validation = validate(request, lane, acceptedAt);
  const place = `${record.topic}/${record.partition}/${record.offset}`;
  const messageId = messageIdOfRequest({
    accountId: request.accountId,
    messageId: request.messageId,
    destination: validation.ok ? validation.request.destination : plainDigits(request.to),
    place,
  });
  if (validation.ok && plausible && account !== undefined) {
    const { request: valid } = validation;
    return {
      ok: true,
      text: valid.text,
      sendAt: valid.sendAt,
      facts: {
        messageId,
        accountId: request.accountId,
        lane,
        to: valid.destination,
        from: valid.from ?? account.from ?? null,
        country: valid.country,
        network: valid.network?.mccMnc ?? null,
        encoding: valid.encoding,
        segments: valid.segments,
        reference: valid.reference ?? null,
        callbackUrl: valid.callbackUrl ?? account.callbackUrl ?? null,
        metadata: valid.metadata ?? {},
        acceptedAt,
        expiresAt: Math.max(acceptedAt, valid.sendAt ?? acceptedAt) + valid.validitySeconds * SECOND_MS,
        networkSource: null,
        sentAs: null,
        segmentsSaved: valid.segmentsSaved,
        receiptTo: receiptToOf(request),
      },
    };
  }
  const problems = validation.ok ? [] : validation.problems.map(namingTheRecordsFields);
  if (account === undefined)
    problems.push({ field: "accountId", code: "account-unknown", message: "no such account in the catalog" });
  if (!plausible)
    problems.push({ field: "acceptedAt", code: "out-of-range", message: "epoch milliseconds, of the last 31 days" });
  return { ok: false, problems, facts: refusedFacts(request, lane, messageId, acceptedAt) };
}

function validate(request: SendRequest, lane: Lane, acceptedAt: number): Validation {
  const fields = {
    to: request.to,
    from: given(request.from),
    text: request.text,
    transliterate: request.transliterate,
    lane,
    validity: request.validitySeconds,
    sendAt: request.sendAt === null ? null : sendAtText(request.sendAt),
    reference: given(request.reference),
    callbackUrl: given(request.callbackUrl),
    metadata: request.metadata,
  };
  return validateSendRequest(fields, { acceptedAt, acceptedBefore: request.acceptedAt !== null });
}

/** Producers whose texts cannot be null write an empty one where they have none, as for `messageId`. */
function given(text: string | null): string | null {
  return text === "" ? null : text;
}

/** The record has the validity under a name of its own. */
function namingTheRecordsFields(problem: FieldProblem): FieldProblem {
  return problem.field === "validity" ? { ...problem, field: "validitySeconds" } : problem;
}

/** Enough of a refused request to say what became of it; values that may be hostile are cut or left out. */
function refusedFacts(request: SendRequest, lane: Lane, messageId: string, acceptedAt: number): MessageFacts {
  return {
    messageId,
    accountId: request.accountId.slice(0, 64),
    lane,
    to: plainDigits(request.to),
    from: null,
    country: "ZZ",
    network: null,
    encoding: "gsm7",
    segments: 1,
    reference: given(request.reference)?.slice(0, 64) ?? null,
    callbackUrl: null,
    metadata: {},
    acceptedAt,
    expiresAt: acceptedAt,
    networkSource: null,
    sentAs: null,
    segmentsSaved: 0,
    receiptTo: receiptToOf(request),
  };
}

/** Whoever produces may write anything there: what no client can have been answered goes nowhere. */
function receiptToOf({ receiptTo }: SendRequest): ReceiptTo | null {
  return isPlausibleReceiptTo(receiptTo) ? receiptTo : null;
}

function plainDigits(to: string): string {
  return to.replace(/\D/g, "").slice(0, MAX_DIGITS);
}
