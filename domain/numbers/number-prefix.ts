import { getCountries, getCountryCallingCode } from "libphonenumber-js/max";
import { parseDestination } from "./destination.ts";

/** Calling codes with the countries that share them. */
const byCallingCode = new Map<string, string[]>();
for (const country of getCountries()) {
  const code = getCountryCallingCode(country);
  byCallingCode.set(code, [...(byCallingCode.get(code) ?? []), country]);
}

/** What keeps a text from being the first digits of E.164 numbers, and what is meant; undefined when it can be. */
export function prefixProblem(prefix: string): string | undefined {
  const digits = prefix.replace(/[\s()./-]/g, "");
  if (/^\+\d+$/.test(digits)) return `${JSON.stringify(prefix)} without the plus: "${digits.slice(1)}"`;
  if (/^00\d+$/.test(digits)) return `${JSON.stringify(prefix)} without the 00: "${digits.slice(2)}"`;
  if (!/^\d{1,15}$/.test(prefix)) {
    return "first digits of numbers with their calling code, 1 to 15 digits in quotes, without plus, blanks or signs";
  }
  if (prefix.startsWith("0"))
    return `"${prefix}" begins with 0: a prefix begins with the country's calling code, as 49`;
  return countriesByCallingCode(prefix).length > 0 ? undefined : `no country's numbers begin with "${prefix}"`;
}

/** No calling code has more digits (E.164, 6.2.1), so that what follows them tells no more. */
export const CALLING_CODE_DIGITS = 3;
const found = new Map<string, readonly string[]>();

/** Every country that shares a calling code which the prefix begins with, or is the beginning of. Lists have many prefixes, so it is remembered. */
export function countriesByCallingCode(prefix: string): readonly string[] {
  const head = prefix.slice(0, CALLING_CODE_DIGITS);
  let countries = found.get(head);
  if (countries === undefined) {
    countries = [...byCallingCode].flatMap(([code, some]) =>
      code.startsWith(head) || head.startsWith(code) ? some : [],
    );
    if (/^\d+$/.test(head)) found.set(head, countries);
  }
  return countries;
}

/** Lengths of E.164 numbers that are tried. */
const MIN_LENGTH = 7;
const MAX_LENGTH = 15;
const TRIES_A_LENGTH = 60;
/** A shorter prefix, beyond its calling code, is of too many numbers to be tried out. */
const TELLING_DIGITS = 3;

/**
 * Where numbers with this prefix lie, when none of them lies in one of `countries`; undefined when one does, or when it cannot
 * be told. It completes the prefix to whole numbers in many ways, the same ones each time, and takes up to some 50 ms.
 */
export function liesElsewhere(prefix: string, countries: ReadonlySet<string>): readonly string[] | undefined {
  const sharing = countriesByCallingCode(prefix);
  const callingCode = callingCodeOf(prefix);
  if (callingCode === undefined || !sharing.some((country) => countries.has(country))) return sharing;
  if (sharing.length === 1 || prefix.length < callingCode.length + TELLING_DIGITS) return undefined;
  const places = new Set<string>();
  const digit = digits();
  for (let length = Math.max(MIN_LENGTH, prefix.length); length <= MAX_LENGTH; length++) {
    for (let n = 0; n < TRIES_A_LENGTH; n++) {
      let number = prefix;
      while (number.length < length) number += String(digit());
      const parsed = parseDestination(number);
      if (parsed.ok && countries.has(parsed.country)) return undefined;
      if (parsed.ok) places.add(parsed.country);
    }
  }
  return places.size === 0 ? undefined : [...places];
}

/** The calling code that a number, or its first digits, begins with; undefined for the beginning of one, and where no country has such numbers. */
export function callingCodeOf(digits: string): string | undefined {
  // No calling code is the beginning of another one.
  for (let length = 1; length <= CALLING_CODE_DIGITS; length++) {
    const code = digits.slice(0, length);
    if (byCallingCode.has(code)) return code;
  }
  return undefined;
}

/** Whether a zero follows the calling code: it is quickly found out whether {@link withoutTrunkZero} is to be asked. */
export const mayHaveTrunkZero = (prefix: string): boolean =>
  prefix.slice(1, CALLING_CODE_DIGITS + 1).includes("0") &&
  prefix[callingCodeOf(prefix)?.length ?? prefix.length] === "0";

/**
 * A prefix without the zero that is dialled within its country alone (49171 for 490171), where numbers that are written with it are read
 * without it, so that none begins with the prefix as it stands; undefined for any other one. In Italy and elsewhere the zero is part of
 * numbers. It completes the prefix in many ways, as {@link liesElsewhere} does.
 */
export function withoutTrunkZero(prefix: string): string | undefined {
  const callingCode = callingCodeOf(prefix);
  if (callingCode === undefined || !mayHaveTrunkZero(prefix)) return undefined;
  const bare = callingCode + prefix.slice(callingCode.length + 1);
  const digit = digits();
  let meant = false;
  for (let length = Math.max(MIN_LENGTH, prefix.length); length <= MAX_LENGTH; length++) {
    for (let n = 0; n < TRIES_A_LENGTH; n++) {
      let number = prefix;
      while (number.length < length) number += String(digit());
      const parsed = parseDestination(number);
      if (parsed.ok && parsed.e164.startsWith(prefix)) return undefined;
      meant ||= parsed.ok && parsed.e164.startsWith(bare);
    }
  }
  return meant ? bare : undefined;
}

/** Digits by a linear congruence modulo 2^31 (multiplier and increment of the C standard's example), of which the upper bits are used. */
function digits(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 16) % 10;
  };
}
