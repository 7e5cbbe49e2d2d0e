import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  type PhoneNumber,
  parsePhoneNumberFromString,
  validatePhoneNumberLength,
} from "libphonenumber-js/max";
import { type MobilePlan, readMobilePlans } from "./mobile-plans.ts";
import { currentForm, twinOf } from "./superseded-forms.ts";
import { readWrittenNumber } from "./written-number.ts";

/** Why a destination was refused. Stable: callers put these into answers and events. */
export type DestinationProblem =
  | "destination-empty"
  | "destination-malformed"
  | "destination-not-international"
  | "destination-country-unknown"
  | "destination-invalid"
  | "destination-type-unsupported";

export type ParsedDestination =
  | {
      ok: true;
      /** E.164 digits without the plus (ITU-T E.164, at most 15): the form under which everything about a recipient meets. */
      e164: string;
      /** ISO 3166-1 alpha-2. */
      country: string;
    }
  | { ok: false; code: DestinationProblem; reason: string };

const NORMALISED = /^[1-9]\d{6,14}$/;
/**
 * Numbers that are valid but no message can or should go to, in the words of libphonenumber: those on which the caller
 * pays extra are targets of toll fraud (UK 070 among them: personal numbers cost as much as premium ones).
 */
const UNSUPPORTED_TYPES: ReadonlyMap<string, string> = new Map([
  ["PREMIUM_RATE", "a premium-rate number"],
  ["SHARED_COST", "a shared-cost number"],
  ["PERSONAL_NUMBER", "a personal number (charged like a premium-rate one)"],
  ["PAGER", "a pager"],
  ["VOICEMAIL", "a voicemail access number"],
  ["UAN", "a company's universal access number"],
]);
/** E.164 has 15; a trunk prefix of up to three digits may stand behind the country code. */
const MAX_WRITTEN_DIGITS = 18;
const TOO_LONG = "too long for a number of its country; give one number, without an extension";
const WRITE_INTERNATIONAL =
  "write it in international form: a plus, the country code, the number without its leading 0, such as +491713920012";

const plans = readMobilePlans();

/**
 * Reads a destination and gives its E.164 digits and country.
 *
 * `+...` and `00...` are international, and so are digits alone. Digits with separators and neither are national, of a country
 * that nobody named: they are refused, since "(201) 555-0123" would else go to Egypt. With `defaultCountry` (ISO alpha-2)
 * all that has no plus is read as dialled there first. Numbers of a superseded plan (Mexico's 1 for mobiles) become
 * today's. Normalised digits of a mobile number take a path without the full parser (~0.3 us instead of ~6 us); the
 * answer is the same.
 */
export function parseDestination(input: string, defaultCountry?: string): ParsedDestination {
  if (defaultCountry === undefined) {
    const digits = input.charCodeAt(0) === 0x2b ? input.slice(1) : input;
    if (NORMALISED.test(digits)) {
      const country = countryOfMobile(digits);
      return country === undefined ? judge(digits, readInternational(digits)) : { ok: true, e164: digits, country };
    }
  }
  return parseWritten(input, defaultCountry);
}

/** The country of normalised digits if they are certainly a valid mobile number that needs no rewriting. */
function countryOfMobile(digits: string): string | undefined {
  for (let length = 1; length <= 3; length++) {
    const plan = plans.get(digits.slice(0, length));
    if (plan !== undefined) return matchesPlan(plan, digits.slice(length)) ? plan.country : undefined;
  }
  return undefined;
}

function matchesPlan(plan: MobilePlan, national: string): boolean {
  return !plan.trunkPrefix?.test(national) && plan.mobile.test(national);
}

/**
 * The destinations under which a handset may have been sent to that answers as `digits` (E.164 without a plus, as the source of
 * a receipt or of a message from a handset). The first is what `parseDestination` makes of the digits; a second one is there
 * where the country's plan knows two valid spellings (Argentina's mobiles with and without the 9). Digits that are
 * no valid destination are given back as they are.
 *
 * To place a receipt, ask for each form whether it was sent to, and take the first when none is known.
 */
export function destinationForms(digits: string): readonly string[] {
  const parsed = parseDestination(digits);
  if (!parsed.ok) return [digits];
  const twin = twinOf(parsed.e164);
  if (twin === undefined) return [parsed.e164];
  const other = parseDestination(twin);
  return other.ok && other.e164 === twin ? [parsed.e164, twin] : [parsed.e164];
}

/** Whether two numbers, each in any spelling that its plan has or had, are one handset's. An equivalence relation. */
export function sameHandset(a: string, b: string): boolean {
  return a === b || destinationForms(a).includes(destinationForms(b)[0] as string);
}

function parseWritten(input: string, defaultCountry: string | undefined): ParsedDestination {
  const written = readWrittenNumber(input);
  if (!written.ok) return refuse(written.empty ? "destination-empty" : "destination-malformed", written.reason);
  if (defaultCountry !== undefined && !isSupportedCountry(defaultCountry)) {
    return refuse("destination-country-unknown", `"${defaultCountry}" is not an ISO 3166-1 alpha-2 country code`);
  }
  const { digits, international, separated, slashAfter } = written;
  if (slashAfter !== undefined && readInternational(digits.slice(0, slashAfter)) !== undefined) {
    return refuse("destination-malformed", "two numbers with a slash between them; one number for each message");
  }
  if (digits.length > MAX_WRITTEN_DIGITS) return refuse("destination-invalid", TOO_LONG);
  if (international) return judge(digits, readInternational(digits));
  if (defaultCountry !== undefined) {
    const national = readNational(digits, defaultCountry as CountryCode);
    if (national !== undefined) return judge(digits, national);
  }
  if (digits.startsWith("0")) {
    return refuse("destination-invalid", `no country code begins with 0; ${WRITE_INTERNATIONAL}`);
  }
  if (separated) {
    return refuse("destination-not-international", `separators and no plus: ${WRITE_INTERNATIONAL}`);
  }
  return judge(digits, readInternational(digits));
}

/** A number that is valid, as it stands or in today's form; undefined for all others. */
function readInternational(digits: string): PhoneNumber | undefined {
  const number = parsePhoneNumberFromString(`+${digits}`, { extract: false });
  if (number?.isValid()) return number;
  const current = currentForm(digits);
  if (current === undefined) return undefined;
  const today = parsePhoneNumberFromString(`+${current}`, { extract: false });
  return today?.isValid() ? today : undefined;
}

function readNational(digits: string, defaultCountry: CountryCode): PhoneNumber | undefined {
  const number = parsePhoneNumberFromString(digits, { defaultCountry, extract: false });
  return number?.isValid() ? number : readInternational(getCountryCallingCode(defaultCountry) + digits);
}

function judge(digits: string, number: PhoneNumber | undefined): ParsedDestination {
  if (number === undefined) return refuse("destination-invalid", whyInvalid(digits));
  const type = number.getType();
  const unsupported = UNSUPPORTED_TYPES.get(type ?? "");
  if (number.country === undefined || unsupported !== undefined) {
    return refuse(
      "destination-type-unsupported",
      `${unsupported ?? "a non-geographic number"} cannot receive messages`,
    );
  }
  return { ok: true, e164: number.number.slice(1), country: number.country };
}

function whyInvalid(digits: string): string {
  switch (validatePhoneNumberLength(`+${digits}`)) {
    case "INVALID_COUNTRY":
      return `no country has this code; ${WRITE_INTERNATIONAL}`;
    case "TOO_SHORT":
      return "too short for a number of its country";
    case "TOO_LONG":
      return TOO_LONG;
    default:
      return "no such number exists in the numbering plan of its country";
  }
}

function refuse(code: DestinationProblem, reason: string): ParsedDestination {
  return { ok: false, code, reason };
}
