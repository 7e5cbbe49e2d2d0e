import { errorCodeOf, type Receipt, type ReceiptState } from "./receipt.ts";

/** SMPP 3.4 message_state (5.2.28), with SMPP 5.0's SCHEDULED (0) and SKIPPED (9). */
const STATE_OF_NUMBER: Readonly<Record<number, ReceiptState>> = {
  0: "queued", // SCHEDULED
  1: "enroute", // ENROUTE
  2: "delivered", // DELIVERED
  3: "expired", // EXPIRED
  4: "failed", // DELETED
  5: "undelivered", // UNDELIVERABLE
  6: "queued", // ACCEPTED: someone reads the message for the subscriber (5.2.28), but centres send it when they take it on
  7: "unknown", // UNKNOWN
  8: "rejected", // REJECTED
  9: "failed", // SKIPPED
};

/** `stat:` of the text form (SMPP 3.4, appendix B): centres cut and spell the words differently. */
const STATE_OF_WORD: readonly (readonly [word: RegExp, state: ReceiptState])[] = [
  [/^DELIV(?:R|E|D|ER|RD|ERD|ERED)?$/, "delivered"],
  [/^EXPIR(?:D|ED)?$/, "expired"],
  [/^DELET(?:D|ED)?$/, "failed"],
  [/^UNDEL/, "undelivered"],
  [/^ACCEP/, "queued"],
  [/^UNKNO(?:WN)?$/, "unknown"],
  [/^REJEC/, "rejected"],
  [/^EN_?ROU/, "enroute"],
  [/^SCHED/, "queued"],
  [/^BUFF/, "enroute"],
  [/^FAIL(?:ED|URE)?$/, "failed"],
  [/^SKIP/, "failed"],
];

/** Labels of the text form, as a pattern; without blanks they are the fields' names. */
export const FIELDS = "id|sub|dlvrd|submit[ _]*date|done[ _]*date|stat|err|text";
const FIELD = new RegExp(String.raw`(?:^|[^a-z0-9_])(${FIELDS})\s*:`, "gi");
/** A state word that stands there without its label: in capitals, as prose is not. */
export const BARE_STATE =
  /(?:^|[\s,;])(DELIVRD|DELIVERED|EXPIRED|DELETED|UNDELIV|UNDELIVERABLE|ACCEPTD|ACCEPTED|UNKNOWN|REJECTD|REJECTED|ENROUTE|BUFFRED|FAILED)(?=$|[\s,;])/;
/** More parts than a concatenation header can count are a mistake. */
const MAX_PARTS = 255;

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

/** What a receipt over SMPP says beyond others. */
export interface SmppReceipt extends Receipt {
  /** Parts of a long message that it speaks for, when more than one. */
  parts: number | undefined;
  /** Set when it gives no state that is known; it then counts as on the way. */
  stateUnread?: true;
}

export type ParsedSmppReceipt = { ok: true; receipt: SmppReceipt } | { ok: false; code: "receipt-without-id" };

/**
 * Reads a receipt from TLVs and text. The TLV's id is taken before the text's, and of two states the stronger: one that is
 * final before one that is not, the TLV's before the text's. The text may be in any case, with fields missing or in another
 * order. A state that is not known says that there is one, and no more: the message counts as on the way. Dates without a
 * zone are taken as UTC, and one that is no date is left out.
 */
export function parseSmppReceipt(input: SmppReceiptInput): ParsedSmppReceipt {
  const fields = readFields(input.text);
  const providerMessageId = input.receiptedMessageId?.trim() || firstWord(fields.get("id"));
  if (!providerMessageId) return { ok: false, code: "receipt-without-id" };
  const word = firstWord(fields.get("stat")) ?? BARE_STATE.exec(fields.get("") ?? "")?.[1];
  const state = stronger(stateOfNumber(input.messageState), stateOfWord(word));
  const errorCode = errorCodeOf(firstWord(fields.get("err"))) ?? errorCodeOf(input.networkErrorCode?.toString());
  const doneAt = parseReceiptDate(firstWord(fields.get("donedate")));
  const read = { providerMessageId, state: state ?? "enroute", errorCode, doneAt } as const;
  const parts = partsOf(read.state, fields);
  return { ok: true, receipt: state === undefined ? { ...read, parts, stateUnread: true } : { ...read, parts } };
}

/** Whether any field of the text form, or a state without its label, stands before the message's own text. */
export function hasReceiptFields(text: string): boolean {
  const fields = readFields(text);
  return fields.size > 1 || BARE_STATE.test(fields.get("") ?? "");
}

function stateOfNumber(messageState: number | undefined): ReceiptState | undefined {
  return messageState === undefined ? undefined : STATE_OF_NUMBER[messageState];
}

export function stateOfWord(word: string | undefined): ReceiptState | undefined {
  const upper = word?.toUpperCase();
  if (upper === undefined) return undefined;
  return STATE_OF_WORD.find(([pattern]) => pattern.test(upper))?.[1];
}

/** States that end nothing: a final one beside them says more. */
const PASSING: ReadonlySet<ReceiptState> = new Set(["queued", "enroute", "unknown"]);

function stronger(tlv: ReceiptState | undefined, text: ReceiptState | undefined): ReceiptState | undefined {
  if (tlv === undefined || text === undefined) return tlv ?? text;
  return PASSING.has(tlv) && !PASSING.has(text) ? text : tlv;
}

/**
 * Of a long message `sub:` counts the parts and `dlvrd:` those delivered (appendix B). A delivery is one of as many as were
 * delivered; any other end is that of the message.
 */
function partsOf(state: ReceiptState, fields: ReadonlyMap<string, string>): number | undefined {
  const submitted = countOf(fields.get("sub"));
  if (submitted === undefined || submitted < 2 || PASSING.has(state)) return undefined;
  const parts = state === "delivered" ? Math.min(submitted, countOf(fields.get("dlvrd")) ?? 1) : submitted;
  return parts >= 2 ? parts : undefined;
}

function countOf(value: string | undefined): number | undefined {
  const word = firstWord(value);
  const count = word !== undefined && /^\d{1,3}$/.test(word) ? Number(word) : 0;
  return count >= 1 && count <= MAX_PARTS ? count : undefined;
}

/**
 * Fields by lower-case name without blanks, and under "" all that stands before `text:`. The first occurrence counts; what
 * follows `text:` is the message's own.
 */
function readFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  let valueStart = 0;
  for (const match of text.matchAll(FIELD)) {
    if (name !== undefined && !fields.has(name)) fields.set(name, text.slice(valueStart, match.index));
    name = nameOf(match);
    valueStart = match.index + match[0].length;
    if (name === "text") return fields.set("", text.slice(0, match.index));
  }
  if (name !== undefined && !fields.has(name)) fields.set(name, text.slice(valueStart));
  return fields.set("", text);
}

function nameOf(match: RegExpExecArray): string {
  return match[1]!.toLowerCase().replace(/[ _]+/, "");
}

function firstWord(value: string | undefined): string | undefined {
  return value?.match(/[^\s,;\0"']+/)?.[0];
}

/** `YYMMDDhhmmsstnnp`: tenths of a second, then quarter-hours by which the local time is before (+) or behind (-) UTC. */
const ABSOLUTE_TIME = /^(\d\d)(\d{10})(\d)(\d\d)([+-])$/;
const MAX_QUARTERS = 48;
const QUARTER_HOUR_MS = 900_000;

/**
 * `YYMMDDhhmm` with or without seconds, or the same with a four-digit year, as UTC; or SMPP's absolute time with its zone
 * (3.4, 7.1.1). In Unix milliseconds. Undefined for what is no date, and outside 2000 to 2099: nobody received a message then,
 * and such times are refused further on.
 */
export function parseReceiptDate(digits: string | undefined): number | undefined {
  if (digits === undefined) return undefined;
  if (!/^(?:\d{10}|\d{12}|\d{14})$/.test(digits)) return parseAbsoluteTime(digits);
  // Twelve digits that start with "20" are a four-digit year: as a two-digit one it would be 2020.
  const fullYear = digits.length === 14 || (digits.length === 12 && digits.startsWith("20"));
  return fullYear
    ? timeOf(Number(digits.slice(0, 4)), digits.slice(4))
    : timeOf(2000 + Number(digits.slice(0, 2)), digits.slice(2));
}

function parseAbsoluteTime(text: string): number | undefined {
  const match = ABSOLUTE_TIME.exec(text);
  if (match === null || Number(match[4]) > MAX_QUARTERS) return undefined;
  const local = timeOf(2000 + Number(match[1]), match[2]!);
  if (local === undefined) return undefined;
  const ahead = Number(match[4]) * QUARTER_HOUR_MS * (match[5] === "+" ? 1 : -1);
  const time = local + Number(match[3]) * 100 - ahead;
  const year = new Date(time).getUTCFullYear();
  return year >= 2000 && year <= 2099 ? time : undefined;
}

/** `rest`: month, day, hour, minute and perhaps second, two digits each. */
function timeOf(year: number, rest: string): number | undefined {
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
