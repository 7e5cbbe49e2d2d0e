import { decodeGsm7Unpacked, decodeUcs2 } from "./encoding.ts";
import type { SeptetTables } from "./gsm-alphabet.ts";

/** What a centre reads and writes under data_coding 0, its default alphabet. */
export const defaultAlphabets = ["gsm", "latin1", "ascii"] as const;
export type DefaultAlphabet = (typeof defaultAlphabets)[number];

/** How the octets of a message are read. The names with a hyphen are those of the WHATWG encoding standard. */
export type Alphabet =
  | "gsm7"
  | "latin1"
  | "ascii"
  | "ucs2"
  | "binary"
  | "shift_jis"
  | "iso-8859-5"
  | "iso-8859-8"
  | "iso-2022-jp"
  | "euc-kr";

const DEFAULT: Readonly<Record<DefaultAlphabet, Alphabet>> = { gsm: "gsm7", latin1: "latin1", ascii: "ascii" };

/** data_coding 0x00 … 0x0f have meanings of SMPP's own (3.4, 5.2.19); what is not here is the default alphabet. */
const SMPP_CODINGS: ReadonlyMap<number, Alphabet> = new Map([
  [0x01, "ascii"],
  [0x02, "binary"],
  [0x03, "latin1"],
  [0x04, "binary"],
  [0x05, "shift_jis"],
  [0x06, "iso-8859-5"],
  [0x07, "iso-8859-8"],
  [0x08, "ucs2"],
  [0x0a, "iso-2022-jp"],
  [0x0e, "euc-kr"],
]);

/** Bits 3 and 2 of a general data coding (TS 23.038, section 4). */
const GENERAL: readonly Alphabet[] = ["gsm7", "binary", "ucs2", "gsm7"];

/**
 * The alphabet that data_coding names: SMPP's own values up to 0x0f, above them the data coding scheme of 3GPP TS 23.038,
 * section 4. What is reserved there is to be read as GSM 7-bit; compressed text, which nobody sends, stays octets.
 */
export function alphabetOf(dataCoding: number, defaultAlphabet: DefaultAlphabet): Alphabet {
  if (dataCoding < 0x10) return SMPP_CODINGS.get(dataCoding) ?? DEFAULT[defaultAlphabet];
  switch (dataCoding >> 4) {
    // 00xx general, 01xx the same, to be deleted after reading.
    case 0x1:
    case 0x4:
    case 0x5:
      return GENERAL[(dataCoding >> 2) & 3]!;
    case 0x2:
    case 0x3:
    case 0x6:
    case 0x7:
      return "binary";
    // 1110: message waiting, stored, in UCS-2. 1100 and 1101 are the same in GSM 7-bit.
    case 0xe:
      return "ucs2";
    // 1111: class; bit 2 says 8-bit data.
    case 0xf:
      return (dataCoding & 0x04) === 0 ? "gsm7" : "binary";
    default:
      return "gsm7";
  }
}

/**
 * The alphabet that the octets are in. Some clients label GSM text as data_coding 1, which is ASCII: in a text of ASCII
 * there are no control characters but blanks, and GSM writes `@`, `_`, `$` and the escape of `€` as such.
 */
export function alphabetIn(octets: Uint8Array, dataCoding: number, defaultAlphabet: DefaultAlphabet): Alphabet {
  const alphabet = alphabetOf(dataCoding, defaultAlphabet);
  return dataCoding === 1 && octets.some(isControl) && octets.every((octet) => octet < 0x80) ? "gsm7" : alphabet;
}

function isControl(octet: number): boolean {
  return octet < 0x20 && octet !== 0x09 && octet !== 0x0a && octet !== 0x0d;
}

/**
 * A whole message, and what its octets are in. Some centres count the NUL of a C string, or padding, in sm_length: behind a text it
 * is no part of it. In GSM text it is an `@`, and binary content has it as it came.
 */
export function readContent(octets: Uint8Array, dataCoding: number, defaultAlphabet: DefaultAlphabet): Content {
  const named = alphabetOf(dataCoding, defaultAlphabet);
  const unended = named === "gsm7" || named === "binary" ? octets : withoutNuls(octets, named === "ucs2" ? 2 : 1);
  const alphabet = alphabetIn(unended, dataCoding, defaultAlphabet);
  return { alphabet, octets: alphabet === "gsm7" ? octets : unended };
}

export interface Content {
  readonly alphabet: Alphabet;
  readonly octets: Uint8Array;
}

/** `width`: octets of a character. What is left over at the end is no character. */
function withoutNuls(octets: Uint8Array, width: 1 | 2): Uint8Array {
  let end = octets.length;
  if (end === 0 || octets[end - 1] !== 0) return octets;
  end -= end % width;
  while (end > 0 && octets[end - 1] === 0 && octets[end - width] === 0) end -= width;
  return octets.subarray(0, end);
}

/**
 * The text; of binary content each octet as the character of its code, so that nothing of it is lost. Never throws. `tables`: those
 * of GSM text, where they are not the default ones.
 */
export function decodeText(octets: Uint8Array, alphabet: Alphabet, tables?: SeptetTables): string {
  switch (alphabet) {
    case "gsm7":
      return decodeGsm7Unpacked(octets, tables);
    case "ucs2":
      return decodeUtf16(octets);
    case "latin1":
    case "ascii":
    case "binary":
      return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
    default:
      return new TextDecoder(alphabet).decode(octets);
  }
}

/** UTF-16 is big-endian in a message; a byte order mark may say otherwise. */
function decodeUtf16(octets: Uint8Array): string {
  if (octets[0] === 0xff && octets[1] === 0xfe)
    return Buffer.from(octets.buffer, octets.byteOffset + 2, octets.length - 2).toString("utf16le");
  const text = decodeUcs2(octets);
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The text of one part, without the half of a character that its cut has left at either end: it does not read alone. */
export function decodePartText(octets: Uint8Array, alphabet: Alphabet, tables?: SeptetTables): string {
  if (alphabet === "gsm7" && octets.at(-1) === 0x1b) return decodeText(octets.subarray(0, -1), alphabet, tables);
  const text = decodeText(octets, alphabet, tables);
  return alphabet === "ucs2" ? text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, "") : text;
}
