import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { OutgoingShortMessage, Pdu } from "../../../domain/smpp/pdu.ts";
import { decodePdu } from "../../../domain/smpp/pdu-decoder.ts";
import { encodePdu, SmppEncodeError, shortMessageOctets, writeShortMessage } from "../../../domain/smpp/pdu-encoder.ts";
import { cOctetTlv, findTlv, octetTlv, shortTlv, tlvInteger, tlvTag, tlvText } from "../../../domain/smpp/tlv.ts";

function decode(frame: Buffer): Pdu {
  const decoded = decodePdu(frame, 0, frame.length);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.pdu;
}

function encodeShortMessage(
  command: "submit_sm" | "deliver_sm",
  sequence: number,
  message: OutgoingShortMessage,
): Buffer {
  const octets = shortMessageOctets(message);
  const into = Buffer.alloc(octets);
  expect(writeShortMessage(into, 0, octets, command, sequence, message)).toBe(octets);
  return into;
}

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s+/g, ""), "hex");

describe("SMPP PDUs, octet by octet", () => {
  it("encodes bind_transmitter as the example in SMPP 3.4 section 3.2.4 does", () => {
    const pdu: Pdu = {
      command: "bind_transmitter",
      commandStatus: 0,
      sequence: 1,
      systemId: "SMPP3TEST",
      password: "secret08",
      systemType: "SUBMIT1",
      interfaceVersion: 0,
      addrTon: 1,
      addrNpi: 1,
      addressRange: "",
    };
    const frame = hex(`0000002F 00000002 00000000 00000001
      53 4D 50 50 33 54 45 53 54 00  73 65 63 72 65 74 30 38 00  53 55 42 4D 49 54 31 00  00 01 01 00`);
    expect(encodePdu(pdu)).toEqual(frame);
    expect(decode(frame)).toEqual(pdu);
  });

  it("encodes bind responses with and without a body", () => {
    const pdu: Pdu = { command: "bind_transceiver_resp", commandStatus: 0, sequence: 2, systemId: "smsc", tlvs: [] };
    const frame = hex("00000015 80000009 00000000 00000002 73 6D 73 63 00");
    expect(encodePdu(pdu)).toEqual(frame);
    expect(decode(frame)).toEqual(pdu);
    const refused = hex("00000010 80000009 0000000E 00000002");
    expect(decode(refused)).toEqual({ ...pdu, commandStatus: commandStatus.ESME_RINVPASWD, systemId: "" });
    const withVersion = hex("0000001A 80000009 00000000 00000002 73 6D 73 63 00 0210 0001 34");
    const decoded = decode(withVersion);
    expect(decoded.command === "bind_transceiver_resp" && tlvInteger(decoded.tlvs, tlvTag.sc_interface_version)).toBe(
      0x34,
    );
  });

  it("encodes submit_sm with a vendor parameter", () => {
    const frame = encodeShortMessage("submit_sm", 0x01020304, {
      serviceType: "CMT",
      sourceAddrTon: 5,
      sourceAddr: "Sluice",
      destAddrTon: 1,
      destAddrNpi: 1,
      destinationAddr: "491701234567",
      esmClass: 0x40,
      protocolId: 0x3f,
      priorityFlag: 2,
      validityPeriod: "000001000000000R",
      registeredDelivery: 1,
      replaceIfPresent: 1,
      dataCoding: 8,
      smDefaultMsgId: 7,
      shortMessage: hex("0500032A0201 0041"),
      tlvs: [{ tag: 0x1500, value: "ref" }],
    });
    expect(frame).toEqual(
      hex(`00000055 00000004 00000000 01020304
        43 4D 54 00  05 00 53 6C 75 69 63 65 00  01 01 34 39 31 37 30 31 32 33 34 35 36 37 00
        40 3F 02  00  30 30 30 30 30 31 30 30 30 30 30 30 30 30 30 52 00  01 01 08 07
        08 05 00 03 2A 02 01 00 41  1500 0003 72 65 66`),
    );
  });

  it("fills what is left out of a submit_sm with zeros", () => {
    expect(encodeShortMessage("submit_sm", 9, { sourceAddr: "", destinationAddr: "1" })).toEqual(
      hex("00000022 00000004 00000000 00000009 00 0000 00 0000 3100 000000 00 00 00000000 00"),
    );
  });

  it("encodes deliver_sm with the parameters of a receipt", () => {
    const frame = encodeShortMessage("deliver_sm", 3, {
      sourceAddr: "49170",
      destinationAddr: "X",
      esmClass: 4,
      shortMessage: Buffer.from("id:1"),
      tlvs: [
        cOctetTlv(tlvTag.receipted_message_id, "a1"),
        octetTlv(tlvTag.message_state, 2),
        shortTlv(tlvTag.user_message_reference, 0xfffe),
        { tag: tlvTag.network_error_code, value: hex("030001") },
      ],
    });
    expect(frame).toEqual(
      hex(`00000044 00000005 00000000 00000003
        00 0000 34 39 31 37 30 00 0000 58 00 04 00 00 00 00 00 00 00 00 04 69 64 3A 31
        001E 0003 61 31 00  0427 0001 02  0204 0002 FF FE  0423 0003 03 00 01`),
    );
    const pdu = decode(frame);
    if (pdu.command !== "deliver_sm") throw new Error(pdu.command);
    expect(tlvText(pdu.tlvs, tlvTag.receipted_message_id)).toBe("a1");
    expect(tlvInteger(pdu.tlvs, tlvTag.message_state)).toBe(2);
    expect(tlvInteger(pdu.tlvs, tlvTag.user_message_reference)).toBe(0xfffe);
    expect(findTlv(pdu.tlvs, tlvTag.network_error_code)).toEqual(hex("030001"));
    expect(tlvText(pdu.tlvs, 0x1400)).toBeUndefined();
    expect(tlvInteger(pdu.tlvs, 0x1400)).toBeUndefined();
  });

  it("carries long content in message_payload", () => {
    const payload = Buffer.alloc(2_000, 0x61);
    const frame = encodeShortMessage("submit_sm", 1, {
      sourceAddr: "1",
      destinationAddr: "2",
      tlvs: [{ tag: tlvTag.message_payload, value: payload }],
    });
    const pdu = decode(frame);
    expect(pdu.command === "submit_sm" && findTlv(pdu.tlvs, tlvTag.message_payload)).toEqual(payload);
  });

  it("encodes submit_sm_resp, and reads one without a body", () => {
    const pdu: Pdu = { command: "submit_sm_resp", commandStatus: 0, sequence: 0x7fffffff, messageId: "1f", tlvs: [] };
    const frame = hex("00000013 80000004 00000000 7FFFFFFF 31 66 00");
    expect(encodePdu(pdu)).toEqual(frame);
    expect(decode(frame)).toEqual(pdu);
    expect(decode(hex("00000010 80000004 00000058 00000001"))).toEqual({
      command: "submit_sm_resp",
      commandStatus: commandStatus.ESME_RTHROTTLED,
      sequence: 1,
      messageId: "",
      tlvs: [],
    });
  });

  it.each([
    ["unbind", "00000006"],
    ["unbind_resp", "80000006"],
    ["enquire_link", "00000015"],
    ["enquire_link_resp", "80000015"],
    ["generic_nack", "80000000"],
  ] as const)("encodes %s as a header", (command, id) => {
    const frame = hex(`00000010 ${id} 00000003 0000000A`);
    expect(encodePdu({ command, commandStatus: 3, sequence: 10 })).toEqual(frame);
    expect(decode(frame)).toEqual({ command, commandStatus: 3, sequence: 10 });
  });
});

describe("what can not be encoded", () => {
  const message = { sourceAddr: "1", destinationAddr: "2" };
  it.each([
    ["source_addr", { ...message, sourceAddr: "123456789012345678901" }],
    ["destination_addr", { ...message, destinationAddr: "1\u00002" }],
    ["destination_addr", { ...message, destinationAddr: "1\u20ac2" }],
    ["service_type", { ...message, serviceType: "toolong" }],
    ["validity_period", { ...message, validityPeriod: "00000100000000000" }],
    ["short_message", { ...message, shortMessage: Buffer.alloc(255) }],
    ["TLV 0x424", { ...message, tlvs: [{ tag: tlvTag.message_payload, value: Buffer.alloc(65_536) }] }],
  ])("names %s", (field, bad) => {
    expect(() => shortMessageOctets(bad)).toThrow(SmppEncodeError);
    expect(() => shortMessageOctets(bad)).toThrow(field);
  });

  it("takes the longest values that the standard allows", () => {
    const longest = { sourceAddr: "1".repeat(20), destinationAddr: "2".repeat(20), shortMessage: Buffer.alloc(254) };
    expect(shortMessageOctets(longest)).toBe(16 + 17 + 40 + 254);
  });
});

describe("what can not be decoded", () => {
  it.each([
    ["a text without end", "00000014 00000002 00000000 00000001 61 62 63 64", "bind_transmitter: system_id has no end"],
    ["a body that is cut off", "00000012 00000009 00000000 00000001 00 00", "bind_transceiver: system_type has no end"],
    [
      "a short message longer than its PDU",
      "00000022 00000004 00000000 00000009 00 0000 00 0000 3100 000000 00 00 00000000 05",
      "submit_sm: short_message has fewer octets",
    ],
  ])("answers %s with ESME_RINVCMDLEN", (_what, octets, reason) => {
    const frame = hex(octets);
    const decoded = decodePdu(frame, 0, frame.length);
    expect(decoded).toMatchObject({ ok: false, nackStatus: commandStatus.ESME_RINVCMDLEN });
    expect(!decoded.ok && decoded.reason).toContain(reason);
  });

  it("answers an unknown command with ESME_RINVCMDID and its sequence number", () => {
    const frame = hex("00000010 00000112 00000000 00000077");
    expect(decodePdu(frame, 0, 16)).toEqual({
      ok: false,
      commandId: 0x112,
      commandStatus: 0,
      sequence: 0x77,
      nackStatus: commandStatus.ESME_RINVCMDID,
      reason: "command_id 0x112 is not known",
    });
  });
});

describe("what stands behind the fields", () => {
  const receipt = "00 01 01 34393137303030303030313200 05 00 41434d4500 04 00 00 00 00 00 00 00 00 02 5221";
  const delivered = (behind: string) => {
    const body = hex(receipt + behind);
    const head = Buffer.alloc(16);
    head.writeUInt32BE(16 + body.length, 0);
    head.writeUInt32BE(5, 4);
    head.writeUInt32BE(7, 12);
    const decoded = decodePdu(Buffer.concat([head, body]), 0, 16 + body.length);
    if (!decoded.ok || decoded.pdu.command !== "deliver_sm") throw new Error("not read");
    const { pdu, flaw } = decoded;
    return {
      text: pdu.shortMessage.toString(),
      tlvs: pdu.tlvs.map(({ tag, value }) => [tag, value.toString("hex")]),
      flaw: flaw !== undefined,
    };
  };

  it.each([
    ["nothing", "", [], false],
    ["a NUL", "00", [], true],
    ["several NULs", "000000", [], true],
    ["NULs that read as an empty parameter", "0000000000", [[0, ""]], true],
    ["half a parameter", "1403", [], true],
    ["a parameter that is cut off", "140300086162", [], true],
    [
      "whole parameters and one that is cut off",
      "001e000535353031000427000102 140300086162",
      [
        [0x1e, "3535303100"],
        [0x427, "02"],
      ],
      true,
    ],
    [
      "a NUL before parameters",
      "00 001e000535353031000427000102",
      [
        [0x1e, "3535303100"],
        [0x427, "02"],
      ],
      true,
    ],
    [
      "a parameter without a value",
      "1400 0000 0427 0001 02",
      [
        [0x1400, ""],
        [0x427, "02"],
      ],
      false,
    ],
  ])("%s", (_what, behind, tlvs, flaw) => {
    expect(delivered(behind)).toEqual({ text: "R!", tlvs, flaw });
  });

  it("is never a reason to refuse a PDU whose fields are whole", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        const { text, tlvs, flaw } = delivered(Buffer.from(octets).toString("hex"));
        const read = tlvs.reduce((sum, [, value]) => sum + 4 + (value as string).length / 2, 0);
        expect([text, flaw]).toEqual(["R!", read !== octets.length]);
      }),
    );
  });

  it.each([
    ["its NUL", "3535303100", "5501"],
    ["its NUL and parameters", "3535303100 001d0001 41", "5501"],
    ["no NUL", "35353031", "5501"],
    ["no NUL and a parameter", "35353031 0425 0001 00", "5501"],
    ["no NUL and a vendor's parameter", "35353031 1400 0002 6161", "5501"],
    ["blanks around it", "2020353530310a00", "  5501\n"],
    ["nothing of it", "", ""],
    ["an empty text", "00", ""],
  ])("a message id in a response may have %s", (_what, body, messageId) => {
    for (const [status, id] of [
      [0, "80000004"],
      [0x58, "80000004"],
      [0, "80000103"],
    ] as const) {
      const octets = hex(body);
      const head = hex(`00000000 ${id} 00000000 00000003`);
      head.writeUInt32BE(16 + octets.length, 0);
      head.writeUInt32BE(status, 8);
      expect(decode(Buffer.concat([head, octets]))).toMatchObject({ commandStatus: status, sequence: 3, messageId });
    }
  });
});

describe("data_sm, outbind and alert_notification", () => {
  it("reads data_sm as a deliver_sm with fewer fields", () => {
    const frame = hex(`0000003800000103000000000000000700010134393137303030303030313200050041434d450004
      0000001e000535353031000427000102`);
    const pdu = decode(frame);
    expect(pdu).toMatchObject({
      command: "data_sm",
      sequence: 7,
      sourceAddr: "491700000012",
      destAddrTon: 5,
      destinationAddr: "ACME",
      esmClass: 4,
      dataCoding: 0,
    });
    if (pdu.command !== "data_sm") throw new Error(pdu.command);
    expect([tlvText(pdu.tlvs, tlvTag.receipted_message_id), tlvInteger(pdu.tlvs, tlvTag.message_state)]).toEqual([
      "5501",
      2,
    ]);
    expect(encodePdu(pdu)).toEqual(frame);
  });

  it("knows the two that have no response", () => {
    expect(decode(hex("00000016 0000000b 00000000 00000001 6100 6200")).command).toBe("outbind");
    expect(decode(hex("0000001a 00000102 00000000 00000001 01 01 3400 01 01 3500 00 00")).command).toBe(
      "alert_notification",
    );
  });
});

const octet = fc.integer({ min: 0, max: 255 });
const latin1 = (max: number) =>
  fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: max });
const tlvs = fc.array(
  fc.record({
    tag: fc.integer({ min: 0, max: 0xffff }),
    value: fc.uint8Array({ maxLength: 80 }).map((octets) => Buffer.from(octets)),
  }),
  { maxLength: 5 },
);
const header = {
  commandStatus: fc.integer({ min: 0, max: 0xffffffff }),
  sequence: fc.integer({ min: 1, max: 0x7fffffff }),
};
const anyPdu: fc.Arbitrary<Pdu> = fc.oneof(
  fc.record({
    ...header,
    command: fc.constantFrom("submit_sm" as const, "deliver_sm" as const),
    serviceType: latin1(5),
    sourceAddrTon: octet,
    sourceAddrNpi: octet,
    sourceAddr: latin1(20),
    destAddrTon: octet,
    destAddrNpi: octet,
    destinationAddr: latin1(20),
    esmClass: octet,
    protocolId: octet,
    priorityFlag: octet,
    scheduleDeliveryTime: latin1(16),
    validityPeriod: latin1(16),
    registeredDelivery: octet,
    replaceIfPresent: octet,
    dataCoding: octet,
    smDefaultMsgId: octet,
    shortMessage: fc.uint8Array({ maxLength: 254 }).map((octets) => Buffer.from(octets)),
    tlvs,
  }) as fc.Arbitrary<Pdu>,
  fc.record({
    ...header,
    command: fc.constantFrom("submit_sm_resp" as const, "deliver_sm_resp" as const),
    messageId: latin1(64),
    tlvs,
  }),
  fc.record({
    ...header,
    command: fc.constantFrom("bind_receiver" as const, "bind_transmitter" as const, "bind_transceiver" as const),
    systemId: latin1(15),
    password: latin1(64),
    systemType: latin1(12),
    interfaceVersion: octet,
    addrTon: octet,
    addrNpi: octet,
    addressRange: latin1(40),
  }),
);

describe("properties of the codec", () => {
  it("gives back every PDU it has encoded", () => {
    fc.assert(
      fc.property(anyPdu, (pdu) => {
        const frame = encodePdu(pdu);
        expect(frame.readUInt32BE(0)).toBe(frame.length);
        expect(decode(frame)).toEqual(pdu);
      }),
      { numRuns: 500 },
    );
  });

  // Many zeros, so that texts end and the reader gets as far as lengths and parameters.
  const likelyBody = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8 }), octet), { maxLength: 120 });

  it("never throws on random octets, and reads nothing outside the frame", () => {
    const ids = [0x80000000, 1, 2, 4, 5, 6, 9, 0x15, 0x80000004, 0x80000009, 0x80000005, 0x42];
    fc.assert(
      fc.property(fc.constantFrom(...ids), likelyBody, octet, (id, body, beyond) => {
        const frame = Buffer.alloc(16 + body.length + 64, beyond);
        frame.writeUInt32BE(16 + body.length, 0);
        frame.writeUInt32BE(id, 4);
        frame.set(body, 16);
        const inPlace = decodePdu(frame, 0, 16 + body.length);
        const alone = decodePdu(Buffer.from(frame.subarray(0, 16 + body.length)), 0, 16 + body.length);
        expect(inPlace).toEqual(alone);
      }),
      { numRuns: 2_000 },
    );
  });

  it("survives every single changed octet of a real submit_sm", () => {
    const frame = encodeShortMessage("submit_sm", 1, {
      sourceAddr: "Sluice",
      destinationAddr: "491701234567",
      shortMessage: Buffer.from("hello"),
      tlvs: [{ tag: 0x1500, value: "reference" }],
    });
    for (let at = 4; at < frame.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const changed = Buffer.from(frame);
        changed[at] = value;
        expect(() => decodePdu(changed, 0, changed.length)).not.toThrow();
      }
    }
  });
});
