import fc from "fast-check";
import { expect, test } from "vitest";
import { concatenationOf } from "../../../domain/smpp/concatenation.ts";
import { decodeGsm7Unpacked, decodeUcs2 } from "../../../domain/text/encoding.ts";
import { countSegments } from "../../../domain/text/segments.ts";
import { readUserData } from "../../../domain/text/user-data-header.ts";
import { relativeTime, submitSmOf } from "../../../services/sender/submit-sm.ts";
import { dispatchOf } from "./dispatches.ts";

const of = (change: Parameters<typeof dispatchOf>[0], now = 1_000_000) => {
  const messages = submitSmOf(dispatchOf(change), now, 0x1500);
  if (typeof messages === "string") throw new Error(messages);
  return messages;
};

test("a short text is one submit_sm with the fields the standard asks for", () => {
  const [message, ...more] = of({ text: "Grüße €", facts: { from: "Sluice" } });
  expect(more).toEqual([]);
  expect(message).toMatchObject({
    sourceAddrTon: 5,
    sourceAddrNpi: 0,
    sourceAddr: "Sluice",
    destAddrTon: 1,
    destAddrNpi: 1,
    destinationAddr: "491711234567",
    esmClass: 0,
    dataCoding: 0,
    registeredDelivery: 1,
    validityPeriod: "000001000000000R",
    tlvs: [{ tag: 0x1500, value: "0198c1a2-0000-7000-8000-0000000000a7" }],
  });
  expect(decodeGsm7Unpacked(message!.shortMessage!)).toBe("Grüße €");
});

test.each([
  ["+4917612345678", 1, 1, "4917612345678"],
  ["4917612345678", 1, 1, "4917612345678"],
  ["72345", 3, 0, "72345"],
  ["ACME", 5, 0, "ACME"],
  [null, 0, 0, ""],
])("sender %s has TON %i and NPI %i", (from, ton, npi, address) => {
  expect(of({ facts: { from } })[0]).toMatchObject({ sourceAddrTon: ton, sourceAddrNpi: npi, sourceAddr: address });
});

test("any text comes back whole from its parts, which count as many as were charged and fit 140 octets", () => {
  const texts = fc.string({ unit: fc.constantFrom(..."abc €^{}üß日本🎉👩‍👩‍👧 "), minLength: 1, maxLength: 900 });
  fc.assert(
    fc.property(texts, (text) => {
      const messages = of({ text });
      expect(messages).toHaveLength(countSegments(text).segments);
      let read = "";
      for (const [i, { shortMessage, esmClass, dataCoding }] of messages.entries()) {
        const octets = shortMessage!;
        let payload = octets;
        if (messages.length > 1) {
          expect(concatenationOf({ esmClass: esmClass!, shortMessage: octets, tlvs: [] })).toEqual({
            reference: 0xa7,
            total: messages.length,
            part: i + 1,
          });
          const data = readUserData(octets);
          if (!data.ok) throw new Error(data.code);
          payload = data.payload;
        } else expect(esmClass).toBe(0);
        read += dataCoding === 8 ? decodeUcs2(payload) : decodeGsm7Unpacked(payload);
        const header = messages.length > 1 ? 6 : 0;
        expect(
          dataCoding === 8 ? octets.length : Math.ceil(((octets.length - header) * 7) / 8) + header,
        ).toBeLessThanOrEqual(140);
      }
      expect(read).toBe(text);
    }),
  );
});

test("a text of more parts than can be counted is said to be so", () => {
  expect(submitSmOf(dispatchOf({ text: "x".repeat(153 * 255 + 1) }), 0, undefined)).toBe("text-too-many-parts");
});

test.each([
  [1_000, "000000000001000R"],
  [-5, "000000000001000R"],
  [3_723_000, "000000010203000R"],
  [604_800_000, "000007000000000R"],
])("%i ms from now is %s", (ms, text) => {
  expect(relativeTime(ms)).toBe(text);
});
