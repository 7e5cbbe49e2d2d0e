import type { CsvRecord } from "./csv.ts";
import { currencyWithin } from "./currencies.ts";
import { type Field, fields, type Heading, headingOf, saysNothingElse } from "./header-words.ts";
import { type ListProblem, someOf } from "./list-problem.ts";
import { type Divisor, STATE_DIVISOR, unitOfHeader } from "./units.ts";
import { plainWords } from "./words.ts";

/** Which cell of a line is what. */
export interface Header {
  readonly line: number;
  readonly columns: ReadonlyMap<Field, Column>;
  /** Columns that are not read. */
  readonly ignored: readonly Column[];
  /** The currency that the price's header names. */
  readonly currency: string | undefined;
  /** Cells up to the last one that names something. */
  readonly width: number;
}

export interface Column {
  readonly index: number;
  readonly name: string;
}

export type FoundHeader = { readonly header: Header; readonly problems: readonly ListProblem[] };

/** Columns by the text of their headers, where the words do not tell. */
export type ColumnNames = Readonly<Partial<Record<Field, string | undefined>>>;

/** Records among which it must be: others before it are titles. */
export const SEARCHED = 40;
const LOCATING: readonly Field[] = ["country", "iso", "mcc", "mccMnc", "prefix"];

/** What is stated about a list, as far as its header goes. */
export interface HeaderSettings {
  readonly columns?: ColumnNames | undefined;
  readonly currency?: string | undefined;
  readonly divisor?: Divisor | undefined;
}

/** The first line whose cells name a price and a place; undefined where there is none. */
export function findHeader(records: readonly CsvRecord[], settings: HeaderSettings): FoundHeader | undefined {
  const named = settings.columns ?? {};
  for (const record of records.slice(0, SEARCHED)) {
    const found = readHeader(record, named, settings);
    const has = (field: Field) => found.header.columns.has(field) || named[field] !== undefined;
    const faulty = found.problems.length > 0 && found.header.columns.size > 0;
    if ((has("price") || faulty) && LOCATING.some(has) && holdsNamed(record, named)) return found;
  }
  return undefined;
}

const NO_HEADER =
  "no header was found: a line that names the columns, at least a price and a country, a network code (mcc, mnc) or a prefix";

/** Why none of these tables, of one list with several delimiters, has a header: what the line that comes nearest to one lacks. */
export function noHeader(tables: readonly (readonly CsvRecord[])[], settings: HeaderSettings): ListProblem {
  const named = settings.columns ?? {};
  const lines = tables.flatMap((records) =>
    records.slice(0, SEARCHED).map((record) => readHeader(record, named, settings)),
  );
  const found = lines
    .map(({ header }) => header)
    .filter(({ columns, ignored }) => columns.size > 0 && ignored.length > 0);
  const nearest = found.reduce<Header | undefined>(
    (a, b) => (b.columns.size > (a?.columns.size ?? 0) ? b : a),
    undefined,
  );
  const state = 'a column whose words are not known is stated ("columns")';
  if (nearest === undefined) return { line: undefined, column: undefined, message: `${NO_HEADER}; ${state}` };
  const has = [...nearest.columns].map(([field, { name }]) => `${field} "${name}"`).join(", ");
  const lacking = nearest.columns.has("price") ? "no country, network code or prefix" : "no price";
  const left = someOf(nearest.ignored.map(({ name }) => `"${name}"`));
  return {
    line: nearest.line,
    column: undefined,
    message: `${NO_HEADER}; this line has ${has}, and ${lacking} among ${left}: ${state}`,
  };
}

/** Where columns are named, the header is a line with at least one of the names. */
function holdsNamed({ cells }: CsvRecord, named: ColumnNames): boolean {
  const names = Object.values(named).filter((name) => name !== undefined);
  return names.length === 0 || names.some((name) => cells.some((cell) => sameName(cell, name)));
}

const sameName = (cell: string, name: string): boolean => cell.trim().toLowerCase() === name.trim().toLowerCase();

interface Candidate extends Column {
  readonly rank: number;
  readonly currency: string | undefined;
}

/** What a header says, or what it says but for the currency in it. */
function meaningOf(name: string, rest: string): Heading | undefined {
  const whole = headingOf(name);
  return whole === undefined || ("unit" in whole && !whole.scale) ? (headingOf(rest) ?? whole) : whole;
}

/** A name that settings give goes before all words. */
const NAMED_RANK = 9;

function readHeader({ line, cells }: CsvRecord, named: ColumnNames, settings: HeaderSettings): FoundHeader {
  const { currency: stated, divisor } = settings;
  const candidates = new Map<Field, Candidate[]>();
  const problems: ListProblem[] = [];
  const units: ListProblem[] = [];
  for (const [index, cell] of cells.entries()) {
    const name = cell.trim();
    const { currency, rest } = currencyWithin(name, stated);
    const given = fields.find((field) => named[field] !== undefined && sameName(name, named[field]));
    const meant = given === undefined ? meaningOf(name, rest) : { field: given, rank: NAMED_RANK };
    if (given === "price" && divisor === undefined) problems.push(...otherUnit(line, name));
    const scaled = meant !== undefined && "unit" in meant && meant.scale && divisor !== undefined;
    const heading = scaled ? { field: "price" as const, rank: 1 } : meant;
    if (heading !== undefined && "unit" in heading) {
      const how = heading.scale ? `; ${STATE_DIVISOR}` : "";
      const message = `is a price in another unit ("${heading.unit}"); prices are of one segment, in units of the currency${how}`;
      units.push({ line, column: name, message });
      continue;
    }
    const field = heading?.field ?? (currency !== undefined && saysNothingElse(rest) ? "price" : undefined);
    if (field === undefined) continue;
    const rank = heading?.rank ?? 0;
    candidates.set(field, [...(candidates.get(field) ?? []), { index, name, rank, currency }]);
  }
  const columns = new Map<Field, Candidate>();
  for (const [field, all] of candidates) {
    const best = bestOf(field, all, line, problems);
    if (best !== undefined) columns.set(field, best);
  }
  if (!columns.has("price")) problems.push(...units);
  for (const field of fields)
    if (named[field] !== undefined && columns.get(field)?.rank !== NAMED_RANK)
      problems.push({ line, column: undefined, message: `no column "${named[field]}" for ${field}` });
  const used = new Set([...columns.values()].map(({ index }) => index));
  const all = cells.map((cell, index) => ({ index, name: cell.trim() }));
  const ignored = all.filter(({ index, name }) => name !== "" && !used.has(index));
  const width = all.findLastIndex(({ name }) => name !== "") + 1;
  const currency = columns.get("price")?.currency;
  return { header: { line, columns, ignored, currency, width }, problems };
}

/** A header that is stated to be the price's, and says that it is of another unit. */
function otherUnit(line: number, name: string): ListProblem[] {
  const other = unitOfHeader(plainWords(name));
  if (other === undefined || !other.scale) return [];
  return [{ line, column: name, message: `says "${other.unit}": if prices are in another unit, ${STATE_DIVISOR}` }];
}

function bestOf(field: Field, all: readonly Candidate[], line: number, problems: ListProblem[]): Candidate | undefined {
  const rank = Math.max(...all.map((candidate) => candidate.rank));
  const best = all.filter((candidate) => candidate.rank === rank);
  if (best.length === 1) return best[0];
  const names = best.map(({ name }) => `"${name}"`).join(" and ");
  problems.push({ line, column: undefined, message: `${names} may each be ${field}: state which one ("columns")` });
  return undefined;
}
