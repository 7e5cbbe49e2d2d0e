import type { Callbacks } from "../../domain/catalog/callbacks.ts";
import { accountSid, messageSid } from "../../domain/message/twilio-sids.ts";
import { signWebhook } from "../../platform/http/signed-webhook.ts";
import { signForm } from "../../platform/http/twilio-signature.ts";
import type { Callback } from "../../schemas/generated/types.ts";
import { CLOUD_EVENT_TYPE, cloudEvent } from "./cloud-event.ts";
import { type StatusData, timeText } from "./status-callback.ts";

/** A request as it goes out. */
export interface CallbackRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The request of a callback, by the account's settings as they are now; undefined when its form has no word for it. `now`: epoch ms. */
export function callbackRequest(callback: Callback, settings: Callbacks, now: number): CallbackRequest | undefined {
  if (settings.form === "twilio") return formRequest(callback, settings);
  if (!isTold(callback.type.slice("message.".length), settings.form)) return undefined;
  const { id, url } = callback;
  const [contentType, body] =
    settings.form === "cloudevents"
      ? [CLOUD_EVENT_TYPE, cloudEventOf(callback)]
      : ["application/json", standardBody(callback)];
  return { url, body, headers: { "content-type": contentType, ...signatureOf(id, body, settings, now) } };
}

/** Whether the form has a word for it. */
export function isTold(status: string, form: Callbacks["form"]): boolean {
  return form === "twilio" ? TWILIO_STATUSES.has(status) : status !== "queued";
}

/** JSON by Standard Webhooks (1.0.0). */
function standardBody({ type, at, data }: Callback): string {
  return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(timeText(at))},"data":${data}}`;
}

/** JSON by CloudEvents 1.0.2, in structured mode. */
function cloudEventOf({ id, type, at, accountId, messageId, data }: Callback): string {
  return cloudEvent({ id, type, at, accountId, subject: messageId, data });
}

/** The headers of Standard Webhooks. Unsigned: still with the id, by which a repeat is told. */
function signatureOf(id: string, body: string, { secrets }: Callbacks, now: number): Record<string, string> {
  const { "webhook-signature": signature, ...named } = signWebhook(secrets ?? "", id, now, body);
  return secrets === undefined ? named : { ...named, "webhook-signature": signature! };
}

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

function formRequest({ url, data, accountId, id }: Callback, settings: Callbacks): CallbackRequest | undefined {
  const status = JSON.parse(data) as StatusData;
  if (!isTold(status.status, "twilio")) return undefined;
  const sid = messageSid(status.id);
  const told = twilioStatus(status);
  const form: Record<string, string> = {
    AccountSid: settings.accountSid ?? accountSid(accountId),
    ApiVersion: "2010-04-01",
    From: status.from ?? "",
    MessageSid: sid,
    MessageStatus: told,
    SmsSid: sid,
    SmsStatus: told,
    To: status.to,
    ...(told === "failed" || told === "undelivered" ? { ErrorCode: twilioCode(status) } : {}),
  };
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
