import { countSeptets } from "../text/encoding.ts";

/** What a sender id is to the network; it decides the type of number that goes with it. */
export type SenderKind = "alphanumeric" | "short-code" | "international";

const MAX_ALPHANUMERIC_SEPTETS = 11;
const MAX_DIGITS = 15;
/** Longer digit strings are full numbers: no country has codes beyond eight digits. */
const MAX_SHORT_CODE_DIGITS = 8;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\n\r\f\u001b]/;

/**
 * The kind of a sender id, or undefined if it is none: up to 15 digits (with or without a plus), or up to 11 septets of
 * printable GSM text (3GPP TS 23.040, 9.1.2.5) that is not blank.
 */
export function senderKind(sender: string): SenderKind | undefined {
  const digits = sender.startsWith("+") ? sender.slice(1) : sender;
  if (/^\d+$/.test(digits)) {
    if (digits.length > MAX_DIGITS) return undefined;
    return digits.length <= MAX_SHORT_CODE_DIGITS && digits === sender ? "short-code" : "international";
  }
  const septets = countSeptets(sender);
  const valid = septets > 0 && septets <= MAX_ALPHANUMERIC_SEPTETS && !CONTROL.test(sender) && sender.trim() !== "";
  return valid ? "alphanumeric" : undefined;
}
