import { isMessageId } from "../../../domain/message/message-id.ts";
import { parseDestination } from "../../../domain/numbers/destination.ts";
import { parseTwilioReceipt } from "../../../domain/receipts/twilio.ts";
import { WHOLE_TEXT } from "../../../schemas/delivered-records.ts";
import type { Inbound, Receipt } from "../../../schemas/generated/types.ts";
import type { FormParameters } from "./twilio-signature.ts";

/** What a signed callback says, ready to be stored. */
export type TwilioCallback =
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  | { readonly kind: "inbound"; readonly id: string; readonly inbound: Inbound }
  /** Not understood, and never will be: repeating it is of no use. `field` is the first that is missing or wrong. */
  | { readonly kind: "unusable"; readonly field: string };

const DIGITS = /^[1-9]\d{6,14}$/;

/**
 * Reads a form that Twilio posts: a status callback, or a message from a handset. `query` holds what the sender put into
 * the callback's address: `m`, the message id, and `d`, the destination as E.164 digits. `receivedAt`: epoch milliseconds.
 */
export function readTwilioCallback(
  provider: string,
  form: FormParameters,
  query: { readonly m?: unknown; readonly d?: unknown },
  receivedAt: number,
): TwilioCallback {
  const sid = one(form, "MessageSid") ?? one(form, "SmsSid");
  if (sid === undefined) return { kind: "unusable", field: "MessageSid" };
  const status = one(form, "MessageStatus");
  if (status === undefined && one(form, "Body") !== undefined) return readInbound(provider, form, sid, receivedAt);
  const parsed = parseTwilioReceipt({ MessageSid: sid, MessageStatus: status, ErrorCode: one(form, "ErrorCode") });
  if (!parsed.ok) return { kind: "unusable", field: "MessageStatus" };
  const to = typeof query.d === "string" && DIGITS.test(query.d) ? query.d : digitsOf(one(form, "To"));
  if (to === undefined) return { kind: "unusable", field: "To" };
  const { providerMessageId, state, errorCode, doneAt } = parsed.receipt;
  const receipt: Receipt = {
    provider,
    providerMessageId,
    to,
    messageId: typeof query.m === "string" && isMessageId(query.m) ? query.m : null,
    state: state === "queued" ? "enroute" : state,
    errorCode: errorCode ?? null,
    doneAt: doneAt ?? null,
    receivedAt,
    inbound: null,
    parts: null,
  };
  return { kind: "receipt", receipt };
}

function readInbound(provider: string, form: FormParameters, sid: string, receivedAt: number): TwilioCallback {
  const from = digitsOf(one(form, "From"));
  if (from === undefined) return { kind: "unusable", field: "From" };
  const to = one(form, "To");
  if (to === undefined) return { kind: "unusable", field: "To" };
  const inbound: Inbound = {
    ...WHOLE_TEXT,
    provider,
    from,
    to: to.replace(/^\+/, ""),
    text: one(form, "Body") ?? "",
    receivedAt,
  };
  return { kind: "inbound", id: `${provider}/${sid}/inbound`, inbound };
}

function one(form: FormParameters, name: string): string | undefined {
  if (!Object.hasOwn(form, name)) return undefined;
  const value = form[name]!;
  return typeof value === "string" ? value : value[0];
}

function digitsOf(number: string | undefined): string | undefined {
  if (number === undefined) return undefined;
  const parsed = parseDestination(number);
  return parsed.ok ? parsed.e164 : undefined;
}
