import { accountSid, messageSid } from "../../../../domain/message/twilio-sids.ts";
import type { ListedMessage } from "../../../../pipeline/read-model/account-pages.ts";
import { SCHEDULED_STATUS } from "../../../../pipeline/read-model/message-status.ts";

/** The Message resource of https://www.twilio.com/docs/messaging/api/message-resource, as far as Sluice has what it says. */
export interface MessageResource {
  readonly account_sid: string;
  readonly api_version: "2010-04-01";
  /** As it was given; empty wherever the message is not just being handed in, since Sluice keeps no texts to be read back. */
  readonly body: string;
  /** RFC 2822, as all its dates. */
  readonly date_created: string;
  readonly date_sent: string | null;
  readonly date_updated: string;
  readonly direction: "outbound-api";
  readonly error_code: number | null;
  readonly error_message: string | null;
  readonly from: string | null;
  readonly messaging_service_sid: string | null;
  readonly num_media: "0";
  readonly num_segments: string;
  /** What messages cost is no part of this interface. */
  readonly price: null;
  readonly price_unit: null;
  readonly sid: string;
  readonly status: TwilioStatus;
  readonly subresource_uris: Readonly<Record<string, never>>;
  readonly to: string;
  readonly uri: string;
}

export type TwilioStatus =
  | "accepted"
  | "queued"
  | "scheduled"
  | "sending"
  | "sent"
  | "delivered"
  | "undelivered"
  | "failed"
  | "canceled";

/** Twilio's code of what a message ended by: 21610 opted out, 30008 unknown error, 30036 validity period over. */
const [OPTED_OUT, UNKNOWN_ERROR, EXPIRED] = [21_610, 30_008, 30_036] as const;
/** Sluice's own codes of how a message ended: its account has cancelled it, its recipient had said stop (services/router/retry-policy.ts). */
const [CANCELLED, STOPPED] = ["cancelled", "opted-out"] as const;
/** Codes of Twilio's own, where the provider is Twilio. */
const OF_TWILIO = /^(?:21|30|63)\d{3}$/;

/** What is known of a message, in Twilio's form. */
export function messageResource(accountId: string, message: ListedMessage): MessageResource {
  const status = twilioStatus(message);
  const { code, text } = errorOf(status, message);
  return {
    ...created(accountId, message.id),
    body: "",
    date_created: rfc2822(message.acceptedAt),
    date_sent: message.submittedAt === undefined ? null : rfc2822(message.submittedAt),
    date_updated: rfc2822(message.updatedAt),
    error_code: code,
    error_message: text,
    from: message.from === "" ? null : message.from,
    messaging_service_sid: null,
    num_segments: String(message.segments),
    status,
    to: message.to,
  };
}

/** What is the same of a message all its life. */
export function created(accountId: string, messageId: string) {
  const sid = messageSid(messageId);
  const account = accountSid(accountId);
  return {
    account_sid: account,
    api_version: "2010-04-01",
    direction: "outbound-api",
    num_media: "0",
    price: null,
    price_unit: null,
    sid,
    subresource_uris: {},
    uri: `/2010-04-01/Accounts/${account}/Messages/${sid}.json`,
  } as const;
}

/** Where a message stands in Twilio's words. */
export function twilioStatus({
  status,
  submittedAt,
  errorCode,
}: Pick<ListedMessage, "status" | "submittedAt" | "errorCode">): TwilioStatus {
  switch (status) {
    case SCHEDULED_STATUS:
      return "scheduled";
    case "submitted":
    case "receipt":
    // Its provider took it, and has never said what became of it: as Twilio leaves such a message.
    case "unknown":
      return "sent";
    case "in_doubt":
      return "sending";
    case "delivered":
    case "undelivered":
      return status;
    case "failed":
    case "expired":
    case "rejected":
      if (submittedAt !== undefined) return "undelivered";
      return errorCode === CANCELLED ? "canceled" : "failed";
    default:
      return "queued";
  }
}

function errorOf(status: TwilioStatus, message: ListedMessage): { code: number | null; text: string | null } {
  if (status !== "failed" && status !== "undelivered") return { code: null, text: null };
  const { errorClass, errorCode, reason } = message;
  const text = [errorClass, errorCode, reason].filter((word) => word !== "").join(", ");
  return { code: errorNumber(message), text: text === "" ? message.status : `${message.status}: ${text}` };
}

function errorNumber({ status, errorCode }: ListedMessage): number {
  if (OF_TWILIO.test(errorCode)) return Number(errorCode);
  if (errorCode === STOPPED) return OPTED_OUT;
  return status === "expired" ? EXPIRED : UNKNOWN_ERROR;
}

/** A time (RFC 3339) as Twilio writes it. */
export function rfc2822(time: string | number): string {
  return new Date(time).toUTCString().replace("GMT", "+0000");
}
