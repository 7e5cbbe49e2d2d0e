/** What a handset has sent, as it was sent. */
import { describe, expect, test } from "vitest";
import { encodeGsm7Unpacked, encodeUcs2 } from "../../../domain/text/encoding.ts";
import { concatenationHeader } from "../../../domain/text/user-data-header.ts";
import { RecentSubmissions } from "../../../services/sender/recent-submissions.ts";
import { readDelivered as read } from "./delivered-pdu.ts";

describe("short codes", () => {
  const known = new RecentSubmissions(100);
  known.submitting("491711836524");

  test.each([
    [6, "836524"],
    [0, "836524"],
    [0, "723456"],
    [1, "836524"],
    [6, "2246824"],
    [1, "2246824"],
  ])("under TON %i %s is the sender, and no number that ends so", (sourceAddrTon, sourceAddr) => {
    const shortMessage = Buffer.from("Hi");
    expect(read({ sourceAddrTon, sourceAddr, shortMessage }, { known, country: "DE" })).toMatchObject({
      kind: "inbound",
      inbound: { from: sourceAddr },
    });
  });

  test("the message that a look-alike of a receipt would be has the code too", () => {
    const shortMessage = Buffer.from("id:5501 stat:DELIVRD err:000");
    expect(read({ sourceAddrTon: 0, sourceAddr: "836524", shortMessage }, { known })).toMatchObject({
      kind: "receipt",
      receipt: { to: "491711836524", inbound: { from: "836524" } },
    });
  });
});

describe("NULs that are counted in the length of a text", () => {
  const textOf = (dataCoding: number, octets: Uint8Array, terms = {}) => {
    const delivered = read({ dataCoding, shortMessage: Buffer.from(octets) }, terms);
    return delivered.kind === "inbound" ? delivered.inbound : undefined;
  };
  const stop = Buffer.from("STOP\0", "latin1");

  test.each([
    ["ASCII", 1, stop, {}, "STOP"],
    ["Latin-1", 3, stop, {}, "STOP"],
    ["Latin-1 letters", 3, Buffer.from("Gr\u00fc\u00dfe\0\0\0", "latin1"), {}, "Grüße"],
    ["UCS-2", 8, encodeUcs2("STOP\0"), {}, "STOP"],
    ["UCS-2 and padding of an odd length", 8, Buffer.concat([encodeUcs2("STOP\0\0"), Buffer.alloc(1)]), {}, "STOP"],
    ["UCS-2, little-endian by its mark", 8, Buffer.from("\ufeffSTOP\0", "utf16le"), {}, "STOP"],
    ["UCS-2 with a class", 0x19, encodeUcs2("STOP\0"), {}, "STOP"],
    ["a default alphabet that is ASCII", 0, stop, { defaultAlphabet: "ascii" }, "STOP"],
    ["a default alphabet that is Latin-1", 0, stop, { defaultAlphabet: "latin1" }, "STOP"],
    ["nothing but NULs", 1, Buffer.alloc(3), {}, ""],
  ])("are no part of it: %s", (_what, dataCoding, octets, terms, text) => {
    expect(textOf(dataCoding, octets, terms)).toMatchObject({ text, octets: null });
  });

  test("other character sets read without them, and keep the octets", () => {
    const octets = Buffer.from([0xb4, 0xd0, 0]);
    expect(textOf(6, octets)).toMatchObject({ text: "Да", octets });
  });

  test("in GSM text they are the letter @, also under data_coding 1", () => {
    expect(textOf(0, encodeGsm7Unpacked("me@"))).toMatchObject({ text: "me@", alphabet: "gsm7" });
    expect(textOf(1, encodeGsm7Unpacked("a_b@"))).toMatchObject({ text: "a_b@", alphabet: "gsm7" });
    expect(textOf(1, stop)).toMatchObject({ alphabet: "ascii" });
  });

  test("a Latin or UCS-2 letter with an octet of zeros stays whole", () => {
    expect(textOf(8, encodeUcs2("Ā"))).toMatchObject({ text: "Ā" });
    expect(textOf(8, encodeUcs2("aĀ\0"))).toMatchObject({ text: "aĀ" });
    expect(textOf(3, Buffer.from("a\0b\0", "latin1"))).toMatchObject({ text: "a\0b" });
  });

  test("of binary messages and of parts every octet stays", () => {
    expect(textOf(4, stop)).toMatchObject({ text: "STOP\0", octets: stop });
    const header = concatenationHeader({ reference: 1, referenceBits: 8, total: 2, sequence: 1 });
    const shortMessage = Buffer.concat([header, encodeUcs2("a\0")]);
    expect(read({ esmClass: 0x40, dataCoding: 8, shortMessage })).toMatchObject({ inbound: { text: "a\0" } });
  });
});

describe("national language tables", () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
  const textOf = (octets: string, change = {}) => read({ esmClass: 0x40, shortMessage: hex(octets), ...change });

  test.each([
    ["Turkish, locking", "03 25 01 01 4b 0b 0c", "KĞğ"],
    ["Turkish, single", "03 24 01 01 1b73 1b67 1b69", "şğı"],
    ["Spanish, single", "03 24 01 02 1b61 1b75", "áú"],
    ["Portuguese, both", "06 24 01 03 25 01 03 7b 1b7b", "ãã"],
  ])("of the header are those of the text: %s", (_what, octets, text) => {
    expect(textOf(octets)).toMatchObject({ kind: "inbound", inbound: { text, alphabet: "gsm7", octets: null } });
    expect(textOf(octets)).toMatchObject({
      inbound: { header: hex(octets.slice(0, octets.startsWith("03") ? 11 : 20)) },
    });
  });

  test("go for parts too, whose octets stay", () => {
    expect(textOf("08 00 03 07 02 01 25 01 01 4b 0b 1b")).toMatchObject({
      inbound: { text: "KĞ", part: 1, octets: hex("4b 0b 1b"), header: hex("08 00 03 07 02 01 25 01 01") },
    });
  });

  test("of languages that are not read leave octets and header", () => {
    expect(textOf("03 25 01 06 4b 0b")).toMatchObject({
      inbound: { alphabet: "gsm7", octets: hex("4b 0b"), header: hex("03 25 01 06") },
    });
  });

  test("mean nothing for other alphabets", () => {
    expect(textOf("03 25 01 01 0041", { dataCoding: 8 })).toMatchObject({ inbound: { text: "A", octets: null } });
    expect(textOf("03 25 01 06 0041", { dataCoding: 8 })).toMatchObject({ inbound: { text: "A", octets: null } });
    expect(textOf("03 25 01 01 60 41", { dataCoding: 3 })).toMatchObject({ inbound: { text: "`A" } });
  });
});
