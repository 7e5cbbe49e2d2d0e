import { expect, test } from "vitest";
import type { DeliverSmPdu } from "../../../domain/smpp/pdu.ts";
import { tlvTag } from "../../../domain/smpp/tlv.ts";
import { encodeGsm7Unpacked, encodeUcs2 } from "../../../domain/text/encoding.ts";
import { concatenationHeader } from "../../../domain/text/user-data-header.ts";
import { readDeliverSm } from "../../../services/sender/deliver-sm.ts";

function pdu(change: Partial<DeliverSmPdu>): DeliverSmPdu {
  return {
    command: "deliver_sm",
    commandStatus: 0,
    sequence: 1,
    serviceType: "",
    sourceAddrTon: 1,
    sourceAddrNpi: 1,
    sourceAddr: "491711234567",
    destAddrTon: 5,
    destAddrNpi: 0,
    destinationAddr: "Sluice",
    esmClass: 0,
    protocolId: 0,
    priorityFlag: 0,
    scheduleDeliveryTime: "",
    validityPeriod: "",
    registeredDelivery: 0,
    replaceIfPresent: 0,
    dataCoding: 0,
    smDefaultMsgId: 0,
    shortMessage: Buffer.alloc(0),
    tlvs: [],
    ...change,
  };
}

const text = "id:00ab12 sub:001 dlvrd:001 submit date:2608011200 done date:2608011201 stat:UNDELIV err:027 text:Hi";

test("a receipt in text form, its id in the notation of submit responses", () => {
  const read = readDeliverSm(pdu({ esmClass: 4, shortMessage: Buffer.from(text) }), "alpha", "hex", 77);
  expect(read).toEqual({
    kind: "receipt",
    receipt: {
      provider: "alpha",
      providerMessageId: String(0xab12),
      to: "491711234567",
      messageId: null,
      state: "undelivered",
      errorCode: "027",
      doneAt: Date.UTC(2026, 7, 1, 12, 1),
      receivedAt: 77,
      inbound: null,
      parts: null,
    },
  });
});

test("TLVs win over the text, and a receipt may have nothing else", () => {
  const tlvs = [
    { tag: tlvTag.receipted_message_id, value: Buffer.from("77\0") },
    { tag: tlvTag.message_state, value: Buffer.from([2]) },
    { tag: tlvTag.network_error_code, value: Buffer.from([3, 0, 0]) },
  ];
  for (const shortMessage of [Buffer.from(text), Buffer.alloc(0)])
    expect(readDeliverSm(pdu({ esmClass: 4, shortMessage, tlvs }), "alpha", "decimal", 0)).toMatchObject({
      kind: "receipt",
      receipt: { providerMessageId: "77", state: "delivered" },
    });
});

test("a state on the way is enroute; the source is read through plus signs and zeros", () => {
  const shortMessage = Buffer.from("id:5 stat:ACCEPTD");
  expect(readDeliverSm(pdu({ esmClass: 4, shortMessage, sourceAddr: "+49171" }), "a", "as-is", 0)).toMatchObject({
    receipt: { state: "enroute", to: "49171" },
  });
  expect(readDeliverSm(pdu({ esmClass: 4, shortMessage, sourceAddr: "0049171" }), "a", "as-is", 0)).toMatchObject({
    receipt: { to: "49171" },
  });
});

test("what names no message or no handset is unusable", () => {
  expect(readDeliverSm(pdu({ esmClass: 4, shortMessage: Buffer.from("stat:DELIVRD") }), "a", "hex", 0).kind).toBe(
    "unusable",
  );
  expect(
    readDeliverSm(pdu({ esmClass: 4, shortMessage: Buffer.from(text), sourceAddr: "ACME" }), "a", "hex", 0).kind,
  ).toBe("unusable");
});

test.each([
  [0, encodeGsm7Unpacked("STOP €"), 0, "STOP €"],
  [8, encodeUcs2("日本 ✓"), 0, "日本 ✓"],
  [3, Buffer.from("Gr\u00fc\u00dfe", "latin1"), 0, "Grüße"],
  [
    0,
    Buffer.concat([
      concatenationHeader({ reference: 1, referenceBits: 8, total: 2, sequence: 1 }),
      encodeGsm7Unpacked("part"),
    ]),
    0x40,
    "part",
  ],
])("an inbound message with data_coding %i is read", (dataCoding, content, esmClass, expected) => {
  const read = readDeliverSm(pdu({ dataCoding, esmClass, shortMessage: Buffer.from(content) }), "alpha", "hex", 9);
  expect(read).toMatchObject({
    kind: "inbound",
    inbound: { provider: "alpha", from: "491711234567", to: "Sluice", text: expected, receivedAt: 9 },
  });
});
