import { describe, expect, it } from "vitest";
import table from "../../../../domain/receipts/receipt-errors.json" with { type: "json" };
import {
  classifyReceiptError,
  receiptErrorClasses,
  receiptErrorMeanings,
} from "../../../../domain/receipts/receipt-errors.ts";

describe("the class of a failed receipt", () => {
  it.each([
    ["smpp", "undelivered", "001", "destination"],
    ["smpp", "undelivered", "1", "destination"],
    ["smpp", "undelivered", "8", "route"],
    ["smpp", "expired", "0027", "handset"],
    ["http-twilio", "undelivered", "30007", "route"],
    ["http-twilio", "failed", "21610", "destination"],
    ["http-twilio", "undelivered", "30003", "handset"],
  ] as const)("of %s, %s with %s is %s, whatever zeros stand before the code", (kind, state, code, wanted) => {
    expect(classifyReceiptError(kind, state, code).class).toBe(wanted);
  });

  it.each([
    ["undelivered", "unknown"],
    ["failed", "unknown"],
    ["expired", "temporary"],
    ["rejected", "route"],
  ] as const)("is by its state where the code is not known or missing: %s is %s", (state, wanted) => {
    for (const code of ["4711", undefined]) expect(classifyReceiptError("smpp", state, code).class).toBe(wanted);
    expect(classifyReceiptError("a kind that is to come", state, "1").class).toBe(wanted);
  });

  it("is the provider's own where it says so, by code before the table, and by state after it", () => {
    const own = receiptErrorMeanings({ "001": "route", "0X0B": "destination", rejected: "destination" });
    expect(classifyReceiptError("smpp", "undelivered", "1", own)).toEqual({
      class: "route",
      meaning: "unknown subscriber",
    });
    expect(classifyReceiptError("smpp", "undelivered", "0x0b", own).class).toBe("destination");
    expect(classifyReceiptError("smpp", "rejected", "99", own).class).toBe("destination");
    expect(classifyReceiptError("smpp", "rejected", "8", own).class).toBe("route");
  });

  it("is one of five, for each code of the table, which is written without zeros", () => {
    for (const codes of Object.values(table))
      for (const [code, { class: found, meaning }] of Object.entries(codes)) {
        expect(receiptErrorClasses).toContain(found);
        expect(code).toMatch(/^[1-9]\d*$/);
        expect(meaning).not.toBe("");
      }
  });
});
