import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseEncoding,
  countSeptets,
  decodeGsm7Unpacked,
  decodeUcs2,
  encodeGsm7Unpacked,
  encodePart,
  encodeUcs2,
} from "../../../../domain/text/encoding.ts";
import { defaultCharacters, ESCAPE, extensionCharacters } from "../../../../domain/text/gsm-alphabet.ts";
import { gsmText } from "./texts.ts";

const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex");

describe("the alphabet", () => {
  it("has 127 default and 10 extension characters, all different", () => {
    expect(defaultCharacters).toHaveLength(128);
    expect(new Set([...defaultCharacters, ...extensionCharacters.values()]).size).toBe(138);
  });

  it("puts characters where TS 23.038 has them", () => {
    const at: [string, number][] = [
      ["@", 0x00],
      ["£", 0x01],
      ["Ç", 0x09],
      ["\n", 0x0a],
      ["\r", 0x0d],
      ["å", 0x0f],
      ["Δ", 0x10],
      ["_", 0x11],
      ["Ξ", 0x1a],
      ["Æ", 0x1c],
      ["É", 0x1f],
      [" ", 0x20],
      ["¤", 0x24],
      ["0", 0x30],
      ["?", 0x3f],
      ["¡", 0x40],
      ["A", 0x41],
      ["Z", 0x5a],
      ["§", 0x5f],
      ["¿", 0x60],
      ["a", 0x61],
      ["z", 0x7a],
      ["à", 0x7f],
    ];
    for (const [character, septet] of at)
      expect([character, defaultCharacters[septet]]).toEqual([character, character]);
  });
});

describe("chooseEncoding", () => {
  it("takes gsm7 whenever every character is in the alphabet", () => {
    expect(chooseEncoding("")).toBe("gsm7");
    expect(chooseEncoding("Grüße an alle: 5€ [neu]")).toBe("gsm7");
    for (const text of ["ç", "`", "Привет", "你好", "👋", "’", "\t", "\0", "\u001b", "\u20ad", "\ud800"]) {
      expect([text, chooseEncoding(text)]).toEqual([text, "ucs2"]);
    }
  });

  it("equals the naive membership test", () => {
    const alphabet = new Set([...defaultCharacters.filter((_, i) => i !== ESCAPE), ...extensionCharacters.values()]);
    fc.assert(
      fc.property(fc.oneof(gsmText, fc.string({ unit: "binary" })), (text) => {
        expect(chooseEncoding(text)).toBe([...text].every((c) => alphabet.has(c)) ? "gsm7" : "ucs2");
      }),
    );
  });
});

describe("octets", () => {
  it("are one septet each in gsm7, with the escape before extension characters", () => {
    expect(hex(encodeGsm7Unpacked("@a€"))).toBe("00611b65");
    expect(hex(encodeGsm7Unpacked("[\f]"))).toBe("1b3c1b0a1b3e");
    expect(hex(encodePart("é", "gsm7"))).toBe("05");
  });

  it("are two a unit, big-endian, in ucs2", () => {
    expect(hex(encodeUcs2("Я👋"))).toBe("042fd83ddc4b");
    expect(hex(encodePart("é", "ucs2"))).toBe("00e9");
  });

  it("come back as the same text", () => {
    fc.assert(
      fc.property(gsmText, fc.string({ unit: "binary" }), (gsm, any) => {
        expect(encodeGsm7Unpacked(gsm)).toHaveLength(countSeptets(gsm));
        expect(decodeGsm7Unpacked(encodeGsm7Unpacked(gsm))).toBe(gsm);
        expect(decodeUcs2(encodeUcs2(any))).toBe(any);
      }),
    );
  });

  it("are decoded whatever they are", () => {
    expect(decodeGsm7Unpacked(Uint8Array.of(0x1b, 0x41))).toBe("A");
    expect(decodeGsm7Unpacked(Uint8Array.of(0x1b, 0x1b, 0x41))).toBe(" A");
    expect(decodeGsm7Unpacked(Uint8Array.of(0x41, 0x1b))).toBe("A ");
    expect(decodeGsm7Unpacked(Uint8Array.of(0xc1))).toBe("A");
    expect(decodeUcs2(Uint8Array.of(0, 0x41, 0))).toBe("A");
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(decodeGsm7Unpacked(octets)).not.toContain("undefined");
        expect(decodeUcs2(octets)).toHaveLength(octets.length >> 1);
      }),
    );
  });

  it("are refused for a text outside the alphabet", () => {
    expect(() => encodeGsm7Unpacked("Я")).toThrow(RangeError);
  });
});
