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
