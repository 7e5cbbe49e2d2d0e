import fc from "fast-check";
import parsePhoneNumber, {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
} from "libphonenumber-js/max";
import examples from "libphonenumber-js/mobile/examples";
import { describe, expect, it } from "vitest";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { readMobilePlans } from "../../../../domain/numbers/mobile-plans.ts";

const refused = new Set(["PREMIUM_RATE", "SHARED_COST", "PAGER", "VOICEMAIL", "UAN"]);

/** The slow truth: what the full parser says of international digits. */
function byFullParser(digits: string): { e164: string; country: string } | undefined {
  const number = parsePhoneNumber(`+${digits}`, { extract: false });
  if (!number?.isValid() || number.country === undefined || refused.has(number.getType() ?? "")) return undefined;
  return { e164: number.number.slice(1), country: number.country };
}

function outcome(input: string, country?: string) {
  const parsed = parseDestination(input, country);
  return parsed.ok ? { e164: parsed.e164, country: parsed.country } : undefined;
}

function codeOf(input: string, country?: string) {
  const parsed = parseDestination(input, country);
  return parsed.ok ? "ok" : parsed.code;
}

/** An example mobile number with some of its digits replaced: near the border between valid and invalid. */
const nearMobile = fc
  .record({
    country: fc.constantFrom(...getCountries()),
    changes: fc.array(fc.tuple(fc.nat(14), fc.nat(9)), { maxLength: 5 }),
    extra: fc.constantFrom("", "", "", "0", "7"),
  })
  .map(({ country, changes, extra }) => {
    const digits = [...(getExampleNumber(country, examples)?.number.slice(1) ?? getCountryCallingCode(country))];
    const skip = getCountryCallingCode(country).length;
    for (const [at, digit] of changes) if (at + skip < digits.length) digits[at + skip] = String(digit);
    return digits.join("") + extra;
  });

describe("parseDestination", () => {
  it("gives digits and country", () => {
    expect(outcome("491711234567")).toEqual({ e164: "491711234567", country: "DE" });
    expect(outcome("+491711234567")).toEqual({ e164: "491711234567", country: "DE" });
    expect(outcome("+1 (212) 555-0123")).toEqual({ e164: "12125550123", country: "US" });
    expect(outcome("14165550123")).toEqual({ e164: "14165550123", country: "CA" });
    expect(outcome("0044 7400 123456")).toEqual({ e164: "447400123456", country: "GB" });
    expect(outcome("447624312345")).toEqual({ e164: "447624312345", country: "IM" });
    expect(outcome("77012345678")).toEqual({ e164: "77012345678", country: "KZ" });
  });

  it("reads bare digits as dialled in the default country, then as international", () => {
    expect(outcome("0171 1234567", "DE")).toEqual({ e164: "491711234567", country: "DE" });
    expect(outcome("0041 79 123 45 67", "DE")).toEqual({ e164: "41791234567", country: "CH" });
    expect(outcome("447400123456", "US")).toEqual({ e164: "447400123456", country: "GB" });
    expect(codeOf("0171 1234567")).toBe("destination-invalid");
    expect(codeOf("0171 1234567", "XX")).toBe("destination-country-unknown");
  });

  it("strips a trunk zero written into an international number", () => {
    expect(outcome("+49 (0) 171 1234567")).toEqual({ e164: "491711234567", country: "DE" });
    expect(outcome("4901711234567")).toEqual({ e164: "491711234567", country: "DE" });
  });

  it("says why a destination is refused", () => {
    expect(codeOf("  ")).toBe("destination-empty");
    expect(codeOf("call me")).toBe("destination-malformed");
    expect(codeOf("+491711234567 ext. 5")).toBe("destination-malformed");
    expect(codeOf("9".repeat(41))).toBe("destination-malformed");
    expect(codeOf("4917")).toBe("destination-invalid");
    expect(codeOf("999123456789")).toBe("destination-invalid");
    expect(codeOf("+49 900 1 234567")).toBe("destination-type-unsupported");
    expect(codeOf("+870773111632")).toBe("destination-type-unsupported");
  });

  it("agrees with the full parser on every country's example number", () => {
    for (const country of getCountries()) {
      const example = getExampleNumber(country as CountryCode, examples)?.number.slice(1);
      if (example !== undefined) expect([example, outcome(example)]).toEqual([example, byFullParser(example)]);
    }
  });

  it("agrees with the full parser near the border of valid mobile numbers, and anywhere else", () => {
    const digits = fc.oneof(nearMobile, fc.stringMatching(/^[1-9]\d{6,14}$/));
    fc.assert(
      fc.property(digits, (number) => {
        expect(outcome(number)).toEqual(byFullParser(number));
      }),
      { numRuns: 6_000 },
    );
  });

  it("is idempotent: its own answer parses to itself", () => {
    fc.assert(
      fc.property(nearMobile, (number) => {
        const first = outcome(number);
        fc.pre(first !== undefined);
        expect(outcome(first.e164)).toEqual(first);
      }),
      { numRuns: 2_000 },
    );
  });

  it("knows the mobile plan of most calling codes, so that most traffic avoids the full parser", () => {
    expect(readMobilePlans().size).toBeGreaterThan(180);
  });
});
