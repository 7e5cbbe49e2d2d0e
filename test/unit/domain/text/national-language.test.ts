import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePartText, decodeText } from "../../../../domain/text/data-coding.ts";
import { decodeGsm7Unpacked } from "../../../../domain/text/encoding.ts";
import { nationalTablesOf } from "../../../../domain/text/national-language.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const read = (header: string, octets: string) => {
  const national = nationalTablesOf(hex(header));
  return decodeGsm7Unpacked(hex(octets), national?.tables);
};
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => (from + i).toString(16).padStart(2, "0"))
    .filter((septet) => septet !== "1b")
    .join("");

const SINGLE_TURKISH = "03 24 01 01";
const SINGLE_SPANISH = "03 24 01 02";
const SINGLE_PORTUGUESE = "03 24 01 03";
const LOCKING_TURKISH = "03 25 01 01";
const LOCKING_PORTUGUESE = "03 25 01 03";

describe("locking shift tables (TS 23.038, A.3)", () => {
  it("Turkish, septet by septet", () => {
    expect(read(LOCKING_TURKISH, rows(0, 0x20))).toBe("@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞŞşßÉ");
    expect(read(LOCKING_TURKISH, rows(0x20, 0x40))).toBe(" !\"#¤%&'()*+,-./0123456789:;<=>?");
    expect(read(LOCKING_TURKISH, rows(0x40, 0x80))).toBe(
      "İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§çabcdefghijklmnopqrstuvwxyzäöñüà",
    );
  });

  it("Portuguese, septet by septet", () => {
    expect(read(LOCKING_PORTUGUESE, rows(0, 0x20))).toBe("@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|ÂâÊÉ");
    expect(read(LOCKING_PORTUGUESE, rows(0x20, 0x40))).toBe(" !\"#º%&'()*+,-./0123456789:;<=>?");
    expect(read(LOCKING_PORTUGUESE, rows(0x40, 0x80))).toBe(
      "ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§~abcdefghijklmnopqrstuvwxyzãõ`üà",
    );
  });

  it("the escape goes to the default extension table, and back to the locking one where that has nothing", () => {
    expect(read(LOCKING_TURKISH, "1b65 1b3c 1b0b 1b1b")).toBe("€[Ğ ");
  });
});

describe("single shift tables (TS 23.038, A.2)", () => {
  const EXTENSION = "1b0a 1b14 1b28 1b29 1b2f 1b3c 1b3d 1b3e 1b40 1b65";

  it.each([
    ["Turkish", SINGLE_TURKISH, "1b47 1b49 1b53 1b63 1b67 1b69 1b73", "ĞİŞçğış"],
    ["Spanish", SINGLE_SPANISH, "1b09 1b41 1b49 1b4f 1b55 1b61 1b69 1b6f 1b75", "çÁÍÓÚáíóú"],
    [
      "Portuguese",
      SINGLE_PORTUGUESE,
      "1b05 1b09 1b0b 1b0c 1b0e 1b0f 1b12 1b13 1b15 1b16 1b17 1b18 1b19 1b1f",
      "êçÔôÁáΦΓΩΠΨΣΘÊ",
    ],
    [
      "Portuguese letters",
      SINGLE_PORTUGUESE,
      "1b41 1b49 1b4f 1b55 1b5b 1b5c 1b61 1b69 1b6f 1b75 1b7b 1b7c 1b7f",
      "ÀÍÓÚÃÕÂíóúãõâ",
    ],
  ])("%s, with all of the default extension", (_what, header, octets, text) => {
    expect(read(header, octets)).toBe(text);
    expect(read(header, EXTENSION)).toBe("\f^{}\\[~]|€");
  });

  it("what is not in it is the default alphabet's, or the locking table's", () => {
    expect(read(SINGLE_TURKISH, "1b0b 0b 1b1b 1b")).toBe("ØØ  ");
    expect(read("06 24 01 01 25 01 01", "1b0b 0b 1b73 1c")).toBe("ĞĞşŞ");
  });

  it("one language's single table stands beside another's locking table", () => {
    expect(read("06 25 01 03 24 01 01", "5b 1b67 1b65")).toBe("Ãğ€");
  });
});

describe("the header (TS 23.040, 9.2.3.24.15 and 16)", () => {
  it("may have the elements beside those of a part; of one that is repeated the last counts", () => {
    expect(read("08 00 03 07 02 01 25 01 01", "0b")).toBe("Ğ");
    expect(read("06 25 01 03 25 01 01", "0b")).toBe("Ğ");
  });

  it.each([
    ["no header", ""],
    ["other elements", "05 00 03 07 02 01"],
    ["an element that is cut off", "03 25 02 01"],
    ["a length that runs out of it", "09 25 01 01"],
  ])("%s: the default tables", (_what, header) => {
    expect(nationalTablesOf(hex(header))).toBeUndefined();
  });

  it.each([
    ["Spanish has no locking table", "03 25 01 02"],
    ["Bengali", "03 25 01 04"],
    ["Hindi", "03 24 01 06"],
    ["Urdu beside Turkish", "06 24 01 01 25 01 0d"],
    ["reserved", "03 24 01 7f"],
    ["no language", "02 24 00"],
  ])("%s: says that its text is not read in full", (_what, header) => {
    expect(nationalTablesOf(hex(header))).toMatchObject({ complete: false });
  });

  it("a language that is known is read in full", () => {
    for (const header of [SINGLE_TURKISH, SINGLE_SPANISH, SINGLE_PORTUGUESE, LOCKING_TURKISH, LOCKING_PORTUGUESE])
      expect(nationalTablesOf(hex(header))).toMatchObject({ complete: true });
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), fc.uint8Array(), (header, octets) => {
        expect(typeof decodeText(octets, "gsm7", nationalTablesOf(header)?.tables)).toBe("string");
      }),
    );
  });
});

it("a part that ends in the escape is read without it", () => {
  const tables = nationalTablesOf(hex(SINGLE_TURKISH))?.tables;
  expect(decodePartText(hex("41 1b73 1b"), "gsm7", tables)).toBe("Aş");
});
