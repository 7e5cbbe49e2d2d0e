import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { receiptTextOf } from "../../../../domain/receipts/receipt-octets.ts";
import { parseSmppReceipt } from "../../../../domain/receipts/smpp-receipt.ts";
import { encodeGsm7Unpacked, encodeUcs2 } from "../../../../domain/text/encoding.ts";

const receipt = "id:abc_1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:Hi";

describe("receiptTextOf", () => {
  it.each([
    ["ASCII", Buffer.from(receipt)],
    ["UTF-16BE", encodeUcs2(receipt)],
    ["UTF-16BE with a byte order mark", encodeUcs2(`\ufeff${receipt}`)],
    ["UTF-16LE", Buffer.from(receipt, "utf16le")],
    ["UTF-16LE with a byte order mark", Buffer.from(`\ufeff${receipt}`, "utf16le")],
    ["GSM", encodeGsm7Unpacked(receipt)],
    ["ASCII with a UTF-16 tail", Buffer.concat([Buffer.from(receipt), encodeUcs2("Привет")])],
    ["ASCII with NULs behind it", Buffer.from(`${receipt}\0\0`)],
    ["ASCII with NULs between its fields", Buffer.from(receipt.replaceAll(" ", "\0"))],
  ])("reads a receipt in %s", (_what, octets) => {
    const parsed = parseSmppReceipt({ text: receiptTextOf(octets) });
    expect(parsed).toMatchObject({ ok: true, receipt: { providerMessageId: "abc_1", state: "delivered" } });
  });

  it.each(["abc_1", "a@b", "$7", "5501", "A-1.b_2", "{1}"])(
    "gives the id %s as the centre meant it, from GSM octets",
    (id) => {
      expect(receiptTextOf(encodeGsm7Unpacked(`id:${id} stat:DELIVRD`))).toBe(`id:${id} stat:DELIVRD`);
    },
  );

  it("never throws, and reads no more than the beginning of what is too long", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => void receiptTextOf(octets)));
    expect(receiptTextOf(Buffer.alloc(60_000, 0x20))).toHaveLength(2_048);
  });
});
