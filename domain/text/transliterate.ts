import { ALPHABET_END, septetCost } from "./gsm-alphabet.ts";
import { withoutEnd } from "./without-end.ts";

/**
 * What stands for a character that the GSM alphabet lacks, where nobody reads another meaning out of it: typographic forms of
 * quotes, dashes, dots and blanks, compatibility forms of ASCII, and what has no width. No letter loses its accent: that makes other words.
 */
const PLAIN = new Map<number, string>();

function stand(plain: string, ...codePoints: readonly number[]): void {
  for (const codePoint of codePoints) PLAIN.set(codePoint, plain);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

// Quotes, and what is typed or printed for them: the acute accent alone (the grave one stands in passwords and code), modifier letters, primes, guillemets, CJK corner marks left out.
stand(
  "'",
  0xb4,
  0x02b9,
  0x02bb,
  0x02bc,
  0x02bd,
  0x02c8,
  0x02ca,
  0x02cb,
  0x2018,
  0x2019,
  0x201a,
  0x201b,
  0x2032,
  0x2035,
  0x2039,
  0x203a,
);
stand('"', 0xab, 0xbb, 0x02ba, 0x02ee, 0x201c, 0x201d, 0x201e, 0x201f, 0x2033, 0x2036, 0x301d, 0x301e, 0x301f);
// Hyphens, dashes and the minus sign.
stand("-", 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2043, 0x2212, 0xfe58, 0xfe63);
// Dots.
stand("...", 0x2026);
stand("..", 0x2025);
stand(".", 0x2024);
// Bullets: a hyphen in front of a number would be a minus.
stand("*", 0x2022, 0x2023, 0x25e6);
// Blanks of every width, and the tab.
stand(" ", 0x09, 0xa0, 0x1680, ...range(0x2000, 0x200a), 0x202f, 0x205f, 0x3000);
// Line ends.
stand("\n", 0x0b, 0x85, 0x2028, 0x2029);
// Without width and without meaning in a text that is Latin or Greek otherwise: soft hyphen, zero width space, joiners, direction marks, byte order mark. Overrides of the direction (U+202D, U+202E) show what follows in another order: they stay.
stand(
  "",
  0xad,
  0x200b,
  0x200c,
  0x200d,
  0x200e,
  0x200f,
  0x2060,
  0xfeff,
  ...range(0x202a, 0x202c),
  ...range(0x2066, 0x2069),
);
// Slashes and the swung dash.
stand("/", 0x2044, 0x2215);
stand("~", 0x02dc, 0x223c);
stand("*", 0x2217);
stand(":", 0x2236);
// Ligatures of letters.
for (const [i, letters] of ["ff", "fi", "fl", "ffi", "ffl", "st", "st"].entries()) stand(letters, 0xfb00 + i);
// Fullwidth forms of ASCII.
for (const codePoint of range(0xff01, 0xff5e)) stand(String.fromCharCode(codePoint - 0xfee0), codePoint);

/** With a scheme, of an app as well, or as people write it without one. */
const NAMED_ADDRESS = /:\/\/|www\./i;
const PORT = /:\d{1,5}$/;
/** What no label of a domain has. */
const NO_LABEL = /[^\p{L}\p{N}.-]+/u;
const DOTTED = /[\p{L}\p{N}-]\.[\p{L}\p{N}-]/u;
/** What closes a sentence or a quotation behind an address is no part of it. */
const CLOSING = /^\p{P}$/u;

/** A character that the GSM alphabet lacks. */
export interface OutsideGsm {
  readonly character: string;
  /** As Unicode writes it, such as U+2019. */
  readonly codePoint: string;
  /** Where it stands first, in UTF-16 code units from 0. */
  readonly index: number;
  /** How many other characters the alphabet lacks as well, each counted once. */
  readonly others: number;
}

/** The first character that makes a text UCS-2; undefined when the GSM alphabet (3GPP TS 23.038) has all of them. */
export function outsideGsm(text: string): OutsideGsm | undefined {
  let first: { readonly character: string; readonly index: number } | undefined;
  const others = new Set<string>();
  let index = 0;
  for (const character of text) {
    if (!inGsm(character)) {
      if (first === undefined) first = { character, index };
      else if (character !== first.character) others.add(character);
    }
    index += character.length;
  }
  if (first === undefined) return undefined;
  const hex = first.character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return { ...first, codePoint: `U+${hex}`, others: others.size };
}

/**
 * The text with plain characters in place of those that the GSM alphabet lacks, where that changes no meaning: composed first
 * (a letter and its accent are one character in Unicode's form C), then replaced. Undefined when a character is left that the
 * alphabet lacks, or one stands in an address: then the text stays as it is, since one is enough to make it UCS-2.
 */
export function transliterate(text: string): string | undefined {
  let plain = "";
  for (const character of text.normalize("NFC")) {
    const stands = inGsm(character) ? character : PLAIN.get(character.codePointAt(0)!);
    if (stands === undefined) return undefined;
    plain += stands;
  }
  return plain === "" || text.split(/\s+/).some(hasAddressOutsideGsm) ? undefined : plain;
}

/** Whether a text without blanks holds an address, also of mail, with a character that GSM lacks: another one in its place leads elsewhere. */
function hasAddressOutsideGsm(token: string): boolean {
  if (outsideGsm(token) === undefined) return false;
  const written = withoutEnd(token, CLOSING);
  const begin = addressBegin(written);
  return begin !== undefined && outsideGsm(written.slice(begin)) !== undefined;
}

/** Looks at each character a few times at the most, whatever the text: every text of every request comes here. */
function addressBegin(token: string): number | undefined {
  if (token.includes("@")) return 0;
  const named = token.search(NAMED_ADDRESS);
  let begin = 0;
  for (const { index } of token.matchAll(/[/?#]/g)) {
    if (named >= 0 && named < index) return named;
    const host = token.slice(begin, index).replace(PORT, "");
    const labels = host.split(NO_LABEL).at(-1)!;
    if (DOTTED.test(labels)) return begin + host.length - labels.length;
    begin = index + 1;
  }
  return named < 0 ? undefined : named;
}

function inGsm(character: string): boolean {
  const unit = character.charCodeAt(0);
  return unit < ALPHABET_END && septetCost[unit] !== 0;
}
