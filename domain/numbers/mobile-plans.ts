import { getCountries, getCountryCallingCode, Metadata } from "libphonenumber-js/max";

/** What the fast path knows of one calling code: the main country's mobile numbers, as national digits. */
export interface MobilePlan {
  /** ISO 3166-1 alpha-2 code of the country that owns the plan. */
  country: string;
  /** Matches a whole national number that is valid and mobile. */
  mobile: RegExp;
  /** Matches at the start when the full parser might strip a trunk prefix: such numbers must not take the fast path. */
  trunkPrefix: RegExp | undefined;
}

/** The part of libphonenumber-js's metadata reader that its type declarations leave out. */
interface PlanReader {
  selectNumberingPlan(country: string): void;
  getCountryCodesForCallingCode(code: string): string[] | undefined;
  numberingPlan: {
    leadingDigits(): string | undefined;
    nationalNumberPattern(): string;
    nationalPrefixForParsing(): string | undefined;
    type(name: string): { pattern(): string; possibleLengths(): number[] | undefined } | undefined;
  };
}

/**
 * Mobile plans by calling code, read once from the metadata that the full parser uses, so that both always agree.
 * A shared calling code (+1, +7, +44) is represented by its main country, which the full parser also asks first.
 * A calling code without a mobile pattern, or whose main country is told by leading digits, is left out.
 */
export function readMobilePlans(): Map<string, MobilePlan> {
  const reader = new Metadata() as unknown as PlanReader;
  const plans = new Map<string, MobilePlan>();
  for (const callingCode of new Set(getCountries().map((code) => getCountryCallingCode(code)))) {
    const country = reader.getCountryCodesForCallingCode(callingCode)?.[0];
    if (country === undefined) continue;
    reader.selectNumberingPlan(country);
    const plan = reader.numberingPlan;
    // The metadata leaves the mobile pattern empty where it equals the fixed-line one (all of +1).
    const mobile = plan.type("MOBILE")?.pattern() ? plan.type("MOBILE") : plan.type("FIXED_LINE");
    if (plan.leadingDigits() || !plan.type("MOBILE") || !mobile?.pattern()) continue;
    const prefix = plan.nationalPrefixForParsing();
    plans.set(callingCode, {
      country,
      mobile: wholeNumber(mobile.pattern(), mobile.possibleLengths(), plan.nationalNumberPattern()),
      trunkPrefix: prefix ? new RegExp(`^(?:${prefix})`) : undefined,
    });
  }
  return plans;
}

/** One expression for the three tests of the full parser: a possible length, the general pattern, the mobile pattern. */
function wholeNumber(pattern: string, lengths: number[] | undefined, general: string): RegExp {
  const sized = lengths?.length ? `(?=(?:${lengths.map((n) => `\\d{${n}}`).join("|")})$)` : "";
  return new RegExp(`^${sized}(?=(?:${general})$)(?:${pattern})$`);
}
