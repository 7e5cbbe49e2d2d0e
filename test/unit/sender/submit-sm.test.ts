import fc from "fast-check";
import { expect, test } from "vitest";
import { providerSchema, type SmppProvider } from "../../../domain/catalog/provider.ts";
import { concatenationOf } from "../../../domain/smpp/concatenation.ts";
import type { OutgoingShortMessage } from "../../../domain/smpp/pdu.ts";
import { relativeTime } from "../../../domain/smpp/time-format.ts";
import {
  countSeptets,
  decodeGsm7Unpacked,
  decodeUcs2,
  encodeGsm7Unpacked,
  encodeUcs2,
} from "../../../domain/text/encoding.ts";
import { countSegments } from "../../../domain/text/segments.ts";
import { readUserData } from "../../../domain/text/user-data-header.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { ConcatenationReferences } from "../../../services/sender/concatenation-references.ts";
import { SmppLink, type SmppUnit } from "../../../services/sender/smpp-link.ts";
import { type SubmitTerms, submitSmOf } from "../../../services/sender/submit-sm.ts";
import { dispatchOf } from "./dispatches.ts";

const of = (change: Parameters<typeof dispatchOf>[0], now = 1_000_000) => {
  const messages = submitSmOf(dispatchOf(change), now, 0x1500);
  if (typeof messages === "string") throw new Error(messages);
  return messages;
};

test("addresses, their types and the service type are as the centre wants them, each alone", () => {
  const smpp = { host: "h", port: 2775, systemId: "s", password: "p" };
  const provider = (addresses: object) =>
    providerSchema.safeParse({
      id: "p",
      kind: "smpp",
      rate: 10,
      currency: "EUR",
      prices: [],
      smpp: { ...smpp, addresses },
    });
  const sent = (addresses: object, from: string | null) => {
    const read = provider(addresses);
    if (!read.success) throw new Error(read.error.message);
    const messages = submitSmOf(dispatchOf({ facts: { from } }), 0, undefined, {
      addresses: (read.data as SmppProvider).smpp.addresses,
    });
    const { serviceType, sourceAddrTon, sourceAddrNpi, sourceAddr, destAddrTon, destAddrNpi, destinationAddr } = (
      messages as OutgoingShortMessage[]
    )[0]!;
    return [serviceType, sourceAddrTon, sourceAddrNpi, sourceAddr, destAddrTon, destAddrNpi, destinationAddr];
  };
  expect(sent({}, "Sluice")).toEqual(["", 5, 0, "Sluice", 1, 1, "491711234567"]);
  expect(sent({ destination: { ton: 0, npi: 0, prefix: "00" } }, null)).toEqual(["", 0, 0, "", 0, 0, "00491711234567"]);
  expect(sent({ destination: { prefix: "plus" } }, "12345")).toEqual(["", 3, 0, "12345", 1, 1, "+491711234567"]);
  expect(sent({ serviceType: "CMT", shortCode: { ton: 6, npi: 1 } }, "12345")[1]).toBe(6);
  expect(sent({ serviceType: "CMT", alphanumeric: { npi: 1 } }, "Sluice").slice(0, 3)).toEqual(["CMT", 5, 1]);
  expect(sent({ international: { ton: 0 } }, "+491700000000").slice(1, 4)).toEqual([0, 1, "491700000000"]);
  for (const [addresses, why] of [
    [{ destination: { ton: 7 } }, /type of number/],
    [{ shortCode: { npi: 2 } }, /numbering plan/],
    [{ serviceType: "TOOLONG" }, /5/],
    [{ destination: { prefix: "+" } }, /plus/],
  ] as const) {
    const read = provider(addresses);
    expect(read.success ? "" : read.error.message).toMatch(why);
  }
});

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
  // Of a dispatch that an earlier version has written.
  ["00491713920012", 1, 1, "491713920012"],
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

const validityOf = (terms: SubmitTerms, secondsLeft: number, now = Date.UTC(2026, 11, 31, 23, 59, 58, 250)) => {
  const expiresAt = now + secondsLeft * 1_000;
  const messages = submitSmOf(dispatchOf({ facts: { expiresAt } }), now, undefined, terms);
  return (messages as OutgoingShortMessage[])[0]!.validityPeriod;
};

test.each([
  [{}, 172_800, "000002000000000R"],
  [{ validityPeriod: "relative" }, 60, "000000000100000R"],
  [{ validityPeriod: "relative", maxValiditySeconds: 172_800 }, 604_800, "000002000000000R"],
  [{ validityPeriod: "relative", maxValiditySeconds: 172_800 }, 60, "000000000100000R"],
  // UTC with tenths, over the turn of the year; never before the next second.
  [{ validityPeriod: "absolute" }, 60, "270101000058200+"],
  [{ validityPeriod: "absolute" }, -5, "261231235959200+"],
  [{ validityPeriod: "absolute", maxValiditySeconds: 172_800 }, 604_800, "270102235958200+"],
  [{ validityPeriod: "none" }, 60, ""],
] as const)("a centre with %j gets a validity of %i s as %j", (terms, secondsLeft, text) => {
  const field = validityOf(terms, secondsLeft);
  expect(field).toBe(text);
});

test("the link to a centre asks for the validity that the catalog says", () => {
  const smpp = { host: "127.0.0.1", port: 1, systemId: "s", password: "p" };
  const periodOf = (more: object) => {
    const shared = { id: "a", kind: "smpp", currency: "EUR", rate: 1, prices: [{ price: "0.1" }] };
    const provider = providerSchema.parse({ ...shared, smpp: { ...smpp, ...more } }) as SmppProvider;
    const link = new SmppLink({ provider, log: silentLog, onDeliver: () => {} });
    const units = link.prepare(dispatchOf({ facts: { expiresAt: 604_800_000 } }), 0);
    return (units as SmppUnit[])[0]!.message.validityPeriod;
  };
  expect(periodOf({})).toBe("000007000000000R");
  expect(periodOf({ validityPeriod: "absolute", maxValiditySeconds: 86_400 })).toBe("700102000000000+");
  expect(periodOf({ validityPeriod: "none" })).toBe("");
});

test("any absolute validity is read back as the end that was meant, to the tenth of a second", () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2099, 0) }), fc.nat(604_800), (now, seconds) => {
      const field = validityOf({ validityPeriod: "absolute" }, seconds, now)!;
      const [year, month, day, hour, minute, second] = field.match(/\d\d/g)!.map(Number);
      const read = Date.UTC(2000 + year!, month! - 1, day, hour, minute, second, Number(field[12]) * 100);
      expect(field.slice(13)).toBe("00+");
      expect(read).toBe(Math.floor((now + Math.max(1, seconds) * 1_000) / 100) * 100);
    }),
  );
});

test("what goes out in place of the message's sender is the source address", () => {
  const messages = submitSmOf(dispatchOf({ facts: { from: "ACME", sentAs: "12345" } }), 0, undefined);
  expect(messages).toMatchObject([{ sourceAddrTon: 3, sourceAddrNpi: 0, sourceAddr: "12345" }]);
});

test("messages of one sender to one recipient have their references in turn, whatever their ids end in", () => {
  const references = new ConcatenationReferences();
  const referenceOf = (messageId: string, from = "ACME", to = "491711234567") => {
    const messages = submitSmOf(dispatchOf({ text: "x".repeat(200), facts: { messageId, from, to } }), 0, undefined, {
      references,
    });
    if (typeof messages === "string") throw new Error(messages);
    const all = messages.map(
      ({ esmClass, shortMessage }) =>
        concatenationOf({ esmClass: esmClass!, shortMessage: shortMessage!, tlvs: [] })!.reference,
    );
    expect(new Set(all).size).toBe(1);
    return all[0]!;
  };
  const id = (n: number) => `0198c1a2-0000-7000-8000-00000000${n.toString(16).padStart(2, "0")}a1`;
  const first = referenceOf(id(0));
  expect(Array.from({ length: 255 }, (_, i) => referenceOf(id(i + 1)))).toEqual(
    Array.from({ length: 255 }, (_, i) => (first + i + 1) % 256),
  );
  // The same message once more, whether at once or behind those of others.
  expect(referenceOf(id(7), "OTHER")).toBe(0xa1);
  expect(referenceOf(id(255))).toBe((first + 255) % 256);
  expect(referenceOf(id(8), "ACME", "491711234568")).toBe(0xa1);
  expect(referenceOf(id(9))).toBe(first);
});

test("a message that stands alone takes no reference, and only so many pairs are remembered", () => {
  const references = new ConcatenationReferences(2);
  const next = (to: string, messageId: string) => references.of("ACME", to, messageId);
  expect([next("1", "x01"), next("2", "x01"), next("1", "x05")]).toEqual([1, 1, 2]);
  next("3", "x01");
  expect([next("1", "x07"), next("2", "x09")]).toEqual([3, 9]);
  submitSmOf(dispatchOf({ text: "short", facts: { from: "ACME", to: "1" } }), 0, undefined, { references });
  expect(next("1", "x0a")).toBe(4);
});

const mail = "Mail a_b@example.com, 5€ {ref}";
test.each([
  ["gsm", mail, 0, Buffer.from(encodeGsm7Unpacked(mail))],
  ["latin1", mail, 8, Buffer.from(encodeUcs2(mail))],
  ["latin1", "Grüße {ref} a_b@c ~", 0, Buffer.from("Grüße {ref} a_b@c ~", "latin1")],
  ["ascii", "a_b@c {ref} $5 ~", 0, Buffer.from("a_b@c {ref} $5 ~", "latin1")],
  ["ascii", "Grüße", 8, Buffer.from(encodeUcs2("Grüße"))],
  ["latin1", "日本", 8, Buffer.from(encodeUcs2("日本"))],
] as const)("a centre whose default alphabet is %s gets %j under data_coding %i", (alphabet, text, coding, octets) => {
  const messages = submitSmOf(dispatchOf({ text }), 0, undefined, { defaultAlphabet: alphabet });
  expect(messages).toMatchObject([{ dataCoding: coding }]);
  expect(Buffer.from((messages as OutgoingShortMessage[])[0]!.shortMessage!)).toEqual(octets);
});

test("any text comes back whole from a centre of any default alphabet, in parts that fit the air", () => {
  const texts = fc.string({ unit: fc.constantFrom(..."abc €^{}üßΩ日🎉_@$ "), minLength: 1, maxLength: 500 });
  fc.assert(
    fc.property(texts, fc.constantFrom("latin1" as const, "ascii" as const), (text, defaultAlphabet) => {
      const messages = submitSmOf(dispatchOf({ text }), 0, undefined, { defaultAlphabet });
      if (typeof messages === "string") throw new Error(messages);
      const header = messages.length > 1 ? 6 : 0;
      let read = "";
      for (const { shortMessage, dataCoding } of messages) {
        const payload = shortMessage!.subarray(header);
        const part = dataCoding === 8 ? decodeUcs2(payload) : Buffer.from(payload).toString("latin1");
        expect(
          dataCoding === 8 ? payload.length + header : Math.ceil((countSeptets(part) * 7) / 8) + header,
        ).toBeLessThanOrEqual(140);
        read += part;
      }
      expect(read).toBe(text);
    }),
  );
});
