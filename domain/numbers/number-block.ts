import { getCountries, getCountryCallingCode } from "libphonenumber-js/max";

const callingCodes = new Set<string>(getCountries().map((country) => getCountryCallingCode(country)));
const LONGEST_CODE = 3;
/** Plans of numbers give an operator all that begin with so many digits behind the calling code, or several such blocks. */
const DIGITS = 4;

/**
 * The block that a number lies in: its calling code and four digits, so 5 to 7 in all. Two numbers of a block are mostly of one operator.
 * @param digits E.164 without the plus, or their beginning; a shorter one is its own block
 */
export function numberBlock(digits: string): string {
  let length = 1;
  while (length < LONGEST_CODE && !callingCodes.has(digits.slice(0, length))) length++;
  return digits.slice(0, length + DIGITS);
}
