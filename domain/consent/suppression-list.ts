/** A file of suppressed numbers, as other systems export it, read into words. */
import { readWrittenTime } from "../message/written-time.ts";
import { parseDestination } from "../numbers/destination.ts";
import { type CsvRecord, parseCsv } from "../prices/csv.ts";
import { type ConsentState, isConsentAccount } from "./consent-word.ts";

export interface ListedWord {
  readonly line: number;
  /** E.164 digits. */
  readonly destination: string;
  readonly state: ConsentState;
  /** Epoch ms. */
  readonly at: number;
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
}

export interface ListOptions {
  /** When a word of the file was said that does not say so itself, epoch ms. */
  readonly at: number;
  /** Nothing can have been said later, epoch ms. */
  readonly now: number;
  /** What a line says without a column for it. */
  readonly state: ConsentState;
}

type Column = "number" | "at" | "state" | "account";

const HEADERS: Readonly<Record<Column, readonly string[]>> = {
  number: [
    "number",
    "phone",
    "phone number",
    "phonenumber",
    "mobile",
    "mobile number",
    "mobile phone",
    "msisdn",
    "to",
    "recipient",
    "destination",
    "telephone",
    "tel",
    "cell",
    "contact",
    "telefon",
    "telefonnummer",
    "handynummer",
    "rufnummer",
    "nummer",
    "numero",
    "numéro",
    "teléfono",
    "telefono",
    "telefone",
    "téléphone",
    "celular",
    "cellulare",
    "móvil",
  ],
  at: [
    "at",
    "date",
    "time",
    "timestamp",
    "created at",
    "updated at",
    "opted out at",
    "opt out date",
    "unsubscribed at",
    "date unsubscribed",
    "datum",
    "fecha",
    "data",
  ],
  state: ["state", "status", "suppressed", "opted out", "opt out", "unsubscribed", "consent"],
  account: ["account", "account id", "accountid"],
};
const DELIMITERS = [",", ";", "\t", "|"] as const;
const OUT = new Set([
  "opted_out",
  "opted out",
  "optout",
  "opt out",
  "out",
  "true",
  "yes",
  "y",
  "1",
  "unsubscribed",
  "stop",
  "suppressed",
]);
const IN = new Set([
  "opted_in",
  "opted in",
  "optin",
  "opt in",
  "in",
  "false",
  "no",
  "n",
  "0",
  "subscribed",
  "start",
  "active",
]);
/** What means the opposite under the heading "consent". */
const CONSENT = "consent";
const MOST_PROBLEMS = 50;
const AHEAD_MS = 60_000;

/** Reads the text of a file. The header may be in any order; a file of numbers alone needs none. */
export function readSuppressionList(text: string, options: ListOptions): SuppressionList {
  const found = DELIMITERS.map((delimiter) => ({ delimiter, first: parseCsv(text, delimiter, 1).records[0] })).find(
    ({ first }) => first !== undefined && columnsOf(first)?.has("number"),
  );
  const delimiter = found?.delimiter ?? ",";
  const { records, fault } = parseCsv(text, delimiter);
  const faults = fault === undefined ? [] : [fault];
  const [first] = records;
  if (first === undefined)
    return { words: [], problems: [{ line: 0, message: "holds nothing" }, ...faults], moreProblems: 0 };
  const header = found === undefined ? undefined : columnsOf(first);
  if (header === undefined && !parseDestination(first.cells[0]!.trim()).ok) {
    const message = `no column is named as one of numbers (${HEADERS.number.slice(0, 8).join(", ")}, …), and the first cell is no number in international form`;
    return { words: [], problems: [{ line: first.line, message }], moreProblems: 0 };
  }
  const columns = header ?? new Map<Column, number>([["number", 0]]);
  const named = header === undefined ? "" : (first.cells[header.get("state") ?? -1] ?? "");
  const words: ListedWord[] = [];
  const problems: ListProblem[] = [...faults];
  let more = 0;
  for (const record of header === undefined ? records : records.slice(1)) {
    if (record.cells.every((cell) => cell.trim() === "")) continue;
    const read = readLine(record, columns, options, isConsent(named));
    if (typeof read !== "string") words.push(read);
    else if (problems.length < MOST_PROBLEMS) problems.push({ line: record.line, message: read });
    else more++;
  }
  return { words, problems, moreProblems: more };
}

function readLine(
  { line, cells }: CsvRecord,
  columns: Map<Column, number>,
  options: ListOptions,
  opposite: boolean,
): ListedWord | string {
  const cell = (column: Column) => {
    const at = columns.get(column);
    return at === undefined ? "" : (cells[at] ?? "").trim();
  };
  const number = parseDestination(cell("number"));
  if (!number.ok) return `number: ${number.reason}`;
  const state = cell("state") === "" ? options.state : stateOf(cell("state"), opposite);
  if (state === undefined)
    return `state: ${JSON.stringify(cell("state").slice(0, 20))} is neither opted_out nor opted_in`;
  const time = cell("at");
  const written =
    time === "" ? { ok: true as const, at: options.at } : readWrittenTime(time, { days: true, tables: true });
  if (!written.ok) return `time: ${JSON.stringify(time.slice(0, 30))}: ${written.reason}`;
  const { at } = written;
  if (at <= 0) return `time: ${time} is before 1970`;
  if (at > options.now + AHEAD_MS) return `time: ${time} has not come yet`;
  const account = cell("account");
  if (account !== "" && !isConsentAccount(account))
    return `account: ${JSON.stringify(account.slice(0, 40))} is no account id, nor * for all accounts`;
  return { line, destination: number.e164, state, at, account: account === "" ? undefined : account };
}

function columnsOf({ cells }: CsvRecord): Map<Column, number> | undefined {
  const columns = new Map<Column, number>();
  for (const [i, cell] of cells.entries()) {
    const word = plain(cell);
    for (const [column, names] of Object.entries(HEADERS) as [Column, readonly string[]][])
      if (names.includes(word) && !columns.has(column)) columns.set(column, i);
  }
  return columns.size === 0 ? undefined : columns;
}

function isConsent(header: string): boolean {
  return plain(header) === CONSENT;
}

function stateOf(cell: string, opposite: boolean): ConsentState | undefined {
  const word = cell.trim().toLowerCase();
  const truth = ["true", "yes", "y", "1", "false", "no", "n", "0"].includes(word);
  const flipped = opposite && truth;
  if (OUT.has(word)) return flipped ? "opted_in" : "opted_out";
  return IN.has(word) ? (flipped ? "opted_out" : "opted_in") : undefined;
}

function plain(cell: string): string {
  return cell
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s-]+/g, " ");
}
