import { type CountryCode, getExampleNumber, parsePhoneNumberFromString } from "libphonenumber-js/max";
import examples from "libphonenumber-js/mobile/examples";
import { pickByWeight, type Random } from "./seeded-random.ts";

/** Where the demo's recipients live, and how many of them. */
export const DEMO_COUNTRIES: readonly (readonly [CountryCode, number])[] = [
  ...(["DE", "FR", "GB", "ES", "IT", "US"] as const).map((country) => [country, 8] as const),
  ...(["NL", "GR", "PL", "IN", "BR"] as const).map((country) => [country, 4] as const),
  ...(["CA", "SE", "NO", "DK", "FI", "PT", "AT", "CH", "BE", "IE", "CZ", "RO"] as const).map((c) => [c, 2] as const),
  ...(["TR", "AE", "SA", "EG", "ZA", "NG", "MX", "CL", "JP", "PH", "AU"] as const).map((c) => [c, 2] as const),
];

/** Digits of an example number that are replaced, so that the numbers differ and stay in the same number range. */
const VARIED_DIGITS = 5;
const TRIES = 50;

/** A valid mobile number, E.164 with the plus, of a country of the list. The numbers are made up. */
export function demoNumber(random: Random): string {
  const country = pickByWeight(DEMO_COUNTRIES, random);
  const example = getExampleNumber(country, examples)!.number;
  for (let n = 0; n < TRIES; n++) {
    const ending = String(Math.floor(random() * 10 ** VARIED_DIGITS)).padStart(VARIED_DIGITS, "0");
    const number = example.slice(0, -VARIED_DIGITS) + ending;
    const parsed = parsePhoneNumberFromString(number);
    if (parsed?.isValid() && parsed.country === country) return number;
  }
  return example;
}
