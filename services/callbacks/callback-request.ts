import type { Callbacks } from "../../domain/catalog/callbacks.ts";
import { accountSid, messageSid } from "../../domain/message/twilio-sids.ts";
import { callbackUrlProblem } from "../../domain/message/validation.ts";
import type { InboundData } from "../../pipeline/records/inbound-data.ts";
import { signWebhook } from "../../platform/http/signed-webhook.ts";
import { signForm } from "../../platform/http/twilio-signature.ts";
import type { CallTerms } from "../../platform/http/webhook-client.ts";
import type { Callback } from "../../schemas/generated/types.ts";
import { CLOUD_EVENT_TYPE, cloudEvent } from "./cloud-event.ts";
import { JASMIN_ACK, jasminInbound, jasminReport } from "./jasmin-report.ts";
import { kannelInboundUrl, kannelReportUrl } from "./kannel-report.ts";
import { type StatusData, timeText } from "./status-callback.ts";

/** A request as it goes out. */
export interface CallbackRequest {
  readonly url: string;
  /** POST if absent, and any answer from 200 to 299 if absent. */
  readonly terms?: CallTerms;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Types about messages from handsets; all others are statuses of messages to them. */
const RECEIVED = "message.received";
const OF_CONSENT = /^recipient\./;

/** The request of a callback, by the account's settings as they are now; undefined when its form has no word for it. `now`: epoch ms. */
export function callbackRequest(callback: Callback, settings: Callbacks, now: number): CallbackRequest | undefined {
  switch (settings.form) {
    case "twilio":
      return formRequest(callback, settings);
    case "kannel":
      return kannelRequest(callback, settings, now);
    case "jasmin":
      return jasminRequest(callback, settings, now);
    default:
      return standardRequest(callback, settings, now);
  }
}

/** Whether the form has a word for it. */
export function isTold(status: string, form: Callbacks["form"]): boolean {
  if (form === "twilio") return TWILIO_STATUSES.has(status);
  return status !== "queued" && (form === "standard" || status !== "unknown");
}

/** JSON by Standard Webhooks (1.0.0), or the same as a CloudEvent. */
function standardRequest(callback: Callback, settings: Callbacks, now: number): CallbackRequest | undefined {
  const { type, url } = callback;
  const { form } = settings;
  const ofHandset = type === RECEIVED || OF_CONSENT.test(type);
  if (!ofHandset && !isTold(type.slice("message.".length), form)) return undefined;
  const [contentType, body] =
    form === "cloudevents" ? [CLOUD_EVENT_TYPE, cloudEventOf(callback)] : ["application/json", standardBody(callback)];
  return { url, body, headers: { "content-type": contentType, ...signedHeaders(callback, settings, now, body) } };
}

function standardBody({ type, at, data }: Callback): string {
  return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(timeText(at))},"data":${data}}`;
}

/** JSON by CloudEvents 1.0.2, in structured mode. */
function cloudEventOf({ id, type, at, accountId, messageId, data }: Callback): string {
  return cloudEvent({ id, type, at, accountId, subject: messageId, data });
}

/** What Kannel would fetch. What is said of consent has no form there: the message itself is what it knows. */
function kannelRequest(callback: Callback, settings: Callbacks, now: number): CallbackRequest | undefined {
  const { type, at, url, data } = callback;
  if (OF_CONSENT.test(type)) return undefined;
  const read: unknown = JSON.parse(data);
  const to =
    type === RECEIVED ? kannelInboundUrl(url, read as InboundData, at) : kannelReportUrl(url, read as StatusData, at);
  if (to === undefined || callbackUrlProblem(to, MOST_FILLED_URL) !== undefined) return undefined;
  return { url: to, body: "", headers: signedHeaders(callback, settings, now, ""), terms: { method: "GET" } };
}

/** What Jasmin would throw. */
function jasminRequest(callback: Callback, settings: Callbacks, now: number): CallbackRequest | undefined {
  const { type, at, url, data } = callback;
  if (OF_CONSENT.test(type)) return undefined;
  const read: unknown = JSON.parse(data);
  const call = type === RECEIVED ? jasminInbound(read as InboundData) : jasminReport(read as StatusData, at);
  if (call === undefined) return undefined;
  const fields = new URLSearchParams(call.fields).toString();
  const terms = { method: call.method, answer: JASMIN_ACK } as const;
  if (call.method === "GET") {
    const to = new URL(url);
    to.search += `${to.search === "" ? "?" : "&"}${fields}`;
    return { url: to.href, body: "", headers: signedHeaders(callback, settings, now, ""), terms };
  }
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "text/plain" };
  return { url, body: fields, headers: { ...headers, ...signedHeaders(callback, settings, now, fields) }, terms };
}

/** Unsigned it still has the id, by which a repeat is told. Kannel and Jasmin have no signatures of their own: these stand beside theirs. */
function signedHeaders({ id }: Callback, { secrets }: Callbacks, now: number, body: string): Record<string, string> {
  const { "webhook-signature": signature, ...named } = signWebhook(secrets ?? "", id, now, body);
  return secrets === undefined ? named : { ...named, "webhook-signature": signature! };
}

/** Characters of an address with its escapes filled in. */
const MOST_FILLED_URL = 16_384;

/**
 * Statuses that Twilio's callbacks have ("Track the Message Status of Outbound Messages"). A message of which nobody knows what became stays
 * `sent` there, so `unknown` is not told.
 */
const TWILIO_STATUSES: ReadonlySet<string> = new Set([
  ...["queued", "sent", "delivered", "undelivered", "failed"],
  // Told as failed, or as undelivered where a provider has had it.
  ...["expired", "rejected"],
]);
/** Twilio's "Error and Warning Dictionary": the recipient has said stop; its time was over; anything else. */
const TWILIO_CODES = { "opted-out": "21610", expired: "30036", other: "30008" } as const;

function formRequest(callback: Callback, settings: Callbacks): CallbackRequest | undefined {
  const form = formOf(callback, settings);
  return form === undefined ? undefined : signedForm(callback, form, settings);
}

function formOf({ type, data, accountId }: Callback, settings: Callbacks): Record<string, string> | undefined {
  const account = { AccountSid: settings.accountSid ?? accountSid(accountId), ApiVersion: "2010-04-01" };
  if (type === RECEIVED) return { ...account, ...receivedForm(JSON.parse(data) as InboundData) };
  // It has no callback of its own for it: OptOutType of the message says it.
  if (OF_CONSENT.test(type)) return undefined;
  const status = JSON.parse(data) as StatusData;
  if (!isTold(status.status, "twilio")) return undefined;
  const sid = messageSid(status.id);
  const told = twilioStatus(status);
  return {
    ...account,
    From: status.from ?? "",
    MessageSid: sid,
    MessageStatus: told,
    SmsSid: sid,
    SmsStatus: told,
    To: status.to,
    ...(told === "failed" || told === "undelivered" ? { ErrorCode: twilioCode(status) } : {}),
  };
}

/** As Twilio asks a number's webhook ("Twilio's request to your incoming message webhook URL"). Of a binary message it has no content. */
function receivedForm({ id, from, to, text, segments, media, optOut }: InboundData): Record<string, string> {
  const sid = messageSid(id);
  return {
    Body: text,
    From: from,
    MessageSid: sid,
    NumMedia: String(media.length),
    NumSegments: String(segments),
    SmsMessageSid: sid,
    SmsSid: sid,
    SmsStatus: "received",
    To: to,
    ...Object.fromEntries(media.map((address, i) => [`MediaUrl${i}`, address])),
    ...(optOut === null ? {} : { OptOutType: optOut }),
  };
}

function signedForm({ url, id }: Callback, form: Record<string, string>, settings: Callbacks): CallbackRequest {
  const { origin, pathname, search } = new URL(url);
  const [secret] = settings.secrets ?? [];
  const signed =
    secret === undefined ? {} : { "x-twilio-signature": signForm(secret, origin + pathname + search, form) };
  return {
    url,
    body: new URLSearchParams(form).toString(),
    headers: {
      "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
      // As Twilio's own header for it: the same for every attempt.
      "i-twilio-idempotency-token": id,
      ...signed,
    },
  };
}

function twilioStatus({ status, submittedAt }: StatusData): string {
  if (status !== "expired" && status !== "rejected") return status;
  return submittedAt === null ? "failed" : "undelivered";
}

function twilioCode({ status, errorClass }: StatusData): string {
  if (errorClass === "opted-out") return TWILIO_CODES["opted-out"];
  return status === "expired" ? TWILIO_CODES.expired : TWILIO_CODES.other;
}
