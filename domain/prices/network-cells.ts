import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { networkTable } from "../numbers/network-table.ts";
import { countriesByCallingCode } from "../numbers/number-prefix.ts";
import { type Cell, read, unreadable } from "./list-problem.ts";

/** Codes that one cell may stand for. */
const MAX_CODES = 1_000;

const WHOLE =
  /^(?:|\*|all|any|alle|todos|tous|tutti|all networks|all operators|all mncs?|default|others?|all others?|rest|x{2,3}|-|n\/?a)$/i;

/** Whether a cell of codes stands for all of them. */
export const isWhole = (text: string): boolean => WHOLE.test(text.trim());

/** A number as a table of numbers exports it: `262.0`. */
const withoutFraction = (text: string): string => text.trim().replace(/^(\d+)\.0$/, "$1");

/** A mobile country code, three digits. */
export function readMcc(text: string): Cell<string> {
  const code = withoutFraction(text);
  if (!/^\d{3}$/.test(code)) return unreadable(`"${text}" is no mobile country code: three digits, such as 262`);
  if (countriesOfMobileCode(code) === undefined) return unreadable(`no country has the mobile country code ${code}`);
  return read(code);
}

/**
 * Network codes of a cell: one, a list (`01, 02, 07`), ranges (`100 - 190`). A code of one digit lost its zero in a
 * spreadsheet; two and three digits are different codes and stay as they are.
 */
export function readMncs(text: string): Cell<readonly string[]> {
  const codes: string[] = [];
  for (const part of partsOf(withoutFraction(text), /^\d{1,3}$/)) {
    const [, first, last] = /^(\d{1,3})(?:\s*(?:-|–|to)\s*(\d{1,3}))?$/.exec(part) ?? [];
    if (first === undefined)
      return unreadable(`"${text}" is no network code: two or three digits, several as "01, 02, 07" or "100 - 190"`);
    const range = rangeOf(first.padStart(2, "0"), (last ?? first).padStart(2, "0"));
    if (range === undefined)
      return unreadable(`"${part}" is no range: both ends need as many digits, and the second is the higher one`);
    codes.push(...range);
  }
  return read([...new Set(codes)]);
}

/** Country and network code in one, by the same rules: `26201`, `310 260`, `338-05`, several with commas. */
export function readMccMncs(text: string): Cell<readonly string[]> {
  const codes: string[] = [];
  for (const part of partsOf(withoutFraction(text), /^\d{5,6}$/)) {
    const [first, last] = /^\d{5,6}\s*(?:-|–|to)\s*\d{5,6}$/.test(part)
      ? part.split(/\s*(?:-|–|to)\s*/)
      : [mccMncOf(part)];
    if (first === undefined) {
      const short = /^\d{4}$/.test(part) ? ": a digit is missing, and it cannot be told which" : "";
      return unreadable(`"${part}" is no mobile country and network code${short || ", such as 26201 or 310-260"}`);
    }
    if (lostItsEnd(part))
      return unreadable(
        `"${part}" may be ${first} or ${first}0, which lost its zero as a number: write it in one word, as text`,
      );
    const country = readMcc(first.slice(0, 3));
    if (!country.ok) return country;
    const all = rangeOf(first, last ?? first);
    if (all === undefined || (last !== undefined && last.slice(0, 3) !== first.slice(0, 3)))
      return unreadable(`"${part}" is no range: both ends need the same country code and as many digits`);
    codes.push(...all);
  }
  return read([...new Set(codes)]);
}

/** Mobile country codes with networks of three digits. */
const THREE_DIGITS: ReadonlySet<string> = new Set([
  ...networkTable.flatMap(({ mccMnc }) => (mccMnc.length === 6 ? [mccMnc.slice(0, 3)] : [])),
  // No number tells a network there (networks.json).
  ...["302", "310", "311", "312", "313", "314", "315", "316", "334", "405"],
]);

/** Whether it may be a number that lost a zero at its end: 310.26 is 310260 in a spreadsheet. */
const lostItsEnd = (part: string): boolean => /^\d{3}\.\d\d$/.test(part) && THREE_DIGITS.has(part.slice(0, 3));

/** One code in one word. A single digit needs a sign before it; after a point it may be a number that lost a zero at its end. */
function mccMncOf(part: string): string | undefined {
  const [, mcc, mnc] =
    /^(\d{3})(?:\s*[-–/.:]\s*|\s*)(\d{2,3})$/.exec(part) ?? /^(\d{3})(?:\s*[-–/:]\s*|\s+)(\d)$/.exec(part) ?? [];
  return mcc === undefined ? undefined : mcc + mnc!.padStart(2, "0");
}

/** First digits of numbers with their calling code, several as lists and ranges: `+49 151`, `4915, 4916`, `4917-4919`. */
export function readPrefixes(text: string): Cell<readonly string[]> {
  const prefixes: string[] = [];
  for (const part of withoutFraction(text)
    .split(/[,;|&\n\r]/)
    .filter((piece) => piece.trim() !== "")) {
    const [first, last, more] = part.split(/(?<!\s)\s*[-–]\s*/).map(prefixOf);
    const range = first === undefined || more !== undefined ? undefined : rangeOf(first, last ?? first);
    if (range === undefined || range.some((prefix) => countriesByCallingCode(prefix).length === 0)) {
      const rule = "first digits of numbers with their calling code, without blanks unless a plus stands before them";
      return unreadable(`"${part.trim()}" is no prefix: ${rule}, such as 4915; several with commas`);
    }
    prefixes.push(...range);
  }
  return read([...new Set(prefixes)]);
}

/**
 * The digits of one prefix. Without a plus, `358 400` may be two of them. A zero in brackets, `+49 (0)151`, is dialled within the country
 * alone; in Italy it may be part of the number.
 */
function prefixOf(text: string): string {
  const bare = text.trim().replace(/^(\+(?!39)\d{1,3}\s*)\(0\)/, "$1");
  const digits =
    bare.startsWith("+") && !bare.includes("(0)") ? bare.replace(/[\s().+]/g, "") : bare.replace(/^00/, "");
  return /^[1-9]\d{0,14}$/.test(digits) ? digits : "";
}

/** The parts of a list. Blanks and strokes part them only where each part is whole. */
function partsOf(text: string, whole: RegExp): string[] {
  return text
    .split(/[,;|&\n\r]|\band\b/)
    .flatMap((part) => {
      const pieces = part.trim().split(/[\s/]+/);
      return pieces.every((piece) => whole.test(piece)) ? pieces : [part.trim()];
    })
    .filter((part) => part !== "");
}

/** All numbers from one to another of the same length; undefined where they are none. */
function rangeOf(first: string, last: string): string[] | undefined {
  if (!/^\d+$/.test(first) || !/^\d+$/.test(last) || first.length !== last.length) return undefined;
  const [from, to] = [Number(first), Number(last)];
  if (to < from || to - from >= MAX_CODES) return undefined;
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index).padStart(first.length, "0"));
}
