import { type DecimalSign, readAmount } from "./amount.ts";
import { countryOf } from "./country-names.ts";
import type { CsvRecord } from "./csv.ts";
import { currencyOf } from "./currencies.ts";
import type { Header } from "./header.ts";
import type { Field } from "./header-words.ts";
import type { ListProblem } from "./list-problem.ts";
import { type DateOrder, readDate } from "./local-date.ts";
import type { Charged, PriceEntry } from "./price-entry.ts";
import { readPlace } from "./read-place.ts";
import type { Divisor } from "./units.ts";
import { plainWords } from "./words.ts";

/** How the cells of a list are written, as far as one alone does not say it. */
export interface Notation {
  readonly decimal: DecimalSign | undefined;
  readonly dates: DateOrder | undefined;
  /** The currency that is stated for the list. */
  readonly currency: string | undefined;
  /** By what prices are divided. */
  readonly divisor: Divisor | undefined;
  /** What parts the cells of a row. */
  readonly delimiter: string;
}

export interface Row {
  readonly kind: "row";
  readonly entries: readonly PriceEntry[];
  /** ISO 4217, where the row says it. */
  readonly currency: string | undefined;
  readonly strangeCountry: string | undefined;
  readonly mccAlone: string | undefined;
  /** A network that has a name and no code, so that the price is the whole country's. */
  readonly codeless: string | undefined;
}

export type ReadRow =
  | Row
  /** `heading`: a line of one cell, a repeated header; `unserved`: the provider says that it has no price. */
  | { readonly kind: "blank" | "total" | "heading" | "unserved" }
  | { readonly kind: "wrong"; readonly problems: readonly ListProblem[] };

const TOTAL =
  /^(?:sub ?totals?|grand totals?|totals?|sum|average|count|gesamt|gesamtsumme|summe|durchschnitt|total general|moyenne|totale|end of (?:file|list))\b/;
const UNSERVED =
  /^(?:n ?a|none|nil|no price|no service|not (?:available|supported|served|offered|possible)|unavailable|on request|upon request|blocked|closed|suspended|tbd|tba|auf anfrage|sur demande|a consultar|su richiesta)$/;
const CHARGED: readonly (readonly [Charged, RegExp])[] = [
  [
    "delivery",
    /\b(?:deliver(?:y|ed|ies)?|dlr|delivrd|handset|zugestellt|zustellung|livraison|livre|entrega|consegna)\b/,
  ],
  [
    "submit",
    /\b(?:submit(?:ted|s)?|submission|sent|send|sending|attempts?|accepted|versand|gesendet|envoi|envoye|envio|enviado|invio)\b/,
  ],
];

/** What keeps a spreadsheet from taking the zeros of a code away: `="01"`, `'01`. */
const KEPT_TEXT = /^="([^"]*)"$|^'(?=\d)/;

/** The text of a field in a record; empty where the list has no such column. */
export function cellOf(record: CsvRecord, header: Header, field: Field): string {
  const column = header.columns.get(field);
  if (column === undefined) return "";
  const text = (record.cells[column.index] ?? "").replaceAll("\u00a0", " ").trim();
  return text.replace(KEPT_TEXT, "$1").trim();
}

export function readRow(record: CsvRecord, header: Header, notation: Notation): ReadRow {
  const kind = idleKind(record, header);
  if (kind !== undefined) return { kind };
  const cell = (field: Field) => cellOf(record, header, field);
  const problems: ListProblem[] = [];
  const fail = (field: Field | undefined, message: string) => {
    const column = field === undefined ? undefined : header.columns.get(field)?.name;
    problems.push({ line: record.line, column, message });
  };
  const price = cell("price");
  if (record.cells.slice(header.width).some((text) => text.trim() !== ""))
    fail(undefined, "has more cells than the header: a decimal comma, or a comma in a name, must stand in quotes");
  else if (isHalved(record, header, notation))
    fail(
      "price",
      `"${price}" may lack its decimals, which stand in the next cell: a decimal comma must stand in quotes`,
    );
  if (price === "") fail("price", 'is empty; write "n/a" where there is no service');
  const unserved = UNSERVED.test(plainWords(price)) || /^[-–—]+$/.test(price);
  const amount =
    price === "" || unserved ? undefined : readAmount(price, notation.decimal, notation.currency, notation.divisor);
  if (amount?.ok === false) fail("price", amount.message);
  const place = readPlace(cell);
  if (!place.ok) fail(place.field, place.message);
  const from = cell("validFrom") === "" ? undefined : readDate(cell("validFrom"), notation.dates);
  if (from?.ok === false) fail("validFrom", from.message);
  const charged = chargedOf(cell("charged"));
  if (charged === "?") fail("charged", `"${cell("charged")}" says neither submit nor delivery`);
  const currency = rowCurrency(cell("currency"), amount?.ok ? amount.value.currency : undefined, notation.currency);
  if (!currency.ok) fail("currency", currency.message);
  if (problems.length > 0 || !place.ok || !currency.ok) return { kind: "wrong", problems };
  if (unserved) return { kind: "unserved" };
  if (!amount?.ok || from?.ok === false || charged === "?") return { kind: "wrong", problems };
  const rest = { name: cell("network"), price: amount.value.price, from: from?.value, charged };
  return {
    kind: "row",
    entries: place.places.map((one) => ({ line: record.line, ...one, ...rest })),
    currency: currency.value,
    strangeCountry: place.strange,
    mccAlone: place.mccAlone,
    codeless: place.codeless,
  };
}

/** Columns that may hold whole numbers beside a price. */
const NUMBERS: readonly Field[] = ["mcc", "mnc", "mccMnc", "prefix", "validFrom"];

/** Whether a price of 0, or one with a zero and more digits beside it, may be half of one whose decimal comma was not quoted. */
function isHalved({ cells }: CsvRecord, header: Header, { delimiter }: Notation): boolean {
  const index = header.columns.get("price")?.index;
  if (delimiter !== "," || index === undefined) return false;
  if (NUMBERS.some((field) => header.columns.get(field)?.index === index + 1)) return false;
  const [whole = "", decimals = ""] = [cells[index]?.trim(), cells[index + 1]?.trim()];
  return /^\d+$/.test(whole) && /^\d+$/.test(decimals) && (Number(whole) === 0 || decimals.startsWith("0"));
}

/** Columns of which a cell alone is half a row, and no heading. */
const CODES: readonly Field[] = ["iso", "mcc", "mnc", "mccMnc", "prefix", "price"];

/** Whether a line is no row of the table. */
function idleKind(record: CsvRecord, header: Header): "blank" | "total" | "heading" | undefined {
  const { cells } = record;
  const full = cells.flatMap((cell, index) => (cell.trim() === "" ? [] : [index]));
  const [first] = full;
  if (first === undefined) return "blank";
  const text = cells[first]!.trim();
  const codes = CODES.filter((field) => cellOf(record, header, field) !== "");
  const labelled = codes.every((field) => field === "price" || header.columns.get(field)?.index === first);
  if (labelled && TOTAL.test(plainWords(text)) && countryOf(text) === undefined) return "total";
  if (full.length === 1 && codes.length === 0) return "heading";
  const repeated = [...header.columns.values()].every(({ index, name }) => cells[index]?.trim() === name);
  return repeated ? "heading" : undefined;
}

function chargedOf(text: string): Charged | undefined | "?" {
  if (text === "") return undefined;
  const found = CHARGED.filter(([, words]) => words.test(plainWords(text)));
  return found.length === 1 ? found[0]![0] : "?";
}

function rowCurrency(text: string, inPrice: string | undefined, stated: string | undefined) {
  const inCell = text === "" ? undefined : currencyOf(text, stated);
  if (text !== "" && inCell === undefined)
    return { ok: false as const, message: `"${text}" is no currency that is known (ISO 4217, such as EUR)` };
  if (inCell !== undefined && inPrice !== undefined && inCell !== inPrice)
    return { ok: false as const, message: `is ${inCell}, and the price is in ${inPrice}` };
  return { ok: true as const, value: inCell ?? inPrice };
}
