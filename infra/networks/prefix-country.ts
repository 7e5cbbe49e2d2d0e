import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  parsePhoneNumberFromString,
} from "libphonenumber-js/max";
import { callingCodeOf } from "../../domain/numbers/number-prefix.ts";

const countriesOfCode = new Map<string, CountryCode[]>();
for (const country of getCountries()) {
  const code = getCountryCallingCode(country);
  countriesOfCode.set(code, [...(countriesOfCode.get(code) ?? []), country]);
}

/** Numbers tried for each length: every second digit varies, so that no range of ten thousand is missed. */
const TRIES = 60;
/** Lengths of E.164 numbers with the country code. */
const SHORTEST = 9;
const LONGEST = 13;
/** A prefix of two countries is divided this many digits further. */
const MAX_DEPTH = 4;

/**
 * The countries of a prefix: the prefix itself with its one country, or the longer prefixes into which it falls where several
 * countries share a code (Jersey's ranges within +44). Prefixes under which libphonenumber knows no valid number are left out.
 */
export function countriesOfPrefix(prefix: string, depth = 0): { prefix: string; country: CountryCode }[] {
  const code = callingCodeOf(prefix);
  const sharing = code === undefined ? [] : (countriesOfCode.get(code) ?? []);
  if (sharing.length === 0) return [];
  if (sharing.length === 1) return [{ prefix, country: sharing[0] as CountryCode }];
  const found = sample(prefix);
  if (found.size === 0) return [];
  if (found.size === 1 || depth === MAX_DEPTH) return [{ prefix, country: [...found][0] as CountryCode }];
  return [..."0123456789"].flatMap((digit) => countriesOfPrefix(prefix + digit, depth + 1));
}

function sample(prefix: string): Set<CountryCode> {
  const found = new Set<CountryCode>();
  for (let length = Math.max(SHORTEST, prefix.length); length <= LONGEST; length++) {
    const missing = length - prefix.length;
    for (let n = 0; n < TRIES; n++) {
      // 61 and 10^k have no common factor: the endings are spread evenly and are the same in every run.
      const ending = String((n * 6_180_339_887 + 123_456_789) % 10 ** missing).padStart(missing, "0");
      const number = parsePhoneNumberFromString(`+${prefix}${missing === 0 ? "" : ending}`, { extract: false });
      if (number?.isValid() && number.country !== undefined) found.add(number.country);
      if (missing === 0) break;
    }
  }
  return found;
}
