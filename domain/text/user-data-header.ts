/** The place of one part in a concatenated message (3GPP TS 23.040, 9.2.3.24.1 and 9.2.3.24.8). */
export interface Concatenation {
  /** Same for all parts of a message: 0..255 with 8 bits, 0..65535 with 16 bits. */
  reference: number;
  referenceBits: 8 | 16;
  /** Parts in the message, 1..255. */
  total: number;
  /** This part, 1..total. */
  sequence: number;
}

export type UserData =
  | { ok: true; concatenation: Concatenation | undefined; payload: Uint8Array }
  | { ok: false; code: "user-data-header-malformed" };

const CONCATENATED_8_BIT = 0x00;
const CONCATENATED_16_BIT = 0x08;

/** Octets of the header with its length octet: 6 for an 8-bit reference, 7 for a 16-bit one. */
export function concatenationHeader({ reference, referenceBits, total, sequence }: Concatenation): Uint8Array {
  return referenceBits === 8
    ? Uint8Array.of(5, CONCATENATED_8_BIT, 3, reference & 0xff, total, sequence)
    : Uint8Array.of(6, CONCATENATED_16_BIT, 4, (reference >>> 8) & 0xff, reference & 0xff, total, sequence);
}

/** Takes the header off user data that has one (UDHI set in esm_class). Other information elements are skipped. */
export function readUserData(octets: Uint8Array): UserData {
  const end = 1 + (octets[0] ?? 0xff);
  if (end > octets.length) return { ok: false, code: "user-data-header-malformed" };
  let concatenation: Concatenation | undefined;
  for (let at = 1; at < end; ) {
    const length = octets[at + 1];
    if (length === undefined || at + 2 + length > end) return { ok: false, code: "user-data-header-malformed" };
    concatenation = readConcatenation(octets[at] as number, octets.subarray(at + 2, at + 2 + length)) ?? concatenation;
    at += 2 + length;
  }
  return { ok: true, concatenation, payload: octets.subarray(end) };
}

/** Undefined for other elements, and for a total or sequence that the standard says to ignore. */
function readConcatenation(identifier: number, data: Uint8Array): Concatenation | undefined {
  const wide = identifier === CONCATENATED_16_BIT && data.length === 4;
  if (!wide && !(identifier === CONCATENATED_8_BIT && data.length === 3)) return undefined;
  const [a, b, c, d] = data as unknown as [number, number, number, number];
  const [reference, total, sequence] = wide ? [(a << 8) | b, c, d] : [a, b, c];
  if (total === 0 || sequence === 0 || sequence > total) return undefined;
  return { reference, referenceBits: wide ? 16 : 8, total, sequence };
}

/**
 * The header, with its length octet, and what follows it. A header whose elements make no sense is one all the same; where
 * its length runs out of the octets there is none, whatever esm_class says.
 */
export function splitUserData(octets: Uint8Array): { header: Uint8Array; payload: Uint8Array } {
  const end = 1 + (octets[0] ?? 0xff);
  const cut = end > octets.length ? 0 : end;
  return { header: octets.subarray(0, cut), payload: octets.subarray(cut) };
}

/**
 * The data of an information element of a header (with its length octet). Undefined when there is none; of one that is repeated
 * the last counts (TS 23.040, 9.2.3.24).
 */
export function informationElement(header: Uint8Array, identifier: number): Uint8Array | undefined {
  const end = 1 + (header[0] ?? 0);
  if (end > header.length) return undefined;
  let found: Uint8Array | undefined;
  for (let at = 1; at + 2 <= end; ) {
    const next = at + 2 + (header[at + 1] as number);
    if (next > end) return found;
    if (header[at] === identifier) found = header.subarray(at + 2, next);
    at = next;
  }
  return found;
}
