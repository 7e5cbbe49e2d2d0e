import { type DecimalSign, decimalSignOf } from "./amount.ts";
import { type CsvRecord, parseCsv } from "./csv.ts";
import { currencyOfTitles } from "./currencies.ts";
import { type ColumnNames, findHeader, type Header, noHeader, SEARCHED } from "./header.ts";
import type { Field } from "./header-words.ts";
import { type ListProblem, someOf } from "./list-problem.ts";
import { listWarnings } from "./list-warnings.ts";
import { type DateOrder, dateOrderOf } from "./local-date.ts";
import { beginsAsNormalForm } from "./normal-form.ts";
import { type PlacedEntry, placeEntries } from "./price-entry.ts";
import { cellOf, type Notation, type ReadRow, type Row, readRow } from "./read-row.ts";
import { type Divisor, STATE_DIVISOR, unitOfNote } from "./units.ts";
import { datedNotes, otherServices, otherUnits, taxedNotes } from "./unread-columns.ts";

/** What is stated about a list, where it does not say it itself. */
export interface ListSettings {
  /** ISO 4217. A list that names another one is refused. */
  readonly currency?: string | undefined;
  /** The headers of columns whose words are not understood, or more than one could be meant. */
  readonly columns?: ColumnNames | undefined;
  readonly decimal?: DecimalSign | undefined;
  readonly dates?: DateOrder | undefined;
  /** By what its prices are divided. A list that says something of another unit is refused where this is not stated. */
  readonly divisor?: Divisor | undefined;
  /** Whose rows are read, where a list has those of several providers. */
  readonly provider?: string | undefined;
}

/** A price list as it was understood. */
export interface PriceFile {
  readonly entries: readonly PlacedEntry[];
  /** ISO 4217, of all its prices. */
  readonly currency: string;
  readonly columns: ReadonlyMap<Field, string>;
  /** Headers of columns that are not read. */
  readonly ignored: readonly string[];
  /** Lines by what they were taken for. */
  readonly lines: Readonly<Record<ReadRow["kind"], number>>;
  readonly warnings: readonly ListProblem[];
}

export type ReadList =
  | { readonly ok: true; readonly value: PriceFile }
  | { readonly ok: false; readonly problems: readonly ListProblem[] };

const DELIMITERS = [",", ";", "\t", "|"];
/** A list is larger than this only by mistake; ranges of codes make many prices of one line. */
const MAX_PRICES = 500_000;
const MAX_DAYS = 1_000;
/** More problems than this are counted only: they have one cause. */
const MAX_PROBLEMS = 50;

const DIVIDED =
  'is in the form that sluice catalog export writes, with prices of one segment in units of the currency: take "divisor" away';

const wholly = (message: string): ListProblem => ({ line: undefined, column: undefined, message });

/** Reads the text of a price list (see docs/price-lists.md). One wrong line refuses all of it. */
export function readList(text: string, settings: ListSettings = {}): ReadList {
  if ((settings.divisor ?? 1) !== 1 && beginsAsNormalForm(text)) return refuse([wholly(DIVIDED)]);
  const table = findTable(text, settings);
  if (!table.ok) return table;
  const { header, records, titles, delimiter } = table;
  const mine = ofProvider(records, header, settings);
  if (!mine.ok) return mine;
  const cells = (field: Field) => mine.records.map((record) => cellOf(record, header, field));
  const notation: Notation = {
    decimal: settings.decimal ?? decimalSignOf(cells("price")),
    dates: settings.dates ?? dateOrderOf(cells("validFrom")),
    currency: settings.currency ?? header.currency,
    divisor: settings.divisor,
    delimiter,
  };
  const read = mine.records.map((record) => ({ record, row: readRow(record, header, notation) }));
  const rows = read.flatMap(({ row }) => (row.kind === "row" ? [row] : []));
  const entries = placeEntries(rows.flatMap((row) => row.entries));
  const currency = currencyOfList(rows, header, titles, settings);
  const notes = [...titles, ...read.filter(({ row }) => row.kind === "heading").map(({ record }) => record)];
  const problems = [
    ...read.flatMap(({ row }) => (row.kind === "wrong" ? row.problems : [])),
    ...currency.problems,
    ...(settings.divisor === undefined ? [...unitNotes(notes), ...otherUnits(read, header)] : []),
    ...otherServices(read, header),
    ...unequal(entries, header),
    ...tooMuch(entries),
    ...(rows.length === 0 && read.every(({ row }) => row.kind !== "wrong") ? [wholly("holds no price")] : []),
  ];
  if (problems.length > 0) return refuse(problems);
  const lines = { row: 0, blank: 0, total: 0, heading: 0, unserved: 0, wrong: 0 };
  for (const { row } of read) lines[row.kind]++;
  const columns = new Map([...header.columns].map(([field, { name }]) => [field, name]));
  const warnings = [
    ...listWarnings(entries, read, header, currency.code, settings),
    ...datedNotes(notes, header),
    ...taxedNotes(notes),
  ];
  const ignored = header.ignored.map(({ name }) => name);
  return { ok: true, value: { entries, currency: currency.code, columns, ignored, lines, warnings } };
}

/** Lines above and within the table that say that its prices are of another unit: read as they stand they would be wrong by a factor. */
function unitNotes(notes: readonly CsvRecord[]): ListProblem[] {
  return notes.flatMap(({ line, cells }) => {
    const unit = unitOfNote(cells.join(" "));
    if (unit === undefined) return [];
    return [{ line, column: undefined, message: `says "${unit}": if prices are in another unit, ${STATE_DIVISOR}` }];
  });
}

function refuse(problems: readonly ListProblem[]): ReadList & { ok: false } {
  const ordered = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const more = ordered.length - MAX_PROBLEMS;
  return {
    ok: false,
    problems: more > 0 ? [...ordered.slice(0, MAX_PROBLEMS), wholly(`and ${more} more problems`)] : ordered,
  };
}

type Table =
  | {
      readonly ok: true;
      readonly header: Header;
      readonly records: readonly CsvRecord[];
      /** Lines above the header. */
      readonly titles: readonly CsvRecord[];
      readonly delimiter: string;
    }
  | (ReadList & { readonly ok: false });

/** The delimiter is the one that gives a header with most columns; a spreadsheet's first line `sep=;` states it. */
function findTable(text: string, settings: ListSettings): Table {
  const stated = /^sep=(.)\s*?(?:\r\n?|\n|$)/i.exec(text)?.[1];
  const tables = (stated === undefined ? DELIMITERS : [stated]).map((delimiter) => {
    const { records, fault } = parseCsv(text, delimiter, SEARCHED);
    const found = findHeader(records, settings);
    return { delimiter, fault, records, found, columns: found?.header.columns.size ?? 0 };
  });
  const best = tables.reduce((a, b) => (b.columns > a.columns ? b : a));
  if (best.found === undefined) {
    const fault = tables.find((table) => table.fault !== undefined)?.fault;
    if (fault !== undefined) return refuse([{ line: fault.line, column: undefined, message: fault.message }]);
    return refuse([
      noHeader(
        tables.map(({ records }) => records),
        settings,
      ),
    ]);
  }
  const { header, problems } = best.found;
  if (problems.length > 0) return refuse(problems);
  const { records, fault } = parseCsv(text, best.delimiter);
  if (fault !== undefined) return refuse([{ line: fault.line, column: undefined, message: fault.message }]);
  const titles = records.filter(({ line }) => line < header.line);
  const rows = records.filter(({ line }) => line > header.line);
  return { ok: true, header, titles, records: rows, delimiter: best.delimiter };
}

type Mine = { readonly ok: true; readonly records: readonly CsvRecord[] } | (ReadList & { readonly ok: false });

/** The rows of one provider: prices of two are not one list. */
function ofProvider(records: readonly CsvRecord[], header: Header, { provider }: ListSettings): Mine {
  if (!header.columns.has("provider"))
    return provider === undefined
      ? { ok: true, records }
      : refuse([wholly(`there is no column of providers in which "${provider}" could stand`)]);
  const nameOf = (record: CsvRecord) => cellOf(record, header, "provider");
  const priced = records.filter((record) => cellOf(record, header, "price") !== "");
  const names = [...new Set(priced.map(nameOf))].filter((name) => name !== "");
  const same = (name: string) => provider === undefined || name.toLowerCase() === provider.toLowerCase();
  const column = header.columns.get("provider")!.name;
  const listed = someOf(names.map((name) => `"${name}"`));
  if (provider === undefined && names.length > 1) {
    const message = `holds the prices of several providers: state which one ("provider"): ${listed}`;
    return refuse([{ line: undefined, column, message }]);
  }
  if (provider !== undefined && !names.some(same))
    return refuse([{ line: undefined, column, message: `"${provider}" is not among ${listed}` }]);
  const mine = records.filter((record) => nameOf(record) === "" || same(nameOf(record)));
  return { ok: true, records: mine };
}

/** The one currency of a list: prices of two are never compared. */
function currencyOfList(rows: readonly Row[], header: Header, titles: readonly CsvRecord[], settings: ListSettings) {
  const stated = settings.currency;
  const own = rows.find(({ currency }) => currency !== undefined)?.currency;
  const lines = titles.map(({ cells }) => cells.join(" "));
  const code = stated ?? header.currency ?? own ?? currencyOfTitles(lines, stated);
  const column = header.columns.get("price")?.name;
  if (code === undefined) {
    const message = 'the list names no currency: state it ("currency")';
    return { code: "", problems: rows.length === 0 ? [] : [wholly(message)] };
  }
  const problems = rows.flatMap(({ currency, entries }): ListProblem[] => {
    if (currency === undefined || currency === code) return [];
    return [{ line: entries[0]?.line, column, message: `is in ${currency}, and the list in ${code}` }];
  });
  if (header.currency !== undefined && header.currency !== code)
    problems.push({ line: header.line, column, message: `is in ${header.currency}, and ${code} is stated` });
  return { code, problems };
}

function tooMuch(entries: readonly PlacedEntry[]): ListProblem[] {
  const days = new Set(entries.map(({ from }) => from)).size;
  return [
    ...(days > MAX_DAYS ? [wholly(`has prices from ${days} days, and ${MAX_DAYS} are read at most`)] : []),
    ...(entries.length > MAX_PRICES
      ? [wholly(`has ${entries.length} prices, and ${MAX_PRICES} are read at most`)]
      : []),
  ];
}

/** Two prices of the same from the same day. */
function unequal(entries: readonly PlacedEntry[], header: Header): ListProblem[] {
  const first = new Map<string, PlacedEntry>();
  return entries.flatMap((entry) => {
    const key = `${entry.key} ${entry.from ?? ""}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, entry);
    if (before === undefined || (before.price === entry.price && before.charged === entry.charged)) return [];
    const what = before.price === entry.price ? "another way of charging" : "another price";
    const message = `${entry.key === "*" ? "everywhere else" : entry.key} has ${what} on line ${before.line}`;
    return [{ line: entry.line, column: header.columns.get("price")?.name, message }];
  });
}
