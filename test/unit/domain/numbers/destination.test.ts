import fc from "fast-check";
import parsePhoneNumber, {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
} from "libphonenumber-js/max";
import examples from "libphonenumber-js/mobile/examples";
import { describe, expect, it } from "vitest";
import { destinationForms, parseDestination, sameHandset } from "../../../../domain/numbers/destination.ts";
import { readMobilePlans } from "../../../../domain/numbers/mobile-plans.ts";
import { currentForm } from "../../../../domain/numbers/superseded-forms.ts";

const refused = new Set(["PREMIUM_RATE", "SHARED_COST", "PERSONAL_NUMBER", "PAGER", "VOICEMAIL", "UAN"]);

/** The slow truth: what the full parser says of international digits, or else of what they became by a change of plan. */
function byFullParser(digits: string): { e164: string; country: string } | undefined {
  const asWritten = parsePhoneNumber(`+${digits}`, { extract: false });
  const number = asWritten?.isValid() ? asWritten : parsePhoneNumber(`+${currentForm(digits)}`, { extract: false });
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

  it.each([
    // Digits with separators and no plus belong to a country that nobody named.
    ["(201) 555-0123", "destination-not-international", "a plus, the country code"],
    ["131 2345 6789", "destination-not-international", "a plus, the country code"],
    ["201-555-0123", "destination-not-international", "a plus"],
    ["201.555.0123", "destination-not-international", "a plus"],
    ["8 (916) 123-45-67", "destination-not-international", "a plus"],
    ["011 44 7400 123456", "destination-invalid", "no country code begins with 0"],
    ["01711234567", "destination-invalid", "without its leading 0"],
    ["tel:491711234567", "destination-not-international", "a plus"],
    ["49\u00a0171\u00a01234567", "destination-not-international", "a plus"],
    // Not one number.
    ["+491711234567,+491711234568", "destination-malformed", "one number for each message"],
    ["+491711234567;+491711234568", "destination-malformed", "one number for each message"],
    ["+491711234567\n+491711234568", "destination-malformed", "one number for each message"],
    ["+491711234567 +491711234568", "destination-malformed", "give one number"],
    ["+491711234567 / 8", "destination-malformed", "two numbers with a slash"],
    ["+491711234567 491711234568", "destination-invalid", "too long"],
    ["491711234567 491711234568", "destination-invalid", "too long"],
    ["++491711234567", "destination-malformed", "a plus stands once"],
    ["49+1711234567", "destination-malformed", "a plus stands once"],
    ["+491711234567;ext=5", "destination-malformed", "an extension"],
    ["tel:+49-171-1234567;ext=5", "destination-malformed", "an extension"],
    ["+49 171 1234567 x123", "destination-malformed", "an extension"],
    ["+491711234567#5", "destination-malformed", "an extension"],
    ["1-800-FLOWERS", "destination-malformed", "letters do not stand for digits"],
    ["+1 800 FLOWERS", "destination-malformed", "letters"],
    ["+49171*234567", "destination-malformed", "digits with an optional plus"],
    ["+", "destination-malformed", "no digit"],
    ["\u200b\u2060", "destination-empty", "empty"],
    ["+49171", "destination-invalid", "too short"],
    ["+1201555012345", "destination-invalid", "too long"],
    ["+00491711234567", "destination-invalid", "no country has this code"],
    // Valid, and nothing to write to.
    ["+447012345678", "destination-type-unsupported", "a personal number"],
    ["+15002345678", "destination-type-unsupported", "a personal number"],
    ["+447640123456", "destination-type-unsupported", "a pager"],
    ["+19002345678", "destination-type-unsupported", "a premium-rate number"],
    ["+491805012345", "destination-type-unsupported", "a shared-cost number"],
  ])("refuses %j as %s", (input, code, reason) => {
    const parsed = parseDestination(input);
    expect(parsed).toMatchObject({ ok: false, code });
    if (!parsed.ok) {
      expect(parsed.reason).toContain(reason);
      for (const run of input.match(/\d{6,}/g) ?? []) expect(parsed.reason).not.toContain(run);
    }
  });

  it.each([
    ["+49\u00a0171\u202f123\u2011456\u20127", "blanks and dashes of typesetters"],
    ["\u202a+49 171 1234567\u202c", "marks that a contact application adds"],
    ["49171\u200b1234567", "an invisible blank, which is no separator"],
    [
      "\uff0b\uff14\uff19\uff08\uff10\uff09\uff11\uff17\uff11\uff0d\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
      "fullwidth",
    ],
    ["+\u0664\u0669\u0661\u0667\u0661\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "Arabic-Indic digits"],
    ["\u06f4\u06f9\u06f1\u06f7\u06f1\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7", "Persian digits"],
    ["+\u{1d7f0}\u{1d7f5}1711234567", "mathematical digits"],
    ["tel:+49-171-123-45-67", "RFC 3966"],
    ["TEL:+491711234567", "RFC 3966, in capitals"],
    ["sms:+491711234567", "RFC 5724"],
    ["(+49) 171 1234567", "the code in brackets"],
    ["(0049) 171 1234567", "the code in brackets"],
    ["+49 171/1234567", "a slash behind the area code"],
    ["  491711234567\n", "blanks around"],
  ])("reads %j: %s", (input) => {
    expect(outcome(input)).toEqual({ e164: "491711234567", country: "DE" });
  });

  it.each([
    ["+5215500000012", "525500000012", "MX"],
    ["5215500000012", "525500000012", "MX"],
    ["+52 1 55 0000 0012", "525500000012", "MX"],
    ["+52 044 55 0000 0012", "525500000012", "MX"],
    ["+52 045 55 0000 0012", "525500000012", "MX"],
    ["+52 01 55 0000 0012", "525500000012", "MX"],
    ["+54 11 15 2345 6789", "5491123456789", "AR"],
    ["+54 9 11 2345 6789", "5491123456789", "AR"],
    ["+55 11 6123-4567", "5511961234567", "BR"],
    ["+225 07 12 34 56", "2250707123456", "CI"],
    ["+225 44 12 34 56", "2250544123456", "CI"],
    ["+225 01 02 03 04", "2250101020304", "CI"],
    ["+229 97 12 34 56", "2290197123456", "BJ"],
    ["+237 7123 4567", "237671234567", "CM"],
    ["+84 168 123 4567", "84381234567", "VN"],
    ["+33 690 12 34 56", "590690123456", "GP"],
    ["+33 692 12 34 56", "262692123456", "RE"],
    ["+972 59 123 4567", "970591234567", "PS"],
    ["+7 8 916 123-45-67", "79161234567", "RU"],
    ["+39 06 1234567", "39061234567", "IT"],
  ])("reads %s as today's %s", (input, e164, country) => {
    expect(outcome(input)).toEqual({ e164, country });
  });

  it("reads a superseded national form in the default country", () => {
    expect(outcome("044 55 0000 0012", "MX")).toEqual({ e164: "525500000012", country: "MX" });
    expect(outcome("11 6123-4567", "BR")).toEqual({ e164: "5511961234567", country: "BR" });
    expect(outcome("(201) 555-0123", "US")).toEqual({ e164: "12015550123", country: "US" });
    expect(codeOf("131 2345 6789", "DE")).toBe("destination-not-international");
  });

  it("gives every input a result with a code, and never repeats it in the reason", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "+",
        "00",
        "49",
        "171",
        "1234567",
        "(0)",
        " ",
        "-",
        "/",
        ";ext=5",
        "tel:",
        "\u202a",
        "\u0664",
        "x",
      ),
      fc.string({ unit: "grapheme", maxLength: 3 }),
    );
    const written = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(fc.oneof(written, fc.string({ maxLength: 80 })), (input) => {
        const parsed = parseDestination(input);
        if (parsed.ok) expect(parsed.e164).toMatch(/^[1-9]\d{6,14}$/);
        else expect(parsed.code).toMatch(/^destination-[a-z-]+$/);
      }),
      { numRuns: 1_500 },
    );
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

describe("destinationForms", () => {
  it("gives today's form of a superseded one first", () => {
    expect(destinationForms("5215500000012")).toEqual(["525500000012"]);
    expect(destinationForms("551161234567")).toEqual(["5511961234567"]);
    expect(destinationForms("4901711234567")).toEqual(["491711234567"]);
  });

  it("gives both where the plan knows two spellings of one handset", () => {
    expect(destinationForms("5491123456789")).toEqual(["5491123456789", "541123456789"]);
    expect(destinationForms("541123456789")).toEqual(["541123456789", "5491123456789"]);
    expect(destinationForms("37744123456")).toEqual(["37744123456", "38344123456"]);
    expect(destinationForms("24107123456")).toEqual(["24107123456", "24177123456"]);
  });

  it("gives back what is no destination: short codes, names, premium numbers", () => {
    for (const digits of ["68849", "", "ACME", "447012345678", "01700000012"])
      expect(destinationForms(digits)).toEqual([digits]);
  });

  it("sees old and new spellings as one handset, and others apart", () => {
    expect(sameHandset("5215500000012", "525500000012")).toBe(true);
    expect(sameHandset("541123456789", "5491123456789")).toBe(true);
    expect(sameHandset("22997123456", "2290197123456")).toBe(true);
    expect(sameHandset("5215500000012", "525500000013")).toBe(false);
    expect(sameHandset("68849", "68849")).toBe(true);
    expect(sameHandset("68849", "68840")).toBe(false);
  });

  const anyDigits = fc.oneof(
    nearMobile,
    fc.stringMatching(/^[1-9]\d{0,14}$/),
    fc
      .tuple(
        fc.constantFrom("54", "549", "52", "521", "55", "225", "229", "241", "377", "383", "386", "970", "972", "84"),
        fc.stringMatching(/^\d{7,10}$/),
      )
      .map((parts) => parts.join("")),
  );

  it("is an equivalence: the same for every form of a number, each of them a destination as it stands", () => {
    fc.assert(
      fc.property(anyDigits, (digits) => {
        const forms = destinationForms(digits);
        expect(sameHandset(digits, digits)).toBe(true);
        if (!parseDestination(digits).ok) return;
        for (const form of forms) {
          expect(outcome(form)?.e164).toBe(form);
          expect(destinationForms(form).toSorted()).toEqual(forms.toSorted());
          expect(sameHandset(digits, form) && sameHandset(form, digits)).toBe(true);
        }
      }),
      { numRuns: 4_000 },
    );
  });

  it("begins with what parseDestination says", () => {
    fc.assert(
      fc.property(anyDigits, (digits) => {
        expect(destinationForms(digits)[0]).toBe(outcome(digits)?.e164 ?? digits);
      }),
      { numRuns: 2_000 },
    );
  });
});
