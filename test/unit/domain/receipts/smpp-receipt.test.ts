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
      BUFFRED: "enroute",
      BUFFERED: "enroute",
      SCHEDULED: "queued",
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
    expect(parseSmppReceipt({ text: "hello, where is my parcel?" })).toEqual({ ok: false, code: "receipt-without-id" });
  });

  it.each(["DND_FAIL", "DELIVERY_FAILED", "DELIVNOT", "FAILOVER", "3", "n/a", "\u0000"])(
    "a state that it does not know (%s) is on the way, and keeps its code",
    (word) => {
      expect(receiptOf(`id:1 stat:${word} err:409`)).toMatchObject({
        state: "enroute",
        stateUnread: true,
        errorCode: "409",
      });
    },
  );

  it("a receipt without any state is on the way", () => {
    for (const text of ["id:1", "id:1 err:000", "id:1 stat: err:000", "id:1 text: stat:DELIVRD", "id:1 not delivered"])
      expect([text, receiptOf(text)]).toMatchObject([text, { state: "enroute", stateUnread: true }]);
    expect(receiptOf("", { receiptedMessageId: "1" })).toMatchObject({ state: "enroute", stateUnread: true });
  });

  it("finds a state without its label, before the message's own text", () => {
    expect(receiptOf("id:5501 done date:2611231402 DELIVRD err:000")).toMatchObject({
      providerMessageId: "5501",
      state: "delivered",
      doneAt: Date.UTC(2026, 10, 23, 14, 2),
    });
    expect(receiptOf("id:5501 UNDELIV err:011")).toMatchObject({ state: "undelivered", errorCode: "011" });
    expect(receiptOf("id:5501 err:000 text:it is DELIVRD")).toMatchObject({ state: "enroute" });
    expect(receiptOf("id:5501 DELIVRD stat:UNDELIV")).toMatchObject({ state: "undelivered" });
  });

  it.each([
    "id : 5501 stat : DELIVRD err : 000",
    "Id: 5501 Stat: delivrd Err: 000",
    "id:5501\tstat:DELIVRD\terr:000",
    "id:5501\r\nstat:DELIVRD\r\nerr:000\r\n",
    "id:5501,stat:DELIVRD,err:000",
    "id:5501|stat:DELIVRD|err:000",
    'id:"5501" stat:"DELIVRD" err:"000"',
    "IDENT stat:DELIVRD err:000 id:5501",
    "id:   5501   stat:DELIVRD",
    "id:5501 sub:001 dlvrd:001 submit_date:2611231402 done_date:20261123140201 stat:DELIVRD err:000 Text:id:9 stat:UNDELIV",
    "id:5501 submit  date:2611231402 stat:DELIVRD",
  ])("reads the layout %j", (text) => {
    expect(receiptOf(text)).toMatchObject({ providerMessageId: "5501", state: "delivered", errorCode: undefined });
  });

  it("of two states the stronger counts: a final one before one that is not, the TLV's before the text's", () => {
    const both = (messageState: number, word: string) => receiptOf(`id:1 stat:${word}`, { messageState }).state;
    expect(both(1, "DELIVRD")).toBe("delivered");
    expect(both(7, "UNDELIV")).toBe("undelivered");
    expect(both(2, "ENROUTE")).toBe("delivered");
    expect(both(5, "DELIVRD")).toBe("undelivered");
    expect(both(1, "CONFUSED")).toBe("enroute");
    expect(receiptOf("id:1 stat:CONFUSED", { messageState: 1 }).stateUnread).toBeUndefined();
  });

  it.each([
    ["sub:002 dlvrd:002 stat:DELIVRD", 2],
    ["sub:001 dlvrd:001 stat:DELIVRD", undefined],
    ["sub:003 dlvrd:001 stat:DELIVRD", undefined],
    ["sub:003 dlvrd:002 stat:DELIVRD", 2],
    ["sub:003 dlvrd:005 stat:DELIVRD", 3],
    ["sub:002 dlvrd:000 stat:UNDELIV", 2],
    ["sub:002 stat:REJECTD", 2],
    ["sub:002 dlvrd:000 stat:ENROUTE", undefined],
    ["sub:999 dlvrd:999 stat:DELIVRD", undefined],
    ["sub:x dlvrd:2 stat:DELIVRD", undefined],
    ["stat:DELIVRD", undefined],
  ])("speaks for the parts that it counts: %s", (text, parts) => {
    expect(receiptOf(`id:1000 ${text}`).parts).toBe(parts);
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

  it("reads SMPP's absolute time, whose zone is quarter-hours from UTC (7.1.1)", () => {
    for (const [text, time] of [
      ["180711070003912+", Date.UTC(2018, 6, 11, 4, 0, 3, 900)],
      ["180711070012012+", Date.UTC(2018, 6, 11, 4, 0, 12)],
      ["180711070012020-", Date.UTC(2018, 6, 11, 12, 0, 12)],
      ["180711070012000+", Date.UTC(2018, 6, 11, 7, 0, 12)],
      // Two digits are the year, also where they are 20.
      ["201231233000022-", Date.UTC(2021, 0, 1, 5, 0)],
      ["261123140200023+", Date.UTC(2026, 10, 23, 8, 17)],
    ] as const)
      expect([text, parseReceiptDate(text)]).toEqual([text, time]);
    for (const text of [
      "180711070012049+",
      "000007000000000R",
      "181311070012000+",
      "180711070012012",
      "000101000000012+",
      "2611231402+",
    ])
      expect([text, parseReceiptDate(text)]).toEqual([text, undefined]);
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
