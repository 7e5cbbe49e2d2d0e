import type { SubmitOutcome } from "../message/submit-outcome.ts";
import { errorCodeOf, type ParsedReceipt, type ReceiptState } from "./receipt.ts";
import { parseReceiptDate } from "./smpp-receipt.ts";

/** MessageStatus of Twilio's Messages resource; statuses of inbound messages are left out. */
const STATE_OF_STATUS: ReadonlyMap<string, ReceiptState> = new Map([
  ["accepted", "queued"],
  ["scheduled", "queued"],
  ["queued", "queued"],
  ["sending", "queued"],
  ["sent", "enroute"],
  ["delivered", "delivered"],
  ["read", "delivered"],
  ["undelivered", "undelivered"],
  ["failed", "failed"],
  ["canceled", "failed"],
]);

const INBOUND_STATUS: ReadonlySet<string> = new Set(["received", "receiving"]);

/** Whether a status is one of a message from a handset. */
export function isInboundStatus(word: string): boolean {
  return INBOUND_STATUS.has(word.trim().toLowerCase());
}

/** Whether it is a status that the Messages resource is known to have. */
export function isTwilioStatus(word: string | undefined): boolean {
  return word !== undefined && STATE_OF_STATUS.has(word.trim().toLowerCase());
}

/**
 * Reads a status callback. A status that we do not know is taken for one on the way, and its error code is kept: it says
 * that the provider has the message, and which end it means is not ours to guess. The time is the carrier's
 * (RawDlrDoneDate, YYMMDDhhmm), where it is passed on.
 */
export function parseTwilioReceipt(parameters: {
  MessageSid?: string | undefined;
  MessageStatus?: string | undefined;
  ErrorCode?: string | undefined;
  RawDlrDoneDate?: string | undefined;
}): ParsedReceipt {
  const providerMessageId = parameters.MessageSid?.trim();
  if (!providerMessageId) return { ok: false, code: "receipt-without-id" };
  const status = parameters.MessageStatus?.trim().toLowerCase();
  if (!status || isInboundStatus(status)) return { ok: false, code: "receipt-without-state" };
  const state = STATE_OF_STATUS.get(status) ?? "enroute";
  const errorCode = errorCodeOf(parameters.ErrorCode?.trim());
  const doneAt = parseReceiptDate(parameters.RawDlrDoneDate?.trim());
  return { ok: true, receipt: { providerMessageId, state, errorCode, doneAt } };
}

/** Twilio error codes that decide more than their HTTP status does. */
const OUTCOME_OF_CODE: ReadonlyMap<number, SubmitOutcome> = new Map([
  [20003, "link"], // authentication failed
  [20005, "link"], // account not active
  [20429, "throttled"], // too many requests
  [14107, "throttled"], // send rate limit exceeded
  [21611, "throttled"], // the sender's queue is full
  [21610, "permanent"], // the recipient opted out: no other provider may be asked
  // Twilio's view, which another provider need not share. Other codes of a 400 are taken for such as well.
  [21211, "refused"], // invalid To
  [21217, "refused"], // To does not look like a number
  [21608, "refused"], // a trial account, and To is not verified
  [21614, "refused"], // To is not a mobile number
  [21635, "refused"], // To is a landline
  [21602, "refused"], // no body that it would take
  [21605, "refused"], // body too long
  [21617, "refused"], // body too long
  [21212, "refused"], // invalid From
  [21408, "refused"], // region not enabled for this account
  [21606, "refused"], // From cannot send to this To
  [21612, "refused"], // To is not reachable from this From
]);

/**
 * Statuses that say what is wrong with the way there or with the account, whoever says them and with whatever code (RFC 9110,
 * 15.5): credentials and rights (401, 403, 404 of a wrong account), a balance (402), a proxy (407), the method, the host or the protocol that a
 * wrong base URL leads to (405, 421, 426). No other message would fare better.
 */
const OF_THE_WAY: ReadonlySet<number> = new Set([401, 402, 403, 404, 405, 407, 421, 426]);

/**
 * Statuses that speak of this one request: that it is too large for something in between (413, 414, 431), that its content or
 * the moment is at odds with what stands there (409, 422), that it came too early (425, RFC 8470). Without a code of the API nobody
 * says that the message would not be taken; but nor does it stop the others. So it is tried again, elsewhere first, and not forever.
 */
const OF_THE_REQUEST: ReadonlySet<number> = new Set([409, 413, 414, 422, 425, 431]);

/**
 * What an answer to POST Messages means. Only the API can refuse a message, and it does so with a code of its own: without one a 4xx
 * is the word of a proxy or of another server that stands at the address, and no message may end by it. A redirect is not followed (the
 * credentials would go along), so the message was not taken; 303 alone says that the request was carried out and that its
 * answer stands elsewhere (RFC 9110, 15.4.4). A 5xx other than 503 is in doubt: a gateway may have lost the answer to a request
 * that was taken.
 */
export function classifyTwilioResponse(httpStatus: number, errorCode?: number): SubmitOutcome {
  if (httpStatus >= 200 && httpStatus < 300) return "accepted";
  const byCode = errorCode === undefined ? undefined : OUTCOME_OF_CODE.get(errorCode);
  if (byCode !== undefined) return byCode;
  if (httpStatus === 429) return "throttled";
  if (httpStatus === 503 || httpStatus === 425) return "transient";
  if (httpStatus === 303 || httpStatus === 408 || httpStatus >= 500) return "in-doubt";
  if (httpStatus < 400 || OF_THE_WAY.has(httpStatus)) return "link";
  if (errorCode !== undefined) return "refused";
  return OF_THE_REQUEST.has(httpStatus) ? "transient" : "link";
}
