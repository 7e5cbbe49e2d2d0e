/** Whether a message says nothing else than that its sender wants no more messages, or wants them again. */
import { parseDestination } from "../numbers/destination.ts";
import type { ConsentState } from "./consent-word.ts";
import table from "./keywords.json" with { type: "json" };

interface Language {
  readonly language: string;
  /** Where its words count, ISO 3166-1 alpha-2; everywhere if absent. */
  readonly countries?: readonly string[];
  readonly stop: readonly string[];
  readonly start: readonly string[];
}

/** Longer than any keyword with what people put around it: not looked at further. Characters. */
const LONGEST = 64;

/** What changes no word: format characters, which nobody sees, the stroke that lengthens Arabic letters, and Arabic vowel signs. */
const OF_NO_WORD = /[\p{Cf}\u0640\u064b-\u0652]/gu;

const languages: readonly Language[] = table.languages;

/** By the folded word: what it means, and where; no countries: everywhere. */
const words = new Map<string, { readonly state: ConsentState; readonly countries?: Set<string> }>();
for (const { stop, start, countries } of languages)
  for (const [state, list] of [
    ["opted_out", stop],
    ["opted_in", start],
  ] as const)
    for (const word of list) learn(folded(word), state, countries);

function learn(word: string, state: ConsentState, countries: readonly string[] | undefined): void {
  const known = words.get(word);
  // A word of two languages counts wherever one of them does.
  if (known === undefined)
    words.set(word, countries === undefined ? { state } : { state, countries: new Set(countries) });
  else if (known.state !== state) throw new Error(`keywords.json: ${word} both ends and renews`);
  else if (countries === undefined) words.set(word, { state });
  else for (const country of countries) known.countries?.add(country);
}

/**
 * What a message means as a whole: the keyword alone, once or over and over, in whatever case and width, with punctuation and blanks around
 * it, also between its letters. A sentence that contains one is none: "please don't stop". `from`: the handset, E.164 digits.
 */
export function readKeyword(text: string, from: string): ConsentState | undefined {
  if (text.length > LONGEST * 4) return undefined;
  const said = folded(text);
  if (said === "" || said.length > LONGEST) return undefined;
  const known = words.get(said) ?? words.get(withoutRepeats(said)) ?? words.get(inOneWord(said) ?? "");
  if (known?.countries === undefined) return known?.state;
  const handset = parseDestination(from);
  return handset.ok && known.countries.has(handset.country) ? known.state : undefined;
}

/** "stop stop stop" is "stop". */
function withoutRepeats(said: string): string {
  const [first = "", ...others] = said.split(" ");
  return others.every((word) => word === first) ? first : said;
}

/** A letter with its marks, or a word of Hangul, whose writers set blanks as they like. */
const PIECE = /^(?:\p{L}\p{M}*|\p{Script=Hangul}+)$/u;

/** "s t o p" is "stop"; undefined where a blank stands between words. */
function inOneWord(said: string): string | undefined {
  const pieces = said.split(" ");
  return pieces.length > 1 && pieces.every((piece) => PIECE.test(piece)) ? pieces.join("") : undefined;
}

/**
 * Compatibility forms, case, blanks and what is no letter, digit or mark do not count; between two words they are one blank. Digits are
 * those of ASCII.
 */
function folded(text: string): string {
  return text
    .normalize("NFKC")
    .replace(OF_NO_WORD, "")
    .replace(/(?:[\p{P}\p{S}\p{Z}\p{C}]|\ufe0e|\ufe0f)+/gu, " ")
    .replace(/\p{Nd}/gu, digitOf)
    .trim()
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKC");
}

/** Of any script: each has its ten digits in a row, and none of them stands directly behind those of another one. */
function digitOf(digit: string): string {
  let value = 0;
  for (let before = digit.codePointAt(0)! - 1; /\p{Nd}/u.test(String.fromCodePoint(before)); before--) value++;
  return String(value % 10);
}
