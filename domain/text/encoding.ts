import { ALPHABET_END, DEFAULT_TABLES, ESCAPE, type SeptetTables, septetCost, septetOf } from "./gsm-alphabet.ts";

/** `gsm7`: the GSM 7-bit default alphabet with its extension table; `ucs2`: UTF-16 big-endian. */
export type Encoding = "gsm7" | "ucs2";

/** The cheaper encoding that carries the text unchanged. */
export function chooseEncoding(text: string): Encoding {
  return countSeptets(text) < 0 ? "ucs2" : "gsm7";
}

/** Septets of the text in the GSM alphabet (an extension character takes two), or -1 if a character is not in it. */
export function countSeptets(text: string): number {
  let septets = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= ALPHABET_END) return -1;
    const cost = septetCost[unit] as number;
    if (cost === 0) return -1;
    septets += cost;
  }
  return septets;
}

/**
 * GSM text with one septet an octet, which is what SMPP carries under data_coding 0 (the SMSC packs it for the air).
 * Throws a RangeError on a character outside the alphabet: the caller chose the wrong encoding.
 */
export function encodeGsm7Unpacked(text: string): Uint8Array {
  const length = countSeptets(text);
  if (length < 0) throw new RangeError("the text has a character outside the GSM 7-bit alphabet: encode it as UCS-2");
  const octets = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (septetCost[unit] === 2) octets[at++] = ESCAPE;
    octets[at++] = septetOf[unit] as number;
  }
  return octets;
}

/**
 * Reads GSM text of one septet an octet. Never fails: an escape before a septet without an extension character gives
 * the default character of that septet (or the locking shift table's), a doubled or final escape gives a space (TS 23.038,
 * 6.2.1.1, note 1), and the eighth bit is ignored.
 */
export function decodeGsm7Unpacked(octets: Uint8Array, { locking, single }: SeptetTables = DEFAULT_TABLES): string {
  let text = "";
  for (let i = 0; i < octets.length; i++) {
    const septet = (octets[i] as number) & 0x7f;
    if (septet !== ESCAPE) {
      text += locking[septet];
      continue;
    }
    const next = (octets[++i] ?? ESCAPE) & 0x7f;
    text += next === ESCAPE ? " " : (single.get(next) ?? locking[next]);
  }
  return text;
}

/** UTF-16 big-endian, two octets a code unit: SMPP data_coding 8. Surrogate pairs pass as they are. */
export function encodeUcs2(text: string): Uint8Array {
  const octets = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    octets[2 * i] = unit >>> 8;
    octets[2 * i + 1] = unit & 0xff;
  }
  return octets;
}

/** Reads UTF-16 big-endian; an odd last octet is dropped. */
export function decodeUcs2(octets: Uint8Array): string {
  let text = "";
  for (let i = 0; i + 1 < octets.length; i += 2) {
    text += String.fromCharCode(((octets[i] as number) << 8) | (octets[i + 1] as number));
  }
  return text;
}

/** The octets of one part in the encoding that its message has. */
export function encodePart(part: string, encoding: Encoding): Uint8Array {
  return encoding === "gsm7" ? encodeGsm7Unpacked(part) : encodeUcs2(part);
}
