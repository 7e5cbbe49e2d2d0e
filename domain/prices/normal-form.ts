import { formatMoney, parseMoney } from "../catalog/money.ts";
import { isCallingCode } from "../numbers/country-code.ts";
import { type Cell, read, unreadable } from "./list-problem.ts";
import type { LocalDate } from "./local-date.ts";
import { type Charged, ELSEWHERE_KEY, isShared, type PlacedEntry } from "./price-entry.ts";

/**
 * The one form in which a list stands in a version of the catalog, whatever its provider's file looked like. It is CSV that
 * anybody can open and that read-list.ts reads as the same prices. Two lists of the same prices are the same text, and it can be
 * read line by line at little cost:
 *
 *     Country,MCC MNC,Prefix,Price (EUR),Valid from,Charged on,Network
 *     DE,26201,,0.065,2027-02-01,,Telekom
 */
const COLUMNS = ["Country", "MCC MNC", "Prefix"] as const;
const AFTER_PRICE = ["Valid from", "Charged on", "Network"] as const;
const HEADER = new RegExp(`^${COLUMNS.join(",")},Price \\(([A-Z]{3})\\),${AFTER_PRICE.join(",")}\n`);
/** Characters, its line end included. */
const LONGEST_HEADER = 100;
const ELSEWHERE = "elsewhere";
/** Cells before the network's name, which may hold anything. */
const PLAIN_CELLS = 6;

/** A list as it is published. */
export interface PricedEntries {
  /** ISO 4217. */
  readonly currency: string;
  readonly entries: readonly PlacedEntry[];
}

export function normalForm({ currency, entries }: PricedEntries): string {
  const header = [...COLUMNS, `Price (${currency})`, ...AFTER_PRICE].join(",");
  const ordered = entries.map((entry) => ({ entry, order: `${entry.key} ${entry.from ?? ""}` }));
  ordered.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
  // What a list says twice is said once.
  const lines = ordered.flatMap(({ entry, order }, index) =>
    order === ordered[index - 1]?.order ? [] : [lineOf(entry)],
  );
  return `${[header, ...lines].join("\n")}\n`;
}

function lineOf({ key, country, network, prefix, price, from, charged, name }: PlacedEntry): string {
  // The code of several countries names one only where the price is that country's alone; a calling code would be read as its country.
  const wider = network !== undefined ? isShared(network) && key === network : isWider(prefix, country);
  const where = wider ? undefined : country;
  const place = key === ELSEWHERE_KEY ? ELSEWHERE : (where ?? "");
  return [place, network ?? "", prefix ?? "", formatMoney(price), from ?? "", charged ?? "", quoted(name)].join(",");
}

const isWider = (prefix: string | undefined, country: string | undefined): boolean =>
  prefix !== undefined && country !== undefined && isCallingCode(prefix, country);

/** A cell that begins like this is a formula to a spreadsheet, in quotation marks as well. An apostrophe makes it a text. */
const FORMULA = /^(?=[=+\-@])/;
/** Where the name of a line begins like that. */
const FORMULA_IN_LINE = new RegExp(`^((?:[^,\\n]*,){${PLAIN_CELLS}}"?)(?=[=+\\-@])`, "gm");

/** A list in this form, as it was published before names were written so that no spreadsheet takes them for formulas. */
export function withoutFormulas(form: string): string {
  return form.replace(FORMULA_IN_LINE, "$1'");
}

function quoted(name: string): string {
  const flat = name
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .replace(FORMULA, "'");
  return /[",]/.test(flat) ? `"${flat.replaceAll('"', '""')}"` : flat;
}

/** The currency of a list in this form; undefined for a text in another one. */
export function currencyOfNormalForm(text: string): string | undefined {
  return HEADER.exec(text)?.[1];
}

/** Whether a file begins as one in this form does, also where a spreadsheet has saved it with other line ends. */
export const beginsAsNormalForm = (text: string): boolean =>
  currencyOfNormalForm(text.slice(0, LONGEST_HEADER).replaceAll("\r\n", "\n")) !== undefined;

/** Reads a list in this form, a line at a time. Names are left as they stand. */
export function* readNormalForm(text: string): Generator<Cell<PlacedEntry>> {
  let at = text.indexOf("\n") + 1;
  for (let line = 2; at < text.length; line++) {
    const end = text.indexOf("\n", at);
    const last = end < 0 ? text.length : end;
    yield entryOf(text.slice(at, last), line);
    at = last + 1;
  }
}

function entryOf(text: string, line: number): Cell<PlacedEntry> {
  const cells: string[] = [];
  let at = 0;
  for (let i = 0; i < PLAIN_CELLS; i++) {
    const comma = text.indexOf(",", at);
    if (comma < 0) return unreadable(`line ${line} has ${i + 1} cells, and ${PLAIN_CELLS + 1} are needed`);
    cells.push(text.slice(at, comma));
    at = comma + 1;
  }
  const [place = "", network = "", prefix = "", amount = "", from = "", charged = ""] = cells;
  const price = parseMoney(amount);
  if (price === undefined || price < 0) return unreadable(`line ${line}: "${amount}" is no price`);
  if (from !== "" && !DAY.test(from)) return unreadable(`line ${line}: "${from}" is no day`);
  if (!CHARGED.has(charged)) return unreadable(`line ${line}: "${charged}" is no way of charging`);
  const country = place === "" || place === ELSEWHERE ? undefined : place;
  const key = keyOf(place, network, prefix);
  if (key === undefined) return unreadable(`line ${line}: "${place},${network},${prefix}" is no place`);
  return read({
    line,
    country,
    network: network === "" ? undefined : network,
    prefix: prefix === "" ? undefined : prefix,
    name: text.slice(at),
    price,
    from: from === "" ? undefined : (from as LocalDate),
    charged: charged === "" ? undefined : (charged as Charged),
    key,
  });
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const CHARGED: ReadonlySet<string> = new Set(["", "submit", "delivery"] satisfies (Charged | "")[]);
const NETWORK = /^\d{5,6}$/;
const PREFIX = /^[1-9]\d{0,14}$/;
const COUNTRY = /^[A-Z]{2}$/;

function keyOf(place: string, network: string, prefix: string): string | undefined {
  if (place !== "" && place !== ELSEWHERE && !COUNTRY.test(place)) return undefined;
  if (network !== "") {
    if (!NETWORK.test(network) || prefix !== "" || place === ELSEWHERE) return undefined;
    return place !== "" && isShared(network) ? place + network : network;
  }
  if (prefix !== "") return PREFIX.test(prefix) && place !== ELSEWHERE ? `+${prefix}` : undefined;
  if (place === "") return undefined;
  return place === ELSEWHERE ? ELSEWHERE_KEY : place;
}
