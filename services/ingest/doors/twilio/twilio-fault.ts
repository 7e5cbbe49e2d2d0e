import type { ServerResponse } from "node:http";

/** Codes of Twilio's error dictionary (https://www.twilio.com/docs/api/errors) that this door answers with. */
export const CODES = {
  unknownParameter: 20_001,
  unauthorized: 20_003,
  methodNotAllowed: 20_004,
  notDeletable: 20_009,
  forbidden: 20_403,
  notFound: 20_404,
  conflict: 20_409,
  invalidParameter: 20_422,
  tooManyRequests: 20_429,
  failed: 20_500,
  unavailable: 20_503,
  toInvalid: 21_211,
  fromInvalid: 21_212,
  bodyMissing: 21_602,
  fromMissing: 21_603,
  toMissing: 21_604,
  fromNotAllowed: 21_606,
  callbackInvalid: 21_609,
  optedOut: 21_610,
  toNotMobile: 21_614,
  bodyTooLong: 21_617,
  mediaInvalid: 21_620,
  contentSidInvalid: 21_655,
  contentVariablesInvalid: 21_656,
  serviceUnknown: 21_701,
  notCancelable: 30_409,
  sendAtMissing: 35_111,
  sendAtInvalid: 35_114,
} as const;

export type TwilioCode = (typeof CODES)[keyof typeof CODES];

/** Thrown to answer with an error in Twilio's form. */
export class TwilioFault extends Error {
  readonly status: number;
  readonly code: TwilioCode;
  readonly headers: Readonly<Record<string, string>>;

  /** @param message for people; it repeats no value. */
  constructor(status: number, code: TwilioCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Answers with a fault; without effect when an answer has begun already. */
export function sendFault(response: ServerResponse, { status, code, message, headers }: TwilioFault): void {
  if (response.headersSent) return;
  sendJson(
    response,
    status,
    { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
    headers,
  );
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const payload = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...headers,
    "content-type": "application/json; charset=utf-8",
    "content-length": payload.length,
    "cache-control": "no-store",
  });
  response.end(payload);
}
