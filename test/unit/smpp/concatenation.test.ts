import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatenationOf } from "../../../domain/smpp/concatenation.ts";
import { isDeliveryReceipt } from "../../../domain/smpp/esm-class.ts";
import { tlvTag } from "../../../domain/smpp/tlv.ts";

const message = (hex: string, esmClass = 0x40, tlvs: { tag: number; value: Buffer }[] = []) => ({
  esmClass,
  shortMessage: Buffer.from(hex, "hex"),
  tlvs,
});
const sar = (reference: string, total: string, part: string) => [
  { tag: tlvTag.sar_msg_ref_num, value: Buffer.from(reference, "hex") },
  { tag: tlvTag.sar_total_segments, value: Buffer.from(total, "hex") },
  { tag: tlvTag.sar_segment_seqnum, value: Buffer.from(part, "hex") },
];

describe("concatenationOf", () => {
  it("reads the 8-bit and the 16-bit reference", () => {
    expect(concatenationOf(message("0500032A030268656C6C6F"))).toEqual({ reference: 0x2a, total: 3, part: 2 });
    expect(concatenationOf(message("060804123403016869"))).toEqual({ reference: 0x1234, total: 3, part: 1 });
  });

  it("finds it behind other elements", () => {
    expect(concatenationOf(message("0A2401010500032A0202FF00"))).toBeUndefined();
    expect(concatenationOf(message("082401010003 2A0202FF".replaceAll(" ", "")))).toEqual({
      reference: 0x2a,
      total: 2,
      part: 2,
    });
  });

  it("reads the sar parameters, and a header in message_payload", () => {
    expect(concatenationOf(message("", 0, sar("0102", "02", "01")))).toEqual({ reference: 0x102, total: 2, part: 1 });
    const payload = [{ tag: tlvTag.message_payload, value: Buffer.from("0500032A0201", "hex") }];
    expect(concatenationOf(message("", 0x40, payload))).toEqual({ reference: 0x2a, total: 2, part: 1 });
  });

  it("takes a message alone for what makes no sense", () => {
    expect(concatenationOf(message("0500032A0200"))).toBeUndefined();
    expect(concatenationOf(message("0500032A0203"))).toBeUndefined();
    expect(concatenationOf(message("0500032A"))).toBeUndefined();
    expect(concatenationOf(message("0500032A0202", 0))).toBeUndefined();
    expect(concatenationOf(message("", 0, sar("01", "02", "03")))).toBeUndefined();
    expect(concatenationOf(message("", 0, sar("01", "02", "01").slice(0, 2)))).toBeUndefined();
  });

  it("never throws on random octets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
        const found = concatenationOf({ esmClass: 0x40, shortMessage: octets, tlvs: [] });
        if (found) expect(found.part >= 1 && found.part <= found.total).toBe(true);
      }),
    );
  });
});

describe("esm_class", () => {
  it("tells receipts from messages", () => {
    expect([0x04, 0x44, 0x20].map(isDeliveryReceipt)).toEqual([true, true, true]);
    expect([0x00, 0x40, 0x08, 0x10, 0x03].map(isDeliveryReceipt)).toEqual([false, false, false, false, false]);
  });
});
