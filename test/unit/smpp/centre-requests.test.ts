import fc from "fast-check";
import { expect, it } from "vitest";
import type { Pdu } from "../../../domain/smpp/pdu.ts";
import { decodePdu } from "../../../domain/smpp/pdu-decoder.ts";
import { encodePdu, pduOf, queryResponseBody, submitMultiResponseBody } from "../../../domain/smpp/pdu-encoder.ts";

/** Requests as npm's smpp 0.6.0-rc.4 writes them, and answers as it has read them. */

function decode(hex: string): Pdu {
  const frame = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const decoded = decodePdu(frame, 0, frame.length);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.pdu;
}

it("query_sm, cancel_sm and replace_sm are read", () => {
  expect(decode("0000001c 00000003 00000000 00000007 69642d3100 05 00 41434d4500")).toEqual({
    ...{ command: "query_sm", commandStatus: 0, sequence: 7, messageId: "id-1", sourceAddr: "ACME" },
  });
  const cancel = "00000027 00000008 00000000 00000007 434d5400 69642d3100 05 00 41434d4500 01 01 3439313700";
  expect(decode(cancel)).toEqual({
    ...{ command: "cancel_sm", commandStatus: 0, sequence: 7, serviceType: "CMT", messageId: "id-1" },
    ...{ sourceAddr: "ACME", destinationAddr: "4917" },
  });
  const replace = "00000023 00000007 00000000 00000007 69642d3100 00 00 41434d4500 00 00 00 00 02 6869";
  expect(decode(replace)).toMatchObject({ command: "replace_sm", sequence: 7, messageId: "id-1" });
});

const MULTI = `00000036 00000021 00000000 00000007 434d5400 05 00 41434d4500 02 01 01 01 3439313700 02 6c69737400
  03 00 02 00 00 11 00 08 00 02 0068`.replace(/\s+/g, "");

it("submit_multi is read with its addresses and lists, and written as it was", () => {
  const pdu = decode(MULTI);
  expect(pdu).toMatchObject({
    ...{ command: "submit_multi", sequence: 7, serviceType: "CMT", sourceAddr: "ACME", sourceAddrTon: 5 },
    ...{ esmClass: 3, priorityFlag: 2, registeredDelivery: 17, dataCoding: 8, shortMessage: Buffer.from([0, 0x68]) },
    destinations: [
      { kind: "address", ton: 1, npi: 1, address: "4917" },
      { kind: "list", name: "list" },
    ],
  });
  expect(encodePdu(pdu).toString("hex")).toBe(MULTI);
});

it("the answers to query_sm and submit_multi are written", () => {
  const query = queryResponseBody("id-1", "261201100005000+", 2, 9);
  expect(pduOf("query_sm_resp", 0, 7, query).toString("hex")).toBe(
    "0000002880000003000000000000000769642d31003236313230313130303030353030302b000209",
  );
  const multi = submitMultiResponseBody("id-1", [
    { ton: 1, npi: 1, address: "12", status: 11 },
    { ton: 0, npi: 0, address: "", status: 0x34 },
  ]);
  expect(pduOf("submit_multi_resp", 0, 7, multi).toString("hex")).toBe(
    "0000002680000021000000000000000769642d31000201013132000000000b00000000000034",
  );
});

it("whatever is cut off them, or stands in them, is read or refused by ESME_RINVCMDLEN, and never throws", () => {
  const commands = fc.constantFrom(0x03, 0x07, 0x08, 0x21);
  fc.assert(
    fc.property(commands, fc.uint8Array({ maxLength: 80 }), (command, body) => {
      const frame = Buffer.alloc(16 + body.length);
      frame.writeUInt32BE(frame.length, 0);
      frame.writeUInt32BE(command, 4);
      frame.writeUInt32BE(9, 12);
      frame.set(body, 16);
      const decoded = decodePdu(frame, 0, frame.length);
      if (!decoded.ok) expect(decoded).toMatchObject({ nackStatus: 2, sequence: 9 });
    }),
  );
  const whole = Buffer.from(MULTI, "hex");
  for (let end = 16; end < whole.length; end++) expect(decodePdu(whole, 0, end).ok).toBe(false);
});
