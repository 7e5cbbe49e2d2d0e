import { countSeptets } from "../text/encoding.ts";

/** What a sender id is to the network; it decides the type of number that goes with it. */
export type SenderKind = "alphanumeric" | "short-code" | "international";

const MAX_ALPHANUMERIC_SEPTETS = 11;
const MAX_DIGITS = 15;
/** Longer digit strings are full numbers: no country has codes beyond eight digits. */
const MAX_SHORT_CODE_DIGITS = 8;
/** Printable ASCII with a letter or digit in it. */
const ASCII_NAME = /^(?=.*[A-Za-z0-9])[ -~]+$/;

/** What a sender must be, for people. */
export const SENDER_RULE =
  "a sender is up to 15 digits, or 1 to 11 ASCII characters of the GSM alphabet with a letter or digit among them; others, such as ü, are written out (Mueller), since providers do not carry them";

/**
 * The kind of a sender id, or undefined if it is none: up to 15 digits (with or without a plus), or a name of up to 11 septets
 * (3GPP TS 23.040, 9.1.2.5) in ASCII. The GSM alphabet has more, but SMPP's source_addr is ASCII (SMPP 3.4, 5.2.8), and so is what
 * HTTP providers take; and a name that is changed on the way is not the one that its owner has registered.
 */
export function senderKind(sender: string): SenderKind | undefined {
  const digits = sender.startsWith("+") ? sender.slice(1) : sender;
  if (/^\d+$/.test(digits)) {
    if (digits.length > MAX_DIGITS) return undefined;
    return digits.length <= MAX_SHORT_CODE_DIGITS && digits === sender ? "short-code" : "international";
  }
  const septets = countSeptets(sender);
  const valid = septets > 0 && septets <= MAX_ALPHANUMERIC_SEPTETS && ASCII_NAME.test(sender);
  return valid ? "alphanumeric" : undefined;
}
