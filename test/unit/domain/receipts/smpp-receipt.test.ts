import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReceiptDate, parseSmppReceipt } from "../../../../domain/receipts/smpp-receipt.ts";

const full =
  "id:0123456789 sub:001 dlvrd:001 submit date:2611230915 done date:2611230916 stat:DELIVRD err:000 text:id:9 stat:UNDELIV";

function receiptOf(text: string, tlvs = {}) {
  const parsed = parseSmppReceipt({ text, ...tlvs });
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed.receipt;
}

describe("parseSmppReceipt", () => {
  it("reads the form of appendix B, and nothing of the message's own text", () => {
    expect(receiptOf(full)).toEqual({
      providerMessageId: "0123456789",
      state: "delivered",
      errorCode: undefined,
      doneAt: Date.UTC(2026, 10, 23, 9, 16),
    });
  });

  it("reads it in any case, order and completeness", () => {
    expect(receiptOf("ID:7A-x STAT:undeliv ERR:01F")).toEqual({
      providerMessageId: "7A-x",
      state: "undelivered",
      errorCode: "01F",
      doneAt: undefined,
    });
    expect(receiptOf("stat:EXPIRED done_date:20261123091659 id: 77")).toEqual({
      providerMessageId: "77",
      state: "expired",
      errorCode: undefined,
      doneAt: Date.UTC(2026, 10, 23, 9, 16, 59),
    });
    expect(receiptOf("id:1\nstat:REJECTD\nerr:\ntext:")).toMatchObject({ state: "rejected", errorCode: undefined });
  });

  it("knows every state word and its spellings", () => {
    const states = {
      DELIVRD: "delivered",
      DELIVERED: "delivered",
      EXPIRED: "expired",
      DELETED: "failed",
      UNDELIV: "undelivered",
      ACCEPTD: "queued",
      UNKNOWN: "unknown",
      REJECTD: "rejected",
      ENROUTE: "enroute",
      FAILED: "failed",
    };
    for (const [word, state] of Object.entries(states))
      expect([word, receiptOf(`id:1 stat:${word}`).state]).toEqual([word, state]);
  });

  it("knows every message_state", () => {
    const states = [
      "queued",
      "enroute",
      "delivered",
      "expired",
      "failed",
      "undelivered",
      "queued",
      "unknown",
      "rejected",
      "failed",
    ];
    for (const [messageState, state] of states.entries()) {
      expect(receiptOf("", { receiptedMessageId: "1", messageState }).state).toBe(state);
    }
  });

  it("lets TLVs win over the text", () => {
    const tlvs = { receiptedMessageId: "abc", messageState: 5, networkErrorCode: 27 };
    expect(receiptOf(full, tlvs)).toMatchObject({ providerMessageId: "abc", state: "undelivered", errorCode: "27" });
    expect(receiptOf("id:1 stat:DELIVRD", { messageState: 77 }).state).toBe("delivered");
  });

  it("says what is missing", () => {
    expect(parseSmppReceipt({ text: "stat:DELIVRD" })).toEqual({ ok: false, code: "receipt-without-id" });
    expect(parseSmppReceipt({ text: "id:1" })).toEqual({ ok: false, code: "receipt-without-state" });
    expect(parseSmppReceipt({ text: "hello, where is my parcel?" })).toEqual({ ok: false, code: "receipt-without-id" });
    expect(parseSmppReceipt({ text: "id:1 text: stat:DELIVRD" })).toEqual({ ok: false, code: "receipt-without-state" });
    expect(parseSmppReceipt({ text: "id:1 stat:CONFUSED" })).toEqual({ ok: false, code: "receipt-without-state" });
  });

  it("never throws", () => {
    const pieces = fc.array(
      fc.constantFrom("id:", "stat:", "done date:", "err:", "text:", " ", "DELIVRD", "99", "\0", "x"),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((all) => all.join("")),
        ),
        (text) => {
          const parsed = parseSmppReceipt({ text });
          if (parsed.ok) expect(parsed.receipt.providerMessageId).not.toBe("");
        },
      ),
    );
  });
});

describe("parseReceiptDate", () => {
  it("reads two-digit and four-digit years, with or without seconds", () => {
    const time = Date.UTC(2026, 10, 23, 9, 16);
    for (const digits of ["2611230916", "261123091600", "202611230916", "20261123091600"]) {
      expect([digits, parseReceiptDate(digits)]).toEqual([digits, time]);
    }
  });

  it("leaves out what is no date", () => {
    for (const digits of [undefined, "", "0000000000", "2613230916", "2611232416", "now", "26112309"]) {
      expect([digits, parseReceiptDate(digits)]).toEqual([digits, undefined]);
    }
  });

  it("leaves out days that do not exist and years in which nobody received a message", () => {
    for (const digits of [
      "2602290916",
      "2604310916",
      "2600100916",
      "2601000916",
      "199912312359",
      "19991231235959",
      "00500101000000",
      "21000101000000",
      "99991231235959",
    ]) {
      expect([digits, parseReceiptDate(digits)]).toEqual([digits, undefined]);
    }
    expect(parseReceiptDate("2802290916")).toBe(Date.UTC(2028, 1, 29, 9, 16));
    expect(parseReceiptDate("20991231235959")).toBe(Date.UTC(2099, 11, 31, 23, 59, 59));
    expect(parseReceiptDate("20000101000000")).toBe(Date.UTC(2000, 0, 1));
  });

  it("gives only times of this century, whatever the digits", () => {
    const digits = fc.array(fc.constantFrom(..."0123456789"), { minLength: 10, maxLength: 14 });
    fc.assert(
      fc.property(digits, (all) => {
        const time = parseReceiptDate(all.join(""));
        if (time === undefined) return;
        expect(time).toBeGreaterThanOrEqual(Date.UTC(2000, 0, 1));
        expect(time).toBeLessThan(Date.UTC(2100, 0, 1));
      }),
    );
  });
});
