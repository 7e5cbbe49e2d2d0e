import type { Received } from "../../schemas/generated/types.ts";

/** A message from a handset as a customer is told of it: the field `data` of a callback, and an entry of `GET /v1/inbound`. */
export interface InboundData {
  readonly id: string;
  readonly account: string;
  /** The handset: E.164 with its plus, or what the provider gave. */
  readonly from: string;
  /** The account's number, with its plus, or its short code. */
  readonly to: string;
  readonly text: string;
  /** Content of a binary message, hexadecimal; null: it is a text. */
  readonly binary: string | null;
  /** RFC 3339 in UTC. */
  readonly receivedAt: string;
  /** Parts that it was sent in. */
  readonly segments: number;
  /** Parts that had not come in time. */
  readonly missing: number;
  readonly media: readonly string[];
  readonly optOut: string | null;
}

/** What a message says of consent: the field `data` of `recipient.opted_out` and `recipient.opted_in`. */
export interface ConsentData {
  readonly account: string;
  /** The recipient, as `from` of the message. */
  readonly number: string;
  /** The number it was said to. */
  readonly to: string;
  readonly optedOut: boolean;
  readonly at: string;
}

export function inboundData(received: Received): InboundData {
  const { id, accountId, from, to, text, binary, receivedAt, segments, missing, media, optOut } = received;
  return {
    ...{ id, account: accountId, from: shownNumber(from), to: shownNumber(to), text },
    binary: binary === null ? null : Buffer.from(binary).toString("hex"),
    receivedAt: new Date(receivedAt).toISOString(),
    ...{ segments, missing, media, optOut },
  };
}

/** A full number with its plus; short codes and names as they are. */
export function shownNumber(number: string): string {
  return /^[1-9]\d{6,14}$/.test(number) ? `+${number}` : number;
}

/** As it stands in records: digits without the plus. */
export function storedNumber(number: string): string {
  return number.trim().replace(/^\+(?=\d)/, "");
}
