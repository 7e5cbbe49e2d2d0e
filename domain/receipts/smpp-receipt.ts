import { errorCodeOf, type ParsedReceipt, type ReceiptState } from "./receipt.ts";

/** SMPP 3.4 message_state (5.2.28), with SMPP 5.0's SCHEDULED (0) and SKIPPED (9). */
const STATE_OF_NUMBER: Readonly<Record<number, ReceiptState>> = {
  0: "queued", // SCHEDULED
  1: "enroute", // ENROUTE
  2: "delivered", // DELIVERED
  3: "expired", // EXPIRED
  4: "failed", // DELETED
  5: "undelivered", // UNDELIVERABLE
  6: "queued", // ACCEPTED: final in the standard, but centres send it when they take a message on
  7: "unknown", // UNKNOWN
  8: "rejected", // REJECTED
  9: "failed", // SKIPPED
};

/** `stat:` of the text form (SMPP 3.4, appendix B), by its first letters: centres cut and spell the words differently. */
const STATE_OF_WORD: readonly (readonly [start: string, state: ReceiptState])[] = [
  ["DELIV", "delivered"],
  ["EXPIR", "expired"],
  ["DELET", "failed"],
  ["UNDEL", "undelivered"],
  ["ACCEP", "queued"],
  ["UNKNO", "unknown"],
  ["REJEC", "rejected"],
  ["ENROU", "enroute"],
  ["SCHED", "queued"],
  ["BUFFE", "enroute"],
  ["FAIL", "failed"],
  ["SKIP", "failed"],
];

const FIELD = /(?:^|[\s,;])(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text):/gi;

/** What a deliver_sm carries of a receipt: its text, and the TLVs that newer centres add. */
export interface SmppReceiptInput {
  /** short_message or message_payload as text. */
  text: string;
  /** TLV message_state (0x0427). */
  messageState?: number | undefined;
  /** TLV receipted_message_id (0x001e). */
  receiptedMessageId?: string | undefined;
  /** The code in TLV network_error_code (0x0423), without its network type. */
  networkErrorCode?: number | undefined;
}

/**
 * Reads a receipt from TLVs and text; a TLV wins over the text. The text may be in any case, with fields missing or in
 * another order. Dates carry no zone: they are taken as UTC, and one that is no date is left out.
 */
export function parseSmppReceipt(input: SmppReceiptInput): ParsedReceipt {
  const fields = readFields(input.text);
  const providerMessageId = input.receiptedMessageId?.trim() || firstWord(fields.get("id"));
  if (!providerMessageId) return { ok: false, code: "receipt-without-id" };
  const state = stateOfNumber(input.messageState) ?? stateOfWord(fields.get("stat"));
  if (state === undefined) return { ok: false, code: "receipt-without-state" };
  const errorCode = errorCodeOf(firstWord(fields.get("err"))) ?? errorCodeOf(input.networkErrorCode?.toString());
  const doneAt = parseReceiptDate(firstWord(fields.get("donedate")));
  return { ok: true, receipt: { providerMessageId, state, errorCode, doneAt } };
}

function stateOfNumber(messageState: number | undefined): ReceiptState | undefined {
  return messageState === undefined ? undefined : STATE_OF_NUMBER[messageState];
}

function stateOfWord(word: string | undefined): ReceiptState | undefined {
  const upper = firstWord(word)?.toUpperCase();
  if (upper === undefined) return undefined;
  return STATE_OF_WORD.find(([start]) => upper.startsWith(start))?.[1];
}

/** Fields by lower-case name without blanks. The first occurrence counts; what follows `text:` is the message's own. */
function readFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  let valueStart = 0;
  for (const match of text.matchAll(FIELD)) {
    if (name !== undefined && !fields.has(name)) fields.set(name, text.slice(valueStart, match.index));
    name = (match[1] as string).toLowerCase().replace(/[ _]/, "");
    valueStart = match.index + match[0].length;
    if (name === "text") return fields;
  }
  if (name !== undefined && !fields.has(name)) fields.set(name, text.slice(valueStart));
  return fields;
}

function firstWord(value: string | undefined): string | undefined {
  return value?.match(/[^\s,;\0]+/)?.[0];
}

/**
 * `YYMMDDhhmm` with or without seconds, or the same with a four-digit year, as UTC in Unix milliseconds. Undefined for
 * what is no date, and outside 2000 to 2099: nobody received a message then, and such times are refused further on.
 */
export function parseReceiptDate(digits: string | undefined): number | undefined {
  if (digits === undefined || !/^(?:\d{10}|\d{12}|\d{14})$/.test(digits)) return undefined;
  // Twelve digits that start with "20" are a four-digit year: as a two-digit one it would be 2020.
  const fullYear = digits.length === 14 || (digits.length === 12 && digits.startsWith("20"));
  const rest = fullYear ? digits.slice(4) : digits.slice(2);
  const year = fullYear ? Number(digits.slice(0, 4)) : 2000 + Number(digits.slice(0, 2));
  const [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map((at) => Number(rest.slice(at, at + 2))) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const inRange = year >= 2000 && year <= 2099 && hour <= 23 && minute <= 59 && second <= 59;
  if (!inRange) return undefined;
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // A month or day that does not exist moves on to another one.
  return time.getUTCMonth() === month - 1 && time.getUTCDate() === day ? time.getTime() : undefined;
}
