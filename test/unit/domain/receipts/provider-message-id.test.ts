import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalId, idForms, normaliseProviderMessageId } from "../../../../domain/receipts/provider-message-id.ts";

const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
/** One number as centres write it: hexadecimal of either case or decimal, padded or not. */
const written = fc.tuple(number, fc.constantFrom("hex", "HEX", "decimal"), fc.nat(16)).map(([n, form, width]) => {
  const digits = form === "decimal" ? n.toString() : n.toString(16);
  return {
    n,
    text: (form === "HEX" ? digits.toUpperCase() : digits).padStart(width, "0"),
    decimal: form === "decimal",
  };
});

describe("normaliseProviderMessageId", () => {
  it("brings both notations of one number together", () => {
    expect(normaliseProviderMessageId("00A1B2", "hex")).toBe("41394");
    expect(normaliseProviderMessageId(" 0041394\0", "decimal")).toBe("41394");
    expect(normaliseProviderMessageId("0", "hex")).toBe("0");
    fc.assert(
      fc.property(written, ({ n, text, decimal }) => {
        expect(normaliseProviderMessageId(text, decimal ? "decimal" : "hex")).toBe(n.toString());
      }),
    );
  });

  it("keeps what is no number in that notation", () => {
    expect(normaliseProviderMessageId(" SM0a ", "as-is")).toBe("SM0a");
    expect(normaliseProviderMessageId("00A1", "as-is")).toBe("00A1");
    expect(normaliseProviderMessageId("A1", "decimal")).toBe("A1");
    expect(normaliseProviderMessageId("a1-b2", "hex")).toBe("a1-b2");
    expect(normaliseProviderMessageId("f".repeat(32), "hex")).toBe("f".repeat(32));
  });
});

describe("idForms", () => {
  it("finds a submission by a receipt in the other notation", () => {
    expect(idForms("41394")).toEqual(["41394", "a1b2", "267156"]);
    expect(idForms("0000A1B2")).toEqual(["a1b2", "41394"]);
    expect(idForms("SM-1")).toEqual(["sm-1"]);
    expect(canonicalId("0A12BC34-5D6E-4F70-8A9B-C0D1E2F3A4B5")).toBe("0a12bc34-5d6e-4f70-8a9b-c0d1e2f3a4b5");
    fc.assert(
      fc.property(number, fc.boolean(), (n, decimal) => {
        const submitted = decimal ? n.toString() : n.toString(16);
        for (const receipt of [n.toString(), n.toString(16), n.toString(16).toUpperCase().padStart(16, "0")]) {
          expect(idForms(receipt)).toContain(canonicalId(submitted));
        }
      }),
    );
  });

  it.each([
    ["33E95179", ["33e95179", "870928761"]],
    ["0033E95179", ["33e95179", "870928761"]],
    // Digits may be either.
    ["870928761", ["870928761", "33e95179", "36248389473"]],
    ["0870928761", ["870928761", "33e95179", "36248389473"]],
    ["00ff", ["ff", "255"]],
    ["0", ["0"]],
    ["0000", ["0"]],
    ["ffffffffffffffff", ["ffffffffffffffff", "18446744073709551615"]],
    ["18446744073709551615", ["18446744073709551615", "ffffffffffffffff"]],
    // Beyond 64 bits digits are a text.
    ["18446744073709551616", ["18446744073709551616"]],
    ["20261201071034000123", ["20261201071034000123"]],
    ["10000000000000000", ["10000000000000000", "2386f26fc10000"]],
    [" SM0001 ", ["sm0001"]],
    ["", [""]],
  ])("%j, as a portal shows it, may have stood as %j", (id, forms) => {
    expect(idForms(id)).toEqual(forms);
  });

  it("has no repeats, and starts with the canonical form", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          written.map(({ text }) => text),
          fc.string(),
        ),
        (id) => {
          const forms = idForms(id);
          expect(new Set(forms).size).toBe(forms.length);
          expect(forms[0]).toBe(canonicalId(id));
          expect(forms.length).toBeLessThanOrEqual(3);
        },
      ),
    );
  });
});
