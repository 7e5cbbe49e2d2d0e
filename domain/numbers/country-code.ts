import { getCountryCallingCode, isSupportedCountry } from "libphonenumber-js/max";

/** What people write for a country whose ISO code is another one. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["UK", "GB"],
  ["EL", "GR"],
  ["SU", "RU"],
  ["YU", "RS"],
  ["CS", "RS"],
  ["TP", "TL"],
  ["ZR", "CD"],
  ["BU", "MM"],
  ["AN", "CW"],
  ["DD", "DE"],
  ["FX", "FR"],
]);
/** Territories of ISO 3166-1 that have no telephone numbers of their own. */
const WITHOUT_NUMBERS: ReadonlySet<string> = new Set(["AQ", "BV", "GS", "HM", "PN", "TF", "UM"]);

/** Whether a code of ISO 3166-1 names a country whose numbers there are; else nothing can match it. */
export const hasNumbers = (code: string): boolean => !WITHOUT_NUMBERS.has(code);

/** Whether a prefix is a country's calling code. */
export const isCallingCode = (prefix: string, country: string): boolean =>
  isSupportedCountry(country) && prefix === getCountryCallingCode(country);

/** What is wrong with a country's code, and which one is meant; undefined for a code of ISO 3166-1 alpha-2 (and XK, Kosovo). */
export function countryCodeProblem(code: string): string | undefined {
  if (isSupportedCountry(code) || WITHOUT_NUMBERS.has(code)) return undefined;
  const upper = code.toUpperCase();
  if (code !== upper && countryCodeProblem(upper) === undefined) return `"${code}" in capitals: "${upper}"`;
  const meant = MEANT.get(upper);
  if (meant !== undefined) return `"${code}" is no ISO 3166-1 code: that country's is "${meant}"`;
  return `${JSON.stringify(code)} is no ISO 3166-1 alpha-2 code: two capitals, such as DE`;
}
