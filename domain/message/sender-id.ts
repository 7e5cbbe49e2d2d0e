import { countSeptets } from "../text/encoding.ts";

/** What a sender id is to the network; it decides the type of number that goes with it. */
export type SenderKind = "alphanumeric" | "short-code" | "international";

const MAX_ALPHANUMERIC_SEPTETS = 11;
const MAX_DIGITS = 15;
/** Longer digit strings are full numbers: no country has codes beyond eight digits. */
const MAX_SHORT_CODE_DIGITS = 8;
/** Printable ASCII with a letter or digit in it. */
const ASCII_NAME = /^(?=.*[A-Za-z0-9])[ -~]+$/;
const BLANK_AT_AN_END = /^\s|\s$/;

/** What a sender must be, for people. */
const SENDER_RULE =
  "a sender is up to 15 digits, or 1 to 11 ASCII characters of the GSM alphabet with a letter or digit among them; others, such as ü, are written out (Mueller), since providers do not carry them";
const NUMBER_RULE =
  "a number as sender is written internationally, with the country code and without the 0 before the area code: +491713920012, not 01713920012";
const BLANKS_RULE =
  "a sender neither begins nor ends with a blank: networks drop it or not, and then it is another name than the registered one";

/** A sender as it is sent, and its kind; or what is wrong with it, without repeating it. */
export type ReadSender = { ok: true; sender: string; kind: SenderKind } | { ok: false; reason: string };

/**
 * Reads a sender: up to 15 digits (with or without a plus), or a name of up to 11 septets (3GPP TS 23.040, 9.1.2.5) in ASCII. The
 * GSM alphabet has more, but SMPP's source_addr is ASCII (SMPP 3.4, 5.2.8), and so is what HTTP providers take; and a name
 * that is changed on the way is not the one that its owner has registered. So a blank at an end is refused and not taken off; those between words stay as they are.
 *
 * Digits that are too many for a short code are a full number, and 00 before it stands for a plus (ITU-T E.123, 2.6), as in a
 * destination. No country code begins with 0, so what does after that is a national form: of which country, nobody said.
 */
export function readSender(written: string): ReadSender {
  const plus = written.startsWith("+");
  const digits = plus ? written.slice(1) : written;
  if (!/^\d+$/.test(digits)) return readName(written);
  if (!plus && digits.length <= MAX_SHORT_CODE_DIGITS) return { ok: true, sender: written, kind: "short-code" };
  const zeros = !plus && digits.startsWith("00");
  const number = zeros ? digits.slice(2) : digits;
  if (number.startsWith("0")) return { ok: false, reason: NUMBER_RULE };
  if (number.length > MAX_DIGITS) return { ok: false, reason: SENDER_RULE };
  // Few digits without their 00 would read as a short code.
  const sender = zeros ? (number.length <= MAX_SHORT_CODE_DIGITS ? `+${number}` : number) : written;
  return { ok: true, sender, kind: "international" };
}

function readName(name: string): ReadSender {
  if (BLANK_AT_AN_END.test(name) && name.trim() !== "") return { ok: false, reason: BLANKS_RULE };
  const septets = countSeptets(name);
  const valid = septets > 0 && septets <= MAX_ALPHANUMERIC_SEPTETS && ASCII_NAME.test(name);
  return valid ? { ok: true, sender: name, kind: "alphanumeric" } : { ok: false, reason: SENDER_RULE };
}

/** The kind of a sender id, or undefined if it is none. */
export function senderKind(sender: string): SenderKind | undefined {
  const read = readSender(sender);
  return read.ok ? read.kind : undefined;
}

/** Whether handsets can answer it: a full number or a short code, no name. */
export function isNumericSender(sender: string): boolean {
  const kind = senderKind(sender);
  return kind === "international" || kind === "short-code";
}
