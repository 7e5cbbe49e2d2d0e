import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Alphabet,
  alphabetIn,
  alphabetOf,
  decodePartText,
  decodeText,
  defaultAlphabets,
} from "../../../../domain/text/data-coding.ts";
import { encodeGsm7Unpacked, encodeUcs2 } from "../../../../domain/text/encoding.ts";

/** 3GPP TS 23.038, section 4, written out anew: group by its bits, then the alphabet bits. */
function byTheStandard(coding: number): Alphabet {
  const bits = coding.toString(2).padStart(8, "0");
  if (bits.startsWith("0")) {
    if (bits[2] === "1") return "binary"; // compressed
    return ({ "00": "gsm7", "01": "binary", "10": "ucs2", "11": "gsm7" } as const)[bits.slice(4, 6)]!;
  }
  if (bits.startsWith("1110")) return "ucs2";
  if (bits.startsWith("1111")) return bits[5] === "1" ? "binary" : "gsm7";
  return "gsm7";
}

describe("data_coding", () => {
  it("above SMPP's own values is the data coding scheme of TS 23.038", () => {
    for (let coding = 0x10; coding <= 0xff; coding++)
      for (const alphabet of defaultAlphabets)
        expect([coding, alphabetOf(coding, alphabet)]).toEqual([coding, byTheStandard(coding)]);
  });

  it.each([
    [0x19, "ucs2"],
    [0x11, "gsm7"],
    [0x15, "binary"],
    [0xf0, "gsm7"],
    [0xf7, "binary"],
    [0xf8, "gsm7"],
    [0xc8, "gsm7"],
    [0xd8, "gsm7"],
    [0xe0, "ucs2"],
    [0x88, "gsm7"],
    [0x48, "ucs2"],
  ] as const)("%i is %s", (coding, alphabet) => {
    expect(alphabetOf(coding, "gsm")).toBe(alphabet);
  });

  it("0 and what SMPP reserves are the centre's default alphabet", () => {
    for (const coding of [0, 0x09, 0x0b, 0x0c, 0x0d, 0x0f])
      expect(defaultAlphabets.map((alphabet) => alphabetOf(coding, alphabet))).toEqual(["gsm7", "latin1", "ascii"]);
  });

  it("1 is ASCII, unless the octets can only be GSM", () => {
    const read = (octets: Uint8Array) => decodeText(octets, alphabetIn(octets, 1, "gsm"));
    for (const text of ["@ _ $ €", "user_1@shop: $5", "Grüße", "{a}"])
      expect(read(encodeGsm7Unpacked(text))).toBe(text);
    for (const text of ["a_b@c.d $5 {x}\r\n", "plain"]) expect(read(Buffer.from(text, "latin1"))).toBe(text);
    expect(read(Buffer.from("Grüße", "latin1"))).toBe("Grüße");
  });
});

describe("decodeText", () => {
  it.each([
    ["ucs2", encodeUcs2("Да ✓"), "Да ✓"],
    ["ucs2", encodeUcs2("\ufeffДа"), "Да"],
    ["ucs2", Buffer.from("\ufeffДа", "utf16le"), "Да"],
    ["latin1", Buffer.from("Grüße", "latin1"), "Grüße"],
    ["iso-8859-5", Buffer.from([0xb4, 0xd0]), "Да"],
    ["iso-8859-8", Buffer.from([0xf9, 0xec]), "של"],
    ["euc-kr", Buffer.from([0xb0, 0xa1]), "가"],
    ["shift_jis", Buffer.from([0x82, 0xa0]), "あ"],
  ] as const)("reads %s", (alphabet, octets, text) => {
    expect(decodeText(octets, alphabet)).toBe(text);
  });

  it("keeps every octet of binary content", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(new Uint8Array(Buffer.from(decodeText(octets, "binary"), "latin1"))).toEqual(octets);
      }),
    );
  });

  it("of a part leaves out the half of a character that the cut has left", () => {
    const octets = encodeUcs2("a😀b");
    expect([decodePartText(octets.subarray(0, 4), "ucs2"), decodePartText(octets.subarray(4), "ucs2")]).toEqual([
      "a",
      "b",
    ]);
    expect(decodePartText(Buffer.from([0x41, 0x1b]), "gsm7")).toBe("A");
    expect(decodePartText(encodeGsm7Unpacked("5€"), "gsm7")).toBe("5€");
  });
});
