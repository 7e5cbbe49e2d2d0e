import { countSegments } from "../../../domain/text/segments.ts";

/** An error answer in Twilio's form. */
export interface TwilioError {
  readonly status: number;
  readonly code: number;
  readonly message: string;
}

/** A request for a message that Twilio would take. */
export interface MessageRequest {
  /** E.164 with plus. */
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly segments: number;
  readonly statusCallback: URL | undefined;
  /** The URL as it was given: this is what the callback's signature covers. */
  readonly statusCallbackText: string;
}

/** Who a messaging service sends from. */
const SERVICE_SENDER = "+15005550006";
const maxBodyCharacters = 1_600;

/** Reads the form body of POST Messages.json; gives the error Twilio answers when a parameter is missing or wrong. */
export function readMessageRequest(form: string): MessageRequest | { readonly error: TwilioError } {
  const parameters = new URLSearchParams(form);
  const to = parameters.get("To") ?? "";
  const service = parameters.get("MessagingServiceSid") ?? "";
  const from = parameters.get("From") ?? (/^MG[0-9a-f]{32}$/i.test(service) ? SERVICE_SENDER : "");
  const body = parameters.get("Body") ?? "";
  const statusCallbackText = parameters.get("StatusCallback") ?? "";
  if (to === "") return bad(21_604, "A 'To' phone number is required.");
  if (!/^\+[1-9]\d{5,14}$/.test(to)) return bad(21_211, "The 'To' number is not a valid phone number.");
  if (service !== "" && from === "") return bad(21_705, "The Messaging Service Sid is not valid.");
  if (from === "") return bad(21_603, "A 'From' phone number is required.");
  if (!/^(\+?\d{3,15}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$/.test(from)) {
    return bad(21_212, "The 'From' number is not a valid phone number, shortcode or sender ID.");
  }
  if (body === "") return bad(21_602, "Message body is required.");
  if (body.length > maxBodyCharacters)
    return bad(21_617, "The concatenated message body exceeds the 1600 character limit.");
  const statusCallback = statusCallbackText === "" ? undefined : callbackUrl(statusCallbackText);
  if (statusCallbackText !== "" && statusCallback === undefined) {
    return bad(21_609, "The 'StatusCallback' URL is not a valid URL.");
  }
  return { to, from, body, segments: countSegments(body).segments, statusCallback, statusCallbackText };
}

function callbackUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") ? url : undefined;
}

function bad(code: number, message: string): { readonly error: TwilioError } {
  return { error: { status: 400, code, message } };
}

/** The body of an error answer. */
export function errorBody({ status, code, message }: TwilioError): string {
  return JSON.stringify({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

/** The body of a 201 answer: Twilio's Message resource, just queued. */
export function messageBody(request: MessageRequest, sid: string, accountSid: string, now: Date): string {
  const date = now.toUTCString().replace("GMT", "+0000");
  const uri = `/2010-04-01/Accounts/${accountSid}/Messages/${sid}`;
  return JSON.stringify({
    account_sid: accountSid,
    api_version: "2010-04-01",
    body: request.body,
    date_created: date,
    date_sent: null,
    date_updated: date,
    direction: "outbound-api",
    error_code: null,
    error_message: null,
    from: request.from,
    messaging_service_sid: null,
    num_media: "0",
    num_segments: String(request.segments),
    price: null,
    price_unit: "USD",
    sid,
    status: "queued",
    subresource_uris: { media: `${uri}/Media.json` },
    to: request.to,
    uri: `${uri}.json`,
  });
}
