/** The fields of a form by name: each value as the octets that it stands for, in the order of the form. */
export type Form = ReadonlyMap<string, readonly Buffer[]>;

const [PLUS, BLANK, PERCENT, AND, EQUALS] = [0x2b, 0x20, 0x25, 0x26, 0x3d] as const;
const ESCAPE_DIGITS = 2;

/**
 * Reads a form (application/x-www-form-urlencoded, WHATWG URL 5.1) or the query of an address without taking its values for any charset. An
 * escape that is none stands for itself.
 * @returns undefined when it has more than `most` fields
 */
export function readForm(octets: Buffer, most: number): Form | undefined {
  const fields = new Map<string, Buffer[]>();
  let count = 0;
  for (let begin = 0; begin < octets.length; ) {
    const found = octets.indexOf(AND, begin);
    const end = found < 0 ? octets.length : found;
    if (end > begin) {
      if (++count > most) return undefined;
      const pair = octets.subarray(begin, end);
      const equals = pair.indexOf(EQUALS);
      const name = unescaped(equals < 0 ? pair : pair.subarray(0, equals)).toString("utf8");
      const value = equals < 0 ? Buffer.alloc(0) : unescaped(pair.subarray(equals + 1));
      const values = fields.get(name);
      if (values === undefined) fields.set(name, [value]);
      else values.push(value);
    }
    begin = end + 1;
  }
  return fields;
}

/** The query of a request's address, without its question mark. */
export function queryOf(url: string): Buffer {
  const at = url.indexOf("?");
  return at < 0 ? Buffer.alloc(0) : Buffer.from(url.slice(at + 1), "latin1");
}

function unescaped(written: Buffer): Buffer {
  const read = Buffer.alloc(written.length);
  let length = 0;
  for (let i = 0; i < written.length; i++) {
    const octet = written[i]!;
    const value = octet === PERCENT ? escapeAt(written, i + 1) : undefined;
    if (value !== undefined) i += ESCAPE_DIGITS;
    read[length++] = value ?? (octet === PLUS ? BLANK : octet);
  }
  return read.subarray(0, length);
}

function escapeAt(written: Buffer, at: number): number | undefined {
  const [high, low] = [digitOf(written[at]), digitOf(written[at + 1])];
  return high === undefined || low === undefined ? undefined : high * 16 + low;
}

function digitOf(octet: number | undefined): number | undefined {
  if (octet === undefined) return undefined;
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}
