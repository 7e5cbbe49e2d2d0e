import { decodeUcs2 } from "../text/encoding.ts";
import { defaultCharacters, ESCAPE, extensionCharacters } from "../text/gsm-alphabet.ts";

/** Beyond the longest receipt that has been seen by far; a message_payload may have 64 KB. */
const MAX_OCTETS = 2_048;

/**
 * A receipt's content as text, by what the octets are: centres label them as they like. UTF-16 shows by the NULs of its
 * first letters. All else is ASCII in what matters of a receipt; where there is a control character the writer has sent
 * it through the GSM alphabet, in which `_`, `@` and `$` of an id are 0x11, 0x00 and 0x02.
 */
export function receiptTextOf(octets: Uint8Array): string {
  const start = octets.length > MAX_OCTETS ? octets.subarray(0, MAX_OCTETS) : octets;
  const [a, b, c, d] = start;
  if (a === 0xfe && b === 0xff) return decodeUcs2(start.subarray(2));
  if (a === 0xff && b === 0xfe) return viewOf(start).toString("utf16le", 2);
  if (a === 0 && c === 0 && isPrintable(b) && isPrintable(d)) return decodeUcs2(start);
  if (b === 0 && d === 0 && isPrintable(a) && isPrintable(c)) return viewOf(start).toString("utf16le");
  const text = viewOf(start).toString("latin1");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text) ? readControls(text) : text;
}

function readControls(text: string): string {
  let read = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 || code === 0x09 || code === 0x0a || code === 0x0d) read += text[i];
    else if (code === ESCAPE) read += extensionCharacters.get(text.charCodeAt(++i)) ?? " ";
    else if (code !== 0 || isWithinWord(text, i)) read += defaultCharacters[code];
    else read += " ";
  }
  return read;
}

/** Whether a NUL is the `@` of an id, and not the end of a C string or its padding. */
function isWithinWord(text: string, at: number): boolean {
  return /[\w-]/.test(text[at - 1] ?? "") && /^[\w-]+(?![\w-]|\s*:|\s+date\s*:)/i.test(text.slice(at + 1, at + 66));
}

function isPrintable(octet: number | undefined): boolean {
  return octet !== undefined && octet >= 0x20 && octet < 0x7f;
}

function viewOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
