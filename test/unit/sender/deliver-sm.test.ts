import { describe, expect, test } from "vitest";
import type { DeliverSmPdu } from "../../../domain/smpp/pdu.ts";
import { tlvTag } from "../../../domain/smpp/tlv.ts";
import { decodeUcs2, encodeGsm7Unpacked, encodeUcs2 } from "../../../domain/text/encoding.ts";
import { concatenationHeader } from "../../../domain/text/user-data-header.ts";
import { readDeliverSm } from "../../../services/sender/deliver-sm.ts";
import { deliverSmPdu as pdu, readDelivered as read } from "./delivered-pdu.ts";

const text = "id:00ab12 sub:001 dlvrd:001 submit date:2608011200 done date:2608011201 stat:UNDELIV err:027 text:Hi";

test("a receipt in text form, its id in the notation of submit responses", () => {
  const read = readDeliverSm(pdu({ esmClass: 4, shortMessage: Buffer.from(text) }), "alpha", "hex", 77);
  expect(read).toMatchObject({
    placed: true,
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
      network: null,
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

test("the network that a receipt names in the vendor's TLVs, in one or in two", () => {
  const at = (networkTlvs: readonly number[] | undefined, ...values: [tag: number, value: string][]) => {
    const tlvs = values.map(([tag, value]) => ({ tag, value: Buffer.from(value) }));
    const read = readDeliverSm(pdu({ esmClass: 4, shortMessage: Buffer.from(text), tlvs }), "a", "as-is", 0, {
      networkTlvs,
    });
    return read.kind === "receipt" ? read.receipt.network : read.kind;
  };
  expect(at([0x1403], [0x1403, "26203"])).toBe("26203");
  expect(at([0x1403], [0x1403, "262-03\0"])).toBe("26203");
  expect(at([0x1503, 0x1504], [0x1504, "3"], [0x1503, "262"])).toBe("26203");
  expect(at([0x1503, 0x1504], [0x1503, "338"], [0x1504, "050"])).toBe("338050");
  // Not asked for, not there, half there, or nothing that is one.
  expect(at(undefined, [0x1403, "26203"])).toBeNull();
  expect(at([0x1403], [0x1404, "26203"])).toBeNull();
  expect(at([0x1503, 0x1504], [0x1503, "262"])).toBeNull();
  expect(at([0x1403], [0x1403, "o2"])).toBeNull();
});

test("a state on the way is enroute; the source is read through plus signs and zeros", () => {
  const shortMessage = Buffer.from("id:5 stat:ACCEPTD");
  for (const sourceAddr of ["+491711234567", "00491711234567", "49 171 1234567"])
    expect(readDeliverSm(pdu({ esmClass: 4, shortMessage, sourceAddr }), "a", "as-is", 0)).toMatchObject({
      placed: true,
      receipt: { state: "enroute", to: "491711234567" },
    });
});

test("what names no message or no handset is not placed, and kept as it is", () => {
  const named = (change: Partial<DeliverSmPdu>) => readDeliverSm(pdu({ esmClass: 4, ...change }), "a", "hex", 0);
  expect(named({ shortMessage: Buffer.from("stat:DELIVRD") })).toMatchObject({
    placed: false,
    receipt: { providerMessageId: "", to: "491711234567" },
  });
  expect(named({ shortMessage: Buffer.from(text), sourceAddr: "ACME", sourceAddrTon: 5 })).toMatchObject({
    placed: false,
    receipt: { providerMessageId: String(0xab12), to: "", state: "undelivered" },
  });
  expect(named({ shortMessage: Buffer.from(text), sourceAddr: "01711234567", sourceAddrTon: 2 })).toMatchObject({
    placed: false,
    receipt: { to: "01711234567" },
  });
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

const bound = (id = "5501", state = 2) => [
  { tag: tlvTag.receipted_message_id, value: Buffer.from(`${id}\0`) },
  { tag: tlvTag.message_state, value: Buffer.from([state]) },
];
const R = Buffer.from("id:5501 stat:DELIVRD err:000");

describe("what is a receipt", () => {
  test.each([
    ["esm_class 4", { esmClass: 4, shortMessage: R }],
    [
      "esm_class 4 and a header",
      { esmClass: 0x44, shortMessage: Buffer.concat([Buffer.from("0500032a0201", "hex"), R]) },
    ],
    ["esm_class 4 and a header that makes no sense", { esmClass: 0x44, shortMessage: R }],
    ["esm_class 0 and the TLVs of receipts", { esmClass: 0, tlvs: bound() }],
    ["esm_class 0, the TLVs, and any text", { esmClass: 0, tlvs: bound(), shortMessage: Buffer.from("Delivered!") }],
    ["an id without its NUL", { esmClass: 4, tlvs: [{ tag: 0x1e, value: Buffer.from("5501") }, bound()[1]!] }],
    ["message_payload", { esmClass: 4, tlvs: [{ tag: tlvTag.message_payload, value: R }] }],
    [
      "both short_message and message_payload",
      { esmClass: 4, shortMessage: Buffer.from("Delivery report"), tlvs: [{ tag: tlvTag.message_payload, value: R }] },
    ],
    [
      "empty parameters beside it",
      {
        esmClass: 4,
        shortMessage: R,
        tlvs: [0x1e, 0x427, 0x423, 0x424, 0x1400].map((tag) => ({ tag, value: Buffer.alloc(0) })),
      },
    ],
    ["UTF-16", { esmClass: 4, dataCoding: 8, shortMessage: Buffer.from(encodeUcs2(R.toString())) }],
    ["ASCII that says it is UTF-16", { esmClass: 4, dataCoding: 8, shortMessage: R }],
  ])("%s", (_what, change) => {
    expect(read(change)).toMatchObject({
      kind: "receipt",
      placed: true,
      receipt: { providerMessageId: "5501", state: "delivered", to: "491711234567", inbound: null },
    });
  });

  test("an intermediate notification is never final, and keeps its code", () => {
    const shortMessage = Buffer.from("id:5501 stat:UNDELIV err:027");
    expect(read({ esmClass: 0x20, shortMessage })).toMatchObject({ receipt: { state: "enroute", errorCode: "027" } });
    expect(read({ esmClass: 0x20, tlvs: bound() })).toMatchObject({ receipt: { state: "enroute" } });
  });

  test("a text that only reads like one is both; one beside other words is a message", () => {
    expect(read({ shortMessage: R })).toMatchObject({
      kind: "receipt",
      receipt: { to: "491711234567", providerMessageId: "5501", inbound: { from: "491711234567", text: R.toString() } },
    });
    expect(read({ shortMessage: R, sourceAddr: "ACME", destinationAddr: "491700000012" })).toMatchObject({
      kind: "receipt",
      receipt: { to: "491700000012", inbound: { from: "ACME" } },
    });
    expect(read({ shortMessage: Buffer.from("Order id:77 has stat:pending since noon") }).kind).toBe("inbound");
    expect(read({ shortMessage: R, sourceAddr: "01711234567", sourceAddrTon: 2 })).toMatchObject({
      kind: "receipt",
      placed: false,
      receipt: { inbound: { text: R.toString() } },
    });
    expect(read({ shortMessage: R, sourceAddr: "68849" }).kind).toBe("inbound");
    expect(read({ tlvs: [bound()[0]!], shortMessage: Buffer.from("thank you") }).kind).toBe("inbound");
    expect(read({ esmClass: 0x08, shortMessage: Buffer.from("ok") }).kind).toBe("inbound");
  });

  test("a word that is not known is on the way; sub and dlvrd say how many parts it is for", () => {
    expect(read({ esmClass: 4, shortMessage: Buffer.from("id:5501 stat:DND_FAIL err:409") })).toMatchObject({
      stateUnread: true,
      receipt: { state: "enroute", errorCode: "409", parts: null },
    });
    expect(read({ esmClass: 4, shortMessage: Buffer.from("id:1000 sub:002 dlvrd:002 stat:DELIVRD") })).toMatchObject({
      stateUnread: false,
      receipt: { parts: 2 },
    });
  });
});

describe("messages from handsets", () => {
  test.each([
    ["a short code", { sourceAddrTon: 3, sourceAddr: "68849" }, "68849"],
    ["a name", { sourceAddrTon: 5, sourceAddr: "1&1" }, "1&1"],
    ["a name with digits and a dash", { sourceAddrTon: 5, sourceAddr: "555-12345678" }, "555-12345678"],
    ["nothing", { sourceAddrTon: 0, sourceAddr: "" }, ""],
    ["a number that is none", { sourceAddr: "+49171" }, "49171"],
    ["an international prefix", { sourceAddr: "00491711234567" }, "491711234567"],
    ["a national form of an unknown country", { sourceAddrTon: 2, sourceAddr: "01711234567" }, "01711234567"],
  ])("the sender stands as it was given: %s", (_what, change, from) => {
    expect(read({ ...change, shortMessage: Buffer.from("Hi") })).toMatchObject({ kind: "inbound", inbound: { from } });
  });

  test("a national form is read by the provider's country", () => {
    const change = { sourceAddrTon: 2, sourceAddr: "01711234567", shortMessage: Buffer.from("Hi") };
    expect(read(change, { country: "DE" })).toMatchObject({ inbound: { from: "491711234567" } });
  });

  test("parts say which they are; the octets are whole where a character is cut in two", () => {
    const octets = encodeUcs2("Да 😀");
    const parts = [octets.subarray(0, 8), octets.subarray(8)].map((content, i) =>
      read({
        esmClass: 0x40,
        dataCoding: 8,
        shortMessage: Buffer.concat([
          concatenationHeader({ reference: 0x2a, referenceBits: 8, total: 2, sequence: i + 1 }),
          content,
        ]),
      }),
    );
    expect(parts).toMatchObject([
      { inbound: { reference: 0x2a, total: 2, part: 1, text: "Да ", alphabet: "ucs2", dataCoding: 8 } },
      { inbound: { reference: 0x2a, total: 2, part: 2, text: "" } },
    ]);
    const joined = Buffer.concat(parts.map((part) => (part.kind === "inbound" ? part.inbound.octets! : R)));
    expect(decodeUcs2(joined)).toBe("Да 😀");
  });

  test.each([
    ["a 16-bit reference", 0x40, Buffer.from("060804ff010201 4869".replace(" ", ""), "hex"), [], [0xff01, 2, 1]],
    ["ports beside it", 0x40, Buffer.from("0b0003070302050400010002 4869".replace(" ", ""), "hex"), [], [7, 3, 2]],
    [
      "sar parameters",
      0,
      Buffer.from("Hi"),
      [
        { tag: tlvTag.sar_msg_ref_num, value: Buffer.from([1, 2]) },
        { tag: tlvTag.sar_total_segments, value: Buffer.from([3]) },
        { tag: tlvTag.sar_segment_seqnum, value: Buffer.from([3]) },
      ],
      [0x102, 3, 3],
    ],
    ["a header whose elements run out of it", 0x40, Buffer.from("0500092a02014869", "hex"), [], [null, null, null]],
    ["a header that is longer than the message", 0x40, Buffer.from("Hi"), [], [null, null, null]],
  ])("%s", (_what, esmClass, shortMessage, tlvs, [reference, total, part]) => {
    expect(read({ esmClass, shortMessage, tlvs })).toMatchObject({ inbound: { reference, total, part, text: "Hi" } });
  });

  test("binary stays octets, and so does what no alphabet reads", () => {
    const shortMessage = Buffer.from("00ff1b80", "hex");
    for (const dataCoding of [2, 4, 0x15, 0xf5, 0x24]) {
      const delivered = read({ dataCoding, shortMessage });
      expect(delivered).toMatchObject({ inbound: { alphabet: "binary", dataCoding, octets: shortMessage } });
      expect(delivered.kind === "inbound" && Buffer.from(delivered.inbound.text, "latin1")).toEqual(shortMessage);
    }
  });

  test("of two contents the whole one is taken", () => {
    const tlvs = [{ tag: tlvTag.message_payload, value: Buffer.from("a long message") }];
    expect(read({ shortMessage: Buffer.from("a long"), tlvs })).toMatchObject({ inbound: { text: "a long message" } });
  });

  test("the centre's default alphabet is the setting's", () => {
    const shortMessage = Buffer.from("a_b@c {5}", "latin1");
    expect(read({ shortMessage }, { defaultAlphabet: "latin1" })).toMatchObject({ inbound: { text: "a_b@c {5}" } });
    expect(read({ shortMessage: Buffer.from([0x00, 0x11]) })).toMatchObject({ inbound: { text: "@_" } });
  });
});
