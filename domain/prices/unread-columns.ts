import type { CsvRecord } from "./csv.ts";
import { currencyWithin } from "./currencies.ts";
import type { Column, Header } from "./header.ts";
import { type Field, headingOf, namesAPrice } from "./header-words.ts";
import { type ListProblem, someOf } from "./list-problem.ts";
import { readDate } from "./local-date.ts";
import { isOneSegment, isUnitColumn, STATE_DIVISOR } from "./units.ts";
import { plainWords } from "./words.ts";

/** Columns that say until when a price holds. */
const ENDS =
  /^(?:valid|effective|in force|date)? ?(?:to|until|till|through|thru|end|ends|end date|ending|date end|expiry|expiry date|expires|expiration|expiration date|bis|gultig bis|fin|date fin|hasta|valido hasta|scadenza|valido fino al)$/;
/** Columns that change what a message costs. */
const CHANGES =
  /\b(?:discount|rebate|rabatt|remise|descuento|sconto|surcharge|surcharges|zuschlag|supplement|suplemento|supplemento|passthrough|markup|vat|mwst|ust|tva|iva|tax)\b/;
/** What a row's price is worth nothing after. */
const GONE =
  /^(?:deleted?|removed?|closed|inactive|disabled|discontinued|suspended|blocked|barred|terminated|withdrawn|not (?:available|supported|served|offered|in service)|no (?:service|coverage)|unavailable|geloscht|entfallt|entfallen|gesperrt|supprime|eliminado|baja|sospeso)$/;

/** What is sold beside messages to handsets, often in the same list. */
const OTHER_SERVICE =
  /^(?:mo|sms mo|mo sms|mobile originated|inbound|inbound sms|incoming|incoming sms|received|receiving|voice|voice calls?|calls?|telephony|hlr|hlr lookups?|mnp|mnp lookups?|number lookups?|lookups?|mms|rcs|whatsapp|viber|telegram|email|e mail|data)$/;

/** A day from which a line of text says that prices hold. */
const DATED =
  /\b(?:valid|effective|applicable|applies|in force|from|as of|starting|gültig|ab|vigente|desde|valable|à partir|dal|válido)\b.{0,30}?(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d|\d{1,2}(?:st|nd|rd|th|\.)?\s+\p{L}+\.?,?\s+\d{4}|\p{L}+\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4})/iu;

interface Line {
  readonly record: CsvRecord;
  readonly row: { readonly kind: string };
}

const textOf = (record: CsvRecord, { index }: Column): string => (record.cells[index] ?? "").trim();

/** Rows whose price is of another unit, by a column that says so. */
export function otherUnits(lines: readonly Line[], header: Header): ListProblem[] {
  const columns = header.ignored.filter(({ name }) => isUnitColumn(name));
  const rows = lines.filter(({ row }) => row.kind === "row");
  return columns.flatMap((column) =>
    rows.flatMap(({ record }) => {
      const text = textOf(record, column);
      if (isOneSegment(text)) return [];
      const message = `"${text}" is another unit than one segment; ${STATE_DIVISOR}`;
      return [{ line: record.line, column: column.name, message }];
    }),
  );
}

/** Prices with a tax, in plain words. */
const TAXED =
  /\b(?:(?:incl|including|inclusive of|inkl|inklusive|mit|with|gross|brutto) (?:\d+ )?(?:of )?(?:vat|mwst|ust|tax|taxes|gst)|ttc|(?:tva|iva|tax|vat|gst) (?:comprise|incluida|incluido|inclusa|included))\b/;

/** Lines of text that say that prices hold a tax: they are read as they stand. */
export function taxedNotes(notes: readonly CsvRecord[]): ListProblem[] {
  return notes.flatMap(({ line, cells }) => {
    const found = TAXED.exec(plainWords(cells.join(" ")))?.[0];
    return found === undefined
      ? []
      : [{ line, column: undefined, message: `says "${found}": prices are read as they stand` }];
  });
}

/** Rows that a column says are of something else than messages to handsets. */
export function otherServices(lines: readonly Line[], header: Header): ListProblem[] {
  const rows = lines.filter(({ row }) => row.kind === "row");
  return header.ignored.flatMap((column) =>
    rows.flatMap(({ record }) => {
      const text = textOf(record, column);
      if (!OTHER_SERVICE.test(plainWords(text))) return [];
      const message = `"${text}" is no message to a handset: take such rows out of the list`;
      return [{ line: record.line, column: column.name, message }];
    }),
  );
}

/** Lines of text with the day from which the list holds, which only a column is read for. */
export function datedNotes(notes: readonly CsvRecord[], header: Header): ListProblem[] {
  if (header.columns.has("validFrom")) return [];
  return notes.flatMap(({ line, cells }) => {
    const found = DATED.exec(cells.join(" "))?.[0];
    if (found === undefined) return [];
    const message = `says "${found.replace(/\s+/g, " ")}", which is not read: these prices hold at once; the list that takes the place of another on a day is its "next"`;
    return [{ line, column: undefined, message }];
  });
}

/** What columns that are not read probably say of prices. `named`: which one is the price was stated, so others are known of. */
export function unreadColumns(lines: readonly Line[], header: Header, named: boolean): ListProblem[] {
  const price = header.columns.get("price")?.name ?? "";
  const about = (columns: readonly Column[], message: string): ListProblem[] => {
    const names = someOf(columns.map(({ name }) => `"${name}"`));
    return columns.length === 0
      ? []
      : [{ line: header.line, column: undefined, message: `not read: ${names}; ${message}` }];
  };
  const filled = ({ index }: Column) => lines.some(({ record }) => (record.cells[index] ?? "").trim() !== "");
  const ends = header.ignored.filter((column) => ENDS.test(plainWords(column.name)) && filled(column));
  const codes = header.ignored.filter((column) => isCodeColumn(column) && filled(column));
  const dated = header.columns.has("validFrom")
    ? []
    : header.ignored.filter((column) => !ends.includes(column) && holdsDates(lines, column));
  const amounts = header.ignored.filter(
    ({ name }) =>
      namesAPrice(name) || CHANGES.test(plainWords(name)) || currencyWithin(name, undefined).currency !== undefined,
  );
  return [
    ...about(named ? [] : amounts, `prices are those of "${price}" alone`),
    ...about(ends, "a price holds until another one of the same begins"),
    ...about(dated, DATED_COLUMN),
    ...about(
      codes,
      'they have codes as well, and what a price is of is taken from the other columns alone: is another one meant ("columns")?',
    ),
    ...gone(lines, header),
  ];
}

const CODES: ReadonlySet<Field> = new Set(["mcc", "mnc", "mccMnc", "prefix"]);

/** Whether a header is of codes by its words, and another column was stated for them. */
function isCodeColumn({ name }: Column): boolean {
  const heading = headingOf(name);
  return heading !== undefined && "field" in heading && CODES.has(heading.field);
}

const DATED_COLUMN =
  'these cells are dates, and these prices hold at once: if they hold from these days, state the column ("columns": validFrom)';

/** Whether all that a column says of rows are days, with a time of day or without. */
function holdsDates(lines: readonly Line[], column: Column): boolean {
  const texts = lines.flatMap(({ record, row }) => (row.kind === "row" ? [textOf(record, column)] : []));
  return texts.some((text) => text !== "") && texts.every((text) => text === "" || isDay(text));
}

function isDay(text: string): boolean {
  const bare = text.replace(/[T\s]+\d{1,2}:\d\d.*$/, "");
  return readDate(bare, "day-first").ok || readDate(bare, "month-first").ok;
}

/** Rows that a column says are not served any more. */
function gone(lines: readonly Line[], header: Header): ListProblem[] {
  return header.ignored.flatMap((column) => {
    const found = lines.filter(
      ({ record, row }) => row.kind === "row" && GONE.test(plainWords(textOf(record, column))),
    );
    const [first, ...more] = found;
    if (first === undefined) return [];
    const also = more.length === 0 ? "" : ` (also lines ${someOf(more.map(({ record }) => String(record.line)))})`;
    const message = `says "${textOf(first.record, column)}" and is not read: the row's price counts${also}; take the row out, or write "n/a" for its price, if there is no service`;
    return [{ line: first.record.line, column: column.name, message }];
  });
}
