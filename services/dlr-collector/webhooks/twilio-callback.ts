import { isMessageId } from "../../../domain/message/message-id.ts";
import { parseDestination } from "../../../domain/numbers/destination.ts";
import { isInboundStatus, isTwilioStatus, parseTwilioReceipt } from "../../../domain/receipts/twilio.ts";
import { WHOLE_TEXT } from "../../../pipeline/records/delivered-records.ts";
import type { FormParameters } from "../../../platform/http/twilio-signature.ts";
import type { Inbound, Receipt } from "../../../schemas/generated/types.ts";

/** What a signed callback says, ready to be stored. */
export type TwilioCallback =
  /**
   * `placed`: it names its number; else only the id says whose it is. `unknownStatus`: the word, where we do not know it;
   * the receipt then says that the message is under way.
   */
  | {
      readonly kind: "receipt";
      readonly receipt: Receipt;
      readonly placed: boolean;
      readonly unknownStatus: string | undefined;
    }
  | { readonly kind: "inbound"; readonly id: string; readonly inbound: Inbound }
  /** Not understood, and never will be: repeating it is of no use. `field` is the first that is missing or wrong. */
  | { readonly kind: "unusable"; readonly field: string };

const DIGITS = /^[1-9]\d{6,14}$/;
/** A full number as Twilio writes it; without the plus it is one from nine digits on, below that a short code. */
const NUMBER = /^(?:\+[\d\s().-]+|\d{9,15})$/;
const MAX_NAME = 256;
const MAX_MEDIA = 10;
const MAX_ADDRESS = 2_048;

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
  const sid = one(form, "MessageSid") ?? one(form, "SmsSid") ?? one(form, "SmsMessageSid");
  if (sid === undefined) return { kind: "unusable", field: "MessageSid" };
  // SmsStatus is the older name; of a message from a handset it is the only one.
  const status = one(form, "MessageStatus") ?? one(form, "SmsStatus");
  const fromHandset = status === undefined || isInboundStatus(status);
  if (fromHandset && Object.hasOwn(form, "Body")) return readInbound(provider, form, sid, receivedAt);
  const parsed = parseTwilioReceipt({
    MessageSid: sid,
    MessageStatus: status,
    ErrorCode: one(form, "ErrorCode"),
    RawDlrDoneDate: one(form, "RawDlrDoneDate"),
  });
  if (!parsed.ok) return { kind: "unusable", field: "MessageStatus" };
  const to = typeof query.d === "string" && DIGITS.test(query.d) ? query.d : digitsOf(one(form, "To"));
  const { providerMessageId, state, errorCode, doneAt } = parsed.receipt;
  const receipt: Receipt = {
    provider,
    providerMessageId,
    to: to ?? "",
    messageId: typeof query.m === "string" && isMessageId(query.m) ? query.m : null,
    state: state === "queued" ? "enroute" : state,
    errorCode: errorCode ?? null,
    doneAt: doneAt ?? null,
    receivedAt,
    inbound: null,
    parts: null,
    network: null,
  };
  const unknownStatus = isTwilioStatus(status) ? undefined : status;
  return { kind: "receipt", receipt, placed: to !== undefined, unknownStatus };
}

/** Whoever sent it, it is kept: a short code, a name, and nobody at all are senders too. */
function readInbound(provider: string, form: FormParameters, sid: string, receivedAt: number): TwilioCallback {
  const inbound: Inbound = {
    ...WHOLE_TEXT,
    provider,
    from: senderOf(one(form, "From") ?? ""),
    to: (one(form, "To") ?? "").replace(/^\+/, ""),
    text: text(form, "Body"),
    receivedAt,
    media: mediaOf(form),
    optOut: one(form, "OptOutType") ?? null,
  };
  return { kind: "inbound", id: `${provider}/${sid}/inbound`, inbound };
}

/** MediaUrl0 and so on, as many as there are (ten at most in this contract). */
function mediaOf(form: FormParameters): string[] {
  const media: string[] = [];
  while (media.length < MAX_MEDIA) {
    const address = text(form, `MediaUrl${media.length}`);
    if (address === "" || address.length > MAX_ADDRESS) return media;
    media.push(address);
  }
  return media;
}

/** A handset's number as E.164 digits; all else as it is given, with the channel in front of it (`whatsapp:+49…`). */
function senderOf(from: string): string {
  if (!NUMBER.test(from)) return from;
  return digitsOf(from) ?? from.replace(/\D/g, "");
}

/** A parameter's value without blanks at its ends; undefined for none, an empty one, and one too long to be a name. */
function one(form: FormParameters, name: string): string | undefined {
  const value = text(form, name).trim();
  return value === "" || value.length > MAX_NAME ? undefined : value;
}

function text(form: FormParameters, name: string): string {
  if (!Object.hasOwn(form, name)) return "";
  const value = form[name]!;
  const first: unknown = typeof value === "string" ? value : value[0];
  return typeof first === "string" ? first : "";
}

/** The number of a handset, also where it is reached over another channel. */
function digitsOf(number: string | undefined): string | undefined {
  if (number === undefined) return undefined;
  const parsed = parseDestination(number.replace(/^[a-z]+:/i, ""));
  return parsed.ok ? parsed.e164 : undefined;
}
