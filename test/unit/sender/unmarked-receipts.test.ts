/** Receipts that esm_class does not mark: what tells them from messages of handsets. */
import { describe, expect, test } from "vitest";
import { type Tlv, tlvTag } from "../../../domain/smpp/tlv.ts";
import { readDelivered as read } from "./delivered-pdu.ts";

const ID: Tlv = { tag: tlvTag.receipted_message_id, value: Buffer.from("5501\0") };
const DELIVERED: Tlv = { tag: tlvTag.message_state, value: Buffer.from([2]) };
const ERROR: Tlv = { tag: tlvTag.network_error_code, value: Buffer.from([3, 0, 27]) };
const FORM = "id:5501 sub:001 dlvrd:001 submit date:2611231402 done date:2611231402 stat:DELIVRD err:000";
const says = (text: string, tlvs: Tlv[] = []) => read({ shortMessage: Buffer.from(text, "latin1"), tlvs });

describe("marked by parameters that only receipts have", () => {
  test.each([
    ["the id, and no text", "", [ID], { state: "enroute" }],
    ["the id, and a padded empty text", " \0", [ID], { state: "enroute" }],
    ["the id, and the state in the text", "stat:UNDELIV err:011", [ID], { state: "undelivered", errorCode: "011" }],
    ["the id, and a bare state", "Message 7 DELIVRD", [ID], { state: "delivered" }],
    ["the id, and an unknown state with a code", "stat:DND_FAIL err:409", [ID], { state: "enroute", errorCode: "409" }],
    ["the id, and all of the form", `${FORM} text:Hi`, [ID], { state: "delivered" }],
    ["the id and the network's code", "", [ID, ERROR], { state: "enroute", errorCode: "27" }],
    ["the id and the network's code, beside any text", "Failed!", [ID, ERROR], { errorCode: "27" }],
  ])("%s: a receipt", (_what, text, tlvs, receipt) => {
    expect(says(text, tlvs)).toMatchObject({
      kind: "receipt",
      placed: true,
      receipt: { providerMessageId: "5501", to: "491711234567", inbound: null, ...receipt },
    });
  });

  test.each([
    ["a state", "id:5501 err:000", DELIVERED, "delivered"],
    ["a state, and the id somewhere in the text", "Report, id:5501, thank you", DELIVERED, "delivered"],
    ["a network's code", "id:5501", ERROR, "enroute"],
  ])("%s beside an id in the text: both", (_what, text, tlv, state) => {
    expect(says(text, [tlv])).toMatchObject({
      kind: "receipt",
      receipt: { providerMessageId: "5501", state, inbound: { from: "491711234567", text } },
    });
  });

  test("whose source is no handset's: found by its id", () => {
    const shortMessage = Buffer.from("id:5501");
    expect(read({ sourceAddrTon: 3, sourceAddr: "68849", shortMessage, tlvs: [DELIVERED] })).toMatchObject({
      kind: "receipt",
      placed: false,
      receipt: { inbound: { from: "68849" } },
    });
  });

  test.each([
    ["an id, and a text that says nothing of a receipt", "thank you", [ID]],
    ["an empty id", "thank you", [{ ...ID, value: Buffer.from("\0") }]],
    ["an empty id, and no text", "", [{ ...ID, value: Buffer.alloc(0) }]],
    ["a state, and no id anywhere", "thank you", [DELIVERED]],
    ["a network's code, and no id anywhere", "STOP", [ERROR]],
    ["parameters of other kinds", "id:77 is mine", [{ tag: 0x1400, value: Buffer.from("5501\0") }]],
  ])("%s: a message", (_what, text, tlvs) => {
    expect(says(text, tlvs)).toMatchObject({ kind: "inbound", inbound: { text } });
  });
});

describe("in the form of appendix B, with nothing that marks it", () => {
  test.each([
    `${FORM} mcc:262 mnc:01 text:abc`,
    `${FORM} price:0.05`,
    `${FORM} cost:`,
    `${FORM} netcode:26201 imsi:262010000000012 msc:491710000000`,
    "id:5501 mcc:262 mnc:01 stat:DELIVRD err:000",
    "id:5501 submit date:180711070003912+ done date:180711070012012+ stat:DELIVRD err:000",
  ])("it is both: %s", (text) => {
    expect(says(text)).toMatchObject({
      kind: "receipt",
      receipt: { providerMessageId: "5501", state: "delivered", errorCode: null, inbound: { text } },
    });
  });

  test.each([
    [
      "a part of a long message",
      { esmClass: 0x40, shortMessage: Buffer.from(`\x05\0\x03\x07\x02\x01${FORM}`, "latin1") },
    ],
    ["no handset", { sourceAddrTon: 3, sourceAddr: "68849", shortMessage: Buffer.from(FORM) }],
    ["a long text", { shortMessage: Buffer.from(`${FORM} text:${"a".repeat(1_000)}`) }],
  ])("%s: a message, also beside parameters that say nothing", (_what, change) => {
    for (const tlvs of [[], [{ tag: 0x1400, value: Buffer.from("x") }]])
      expect(read({ ...change, tlvs })).toMatchObject({ kind: "inbound" });
  });

  test("a date with a time zone is the time that it says, under esm_class 4 too", () => {
    const text = "id:5501 submit date:180711070003912+ done date:180711070012012+ stat:DELIVRD err:000";
    for (const esmClass of [0, 4])
      expect(read({ esmClass, shortMessage: Buffer.from(text) })).toMatchObject({
        receipt: { doneAt: Date.UTC(2018, 6, 11, 4, 0, 12) },
      });
  });
});
