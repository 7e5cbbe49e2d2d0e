import { CALLING_CODE_DIGITS, callingCodeOf } from "./number-prefix.ts";

/** Plans of numbers give an operator all that begin with so many digits behind the calling code, or several such blocks. */
const DIGITS = 4;

/**
 * The block that a number lies in: its calling code and four digits, so 5 to 7 in all. Two numbers of a block are mostly of one operator.
 * @param digits E.164 without the plus, or their beginning; a shorter one is its own block
 */
export function numberBlock(digits: string): string {
  return digits.slice(0, (callingCodeOf(digits)?.length ?? CALLING_CODE_DIGITS) + DIGITS);
}
