import { describe, expect, it } from "vitest";
import { commandStatus } from "../../../../domain/smpp/command-status.ts";
import type { ShortMessage } from "../../../../domain/smpp/pdu.ts";
import { readSubmission, textOf } from "../../../../domain/smpp/server/read-submission.ts";
import { concatenationHeader } from "../../../../domain/text/user-data-header.ts";

const NOW = Date.UTC(2026, 11, 2, 12);

function read(
  more: Partial<ShortMessage> = {},
  terms: { interfaceVersion?: number; defaultAlphabet?: "gsm" | "latin1" } = {},
) {
  return readSubmission(
    {
      ...{ serviceType: "", sourceAddrTon: 0, sourceAddrNpi: 0, sourceAddr: "123", destAddrTon: 1, destAddrNpi: 1 },
      ...{ destinationAddr: "491701234567", esmClass: 0, protocolId: 0, priorityFlag: 0, scheduleDeliveryTime: "" },
      ...{ validityPeriod: "", registeredDelivery: 0, replaceIfPresent: 0, dataCoding: 0, smDefaultMsgId: 0 },
      shortMessage: Buffer.from("hello"),
      tlvs: [],
      ...more,
    },
    { defaultAlphabet: "gsm", interfaceVersion: 0x34, now: NOW, ...terms },
  );
}

function taken(...given: Parameters<typeof read>) {
  const result = read(...given);
  if (!result.ok) throw new Error(result.reason);
  return result.submission;
}

function refusal(...given: Parameters<typeof read>) {
  const result = read(...given);
  return result.ok ? "taken" : Object.entries(commandStatus).find(([, code]) => code === result.status)![0];
}

const text = (...given: Parameters<typeof read>) => textOf(taken(...given).content);

describe("a text is read by its data_coding", () => {
  it.each([
    ["GSM, one septet an octet", 0x00, "00024028", "@$¡("],
    ["ASCII", 0x01, "40244f4b", "@$OK"],
    ["GSM under the label of ASCII", 0x01, "0002", "@$"],
    ["Latin-1", 0x03, "e9a3", "é£"],
    ["UTF-16", 0x08, "00e9d83dde00", "é😀"],
    ["GSM of a class", 0xf0, "0065", "@e"],
    ["UTF-16 of a class", 0x18, "20ac", "€"],
  ])("%s", (_, dataCoding, octets, expected) => {
    expect(text({ dataCoding, shortMessage: Buffer.from(octets, "hex") })).toBe(expected);
  });

  it("data_coding 0 is what the door says", () => {
    expect(text({ shortMessage: Buffer.from("é", "latin1") }, { defaultAlphabet: "latin1" })).toBe("é");
  });

  it("binary content is refused, to a client of 5.0 by the status made for it", () => {
    for (const dataCoding of [2, 4, 0xf4]) expect(refusal({ dataCoding })).toBe("ESME_RSUBMITFAIL");
    expect(refusal({ dataCoding: 4 }, { interfaceVersion: 0x50 })).toBe("ESME_RINVDCS");
  });

  it("message_payload stands for short_message, and not beside it", () => {
    const tlvs = [{ tag: 0x0424, value: Buffer.from("longer") }];
    expect(text({ shortMessage: Buffer.alloc(0), tlvs })).toBe("longer");
    expect(refusal({ tlvs })).toBe("ESME_RINVMSGLEN");
  });
});

describe("the bits of esm_class", () => {
  it("are tested one by one: Kannel sends 3, and 67 with a header", () => {
    for (const esmClass of [0, 1, 3, 0x83]) expect(refusal({ esmClass })).toBe("taken");
    const header = concatenationHeader({ reference: 300, referenceBits: 16, total: 3, sequence: 2 });
    const shortMessage = Buffer.concat([header, Buffer.from("second")]);
    const submission = taken({ esmClass: 0x43, shortMessage });
    expect(submission.part).toEqual({ reference: 300, total: 3, part: 2 });
    expect(textOf(submission.content)).toBe("second");
  });

  it("that ask for what is not offered are refused", () => {
    for (const esmClass of [2, 0x08, 0x10]) expect(refusal({ esmClass })).toBe("ESME_RINVESMCLASS");
    expect(refusal({ replaceIfPresent: 1 })).toBe("ESME_RINVREPFLAG");
    expect(refusal({ smDefaultMsgId: 1 })).toBe("ESME_RINVDFTMSGID");
    expect(refusal({ protocolId: 0x40 })).toBe("ESME_RSUBMITFAIL");
  });

  it("that say there is a header are refused where there is none, or one with ports", () => {
    expect(refusal({ esmClass: 0x40, shortMessage: Buffer.from([200, 1, 2]) })).toBe("ESME_RINVESMCLASS");
    const ports = Buffer.from("06050415810000414243", "hex");
    expect(refusal({ esmClass: 0x40, shortMessage: ports })).toBe("ESME_RSUBMITFAIL");
  });
});

it("parts may be named by sar_* as well; a part of one is a message", () => {
  const sar = (total: number) => [
    { tag: 0x020c, value: Buffer.from([0, 9]) },
    { tag: 0x020e, value: Buffer.from([total]) },
    { tag: 0x020f, value: Buffer.from([1]) },
  ];
  expect(taken({ tlvs: sar(2) }).part).toEqual({ reference: 9, total: 2, part: 1 });
  expect(taken({ tlvs: sar(1) }).part).toBeUndefined();
});

it("times are absolute or relative, and must leave time to send", () => {
  expect(taken({ scheduleDeliveryTime: "261202130000000+", validityPeriod: "000000020000000R" })).toMatchObject({
    sendAt: NOW + 3_600_000,
    expiresAt: NOW + 7_200_000,
  });
  // 04 quarters east of UTC are an hour before it.
  expect(taken({ validityPeriod: "261202140000004+" }).expiresAt).toBe(NOW + 3_600_000);
  expect(refusal({ scheduleDeliveryTime: "tomorrow" })).toBe("ESME_RINVSCHED");
  expect(refusal({ validityPeriod: "260230140000004+" })).toBe("ESME_RINVEXPIRY");
  expect(refusal({ validityPeriod: "261202110000000+" })).toBe("ESME_RINVEXPIRY");
  expect(refusal({ scheduleDeliveryTime: "261202150000000+", validityPeriod: "000000020000000R" })).toBe(
    "ESME_RINVEXPIRY",
  );
});

it.each([
  [0, 0x34, { delivered: false, failed: false, intermediate: false }],
  [1, 0x34, { delivered: true, failed: true, intermediate: false }],
  [2, 0x34, { delivered: false, failed: true, intermediate: false }],
  [16, 0x34, { delivered: false, failed: false, intermediate: true }],
  [17, 0x34, { delivered: true, failed: true, intermediate: true }],
  [19, 0x34, { delivered: true, failed: true, intermediate: true }],
  [3, 0x50, { delivered: true, failed: false, intermediate: false }],
])("registered_delivery %i of version %i", (registeredDelivery, interfaceVersion, asked) => {
  expect(taken({ registeredDelivery }, { interfaceVersion }).asked).toEqual(asked);
});

it("a user_message_reference of more than two octets is no reference", () => {
  const withReference = (hex: string) => taken({ tlvs: [{ tag: 0x0204, value: Buffer.from(hex, "hex") }] }).reference;
  expect(withReference("ffff")).toBe(0xffff);
  expect(withReference("00010000")).toBeUndefined();
  expect(withReference("ffffffff")).toBeUndefined();
});
