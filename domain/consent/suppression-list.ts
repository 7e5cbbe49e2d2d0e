/** A file of suppressed numbers, as other systems export it, read into words. */
import { readWrittenTime } from "../message/written-time.ts";
import { parseDestination } from "../numbers/destination.ts";
import { type CsvRecord, parseCsv } from "../prices/csv.ts";
import { type ConsentState, isConsentAccount } from "./consent-word.ts";
import {
  type Column,
  type Columns,
  columnsOf,
  NUMBER_HEADERS,
  type StateKind,
  stateOf,
} from "./suppression-columns.ts";

export interface ListedWord {
  readonly line: number;
  /** E.164 digits. */
  readonly destination: string;
  readonly state: ConsentState;
  /** Epoch ms. */
  readonly at: number;
  /** `keyword`: the recipient has said it, as an export of Sluice tells. */
  readonly source: "keyword" | "import";
  /** Undefined where the file does not say whose it is. */
  readonly account: string | undefined;
}

export interface ListProblem {
  /** From 1; 0: the file as a whole. */
  readonly line: number;
  readonly message: string;
}

export interface SuppressionList {
  readonly words: readonly ListedWord[];
  readonly problems: readonly ListProblem[];
  /** Lines with problems beyond those that are named. */
  readonly moreProblems: number;
  /** Columns that are not read: their headings, or `column 2` and so on. */
  readonly unread: readonly string[];
}

export interface ListOptions {
  /** When a word of the file was said that does not say so itself, epoch ms. */
  readonly at: number;
  /** Nothing can have been said later, epoch ms. */
  readonly now: number;
  /** What a line says without a column for it. */
  readonly state: ConsentState;
}

const DELIMITERS = [",", ";", "\t", "|"] as const;
/** What a spreadsheet makes of a long number: 4.91714E+11. */
const SCIENTIFIC = /^\+?\d(?:[.,]\d+)?E\+?\d+$/i;
const NUMBERS_ALONE: Columns = {
  places: new Map([["number", 0]]),
  stateKind: "words",
  ofOptOuts: false,
  unread: [],
};
const MOST_PROBLEMS = 50;
/** Clocks may be ahead by so much, ms. What is of a moment to come is of now then: a recipient's STOP of the next moment must be the later word. */
const AHEAD_MS = 60_000;

/**
 * Reads the text of a file. The header may be in any order; a file of numbers alone needs none. Of two columns that say the same none
 * is taken for the right one: such a file is refused as a whole. A first line `sep=;`, as spreadsheets want it, is no line of the list.
 */
export function readSuppressionList(text: string, options: ListOptions): SuppressionList {
  const stated = /^"?sep=(.)/i.exec(text)?.[1];
  const found = (stated === undefined ? DELIMITERS : [stated])
    .map((delimiter) => ({ delimiter, header: headerOf(parseCsv(text, delimiter, 2).records) }))
    .find(({ header }) => typeof header === "string" || header?.places.has("number"));
  const delimiter = found?.delimiter ?? stated ?? ",";
  const { records, fault } = parseCsv(text, delimiter);
  const lines = withoutSeparator(records);
  const faults = fault === undefined ? [] : [fault];
  const [first] = lines;
  if (first === undefined) return refused({ line: 0, message: "holds nothing" }, ...faults);
  const columns = found?.header;
  if (typeof columns === "string") return refused({ line: first.line, message: columns });
  if (columns === undefined && !parseDestination(first.cells[0]!.trim()).ok) {
    const number = numberProblem(first.cells[0]!.trim());
    const message = `no column is named as one of numbers (${NUMBER_HEADERS.join(", ")}, …), and the first cell is no number in international form`;
    return refused({ line: first.line, message: number ?? message });
  }
  const words: ListedWord[] = [];
  const problems: ListProblem[] = [...faults];
  let more = 0;
  for (const record of columns === undefined ? lines : lines.slice(1)) {
    if (record.cells.every((cell) => cell.trim() === "")) continue;
    const read = readLine(record, columns ?? NUMBERS_ALONE, options);
    if (typeof read !== "string") words.push(read);
    else if (problems.length < MOST_PROBLEMS) problems.push({ line: record.line, message: read });
    else more++;
  }
  return { words, problems, moreProblems: more, unread: columns?.unread ?? withoutHeading(first) };
}

function refused(...problems: ListProblem[]): SuppressionList {
  return { words: [], problems, moreProblems: 0, unread: [] };
}

function withoutHeading({ cells }: CsvRecord): string[] {
  return cells.slice(1).map((_, i) => `column ${i + 2}`);
}

function headerOf(records: readonly CsvRecord[]): Columns | string | undefined {
  const [first] = withoutSeparator(records);
  return first === undefined ? undefined : columnsOf(first.cells);
}

function withoutSeparator(records: readonly CsvRecord[]): readonly CsvRecord[] {
  return /^sep=/i.test(records[0]?.cells[0] ?? "") ? records.slice(1) : records;
}

function readLine(
  { line, cells }: CsvRecord,
  { places, stateKind, ofOptOuts }: Columns,
  options: ListOptions,
): ListedWord | string {
  const cell = (column: Column) => (cells[places.get(column) ?? -1] ?? "").trim();
  const wrong = numberProblem(cell("number"));
  if (wrong !== undefined) return wrong;
  const number = parseDestination(cell("number"));
  if (!number.ok) return `number: ${number.reason}`;
  const time = cell("at");
  // The date of an opt-out says what it is of.
  const dated = ofOptOuts && time !== "" && stateKind === "words" && cell("state") === "";
  const stated = places.has("state") && !dated;
  if (stated && cell("state") === "") return "state: the cell is empty, which says neither opted_out nor opted_in";
  const state = stated ? stateOf(cell("state"), stateKind) : options.state;
  if (state === undefined)
    return `state: ${JSON.stringify(cell("state").slice(0, 20))} is neither opted_out nor opted_in${plainStates(stateKind)}`;
  if (ofOptOuts && time === "" && !stated) return "time: the cell is empty, which says of no opt-out";
  if (ofOptOuts && time !== "" && state === "opted_in")
    return "time: it is the date of an opt-out, and the line is an opt-in";
  const written =
    time === "" ? { ok: true as const, at: options.at } : readWrittenTime(time, { days: true, tables: true });
  if (!written.ok) return `time: ${JSON.stringify(time.slice(0, 30))}: ${written.reason}`;
  const { at } = written;
  if (at <= 0) return `time: ${time} is before 1970`;
  if (at > options.now + AHEAD_MS) return `time: ${time} has not come yet`;
  const account = cell("account");
  if (account !== "" && !isConsentAccount(account))
    return `account: ${JSON.stringify(account.slice(0, 40))} is no account id, nor * for all accounts`;
  const source = cell("source").toLowerCase() === "keyword" ? "keyword" : "import";
  return {
    ...{ line, destination: number.e164, state, source },
    at: Math.min(at, options.now),
    account: account === "" ? undefined : account,
  };
}

function numberProblem(cell: string): string | undefined {
  if (!SCIENTIFIC.test(cell)) return undefined;
  return `number: ${JSON.stringify(cell.slice(0, 20))}: a spreadsheet has lost its digits; take the list from its source again, and give the column the format text`;
}

function plainStates(kind: StateKind): string {
  return kind === "words" ? "; yes and no need a column named for what they say: unsubscribed, or subscribed" : "";
}
