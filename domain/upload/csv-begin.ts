/** How a CSV file of messages begins: its delimiter, and where its header ends. */
import { CsvReader, type CsvRecord } from "../prices/csv.ts";

export const CSV_DELIMITERS = [",", ";", "\t"] as const;
export type CsvDelimiter = (typeof CSV_DELIMITERS)[number];

/** How they are named where a tab and a semicolon are easily lost: in an address, or a shell. */
export const DELIMITER_NAMES: Readonly<Record<string, CsvDelimiter>> = { comma: ",", semicolon: ";", tab: "\t" };

/** A delimiter by its name, or as it is. */
export function readDelimiter(text: string): CsvDelimiter | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(DELIMITER_NAMES, name) ? DELIMITER_NAMES[name] : CSV_DELIMITERS.find((one) => one === text);
}

/** Characters of one record, as CRMs export them with notes and addresses. */
export const LONGEST_RECORD = 65_536;

/** A first line by which spreadsheets are told the delimiter. It is no line of the table. */
const STATED = /^"?sep=([,;\t])"?$/i;

export interface CsvBegin {
  readonly delimiter: CsvDelimiter;
  /** The names of the columns, as they stand there. */
  readonly header: readonly string[];
  /** The line on which the first record behind the header may begin, from 1. */
  readonly dataLine: number;
}

/**
 * Reads the begin of a file, without its byte order mark. `last`: there is no more of it. The delimiter that gives the most columns is taken, the comma before
 * the semicolon before the tab; `given` is taken as it is.
 * @returns undefined where the header is not whole yet; a text: why it can be none
 */
export function readCsvBegin(text: string, last: boolean, given?: CsvDelimiter): CsvBegin | string | undefined {
  const stated = /^[^\r\n]*(?=[\r\n])/.exec(text)?.[0] ?? (last ? text : undefined);
  const separator = stated === undefined ? undefined : (STATED.exec(stated)?.[1] as CsvDelimiter | undefined);
  const only = given ?? separator;
  const begins = (only === undefined ? CSV_DELIMITERS : [only]).map((delimiter) =>
    beginBy(text, last, delimiter, separator === undefined ? 0 : 1),
  );
  let best: CsvBegin | undefined;
  for (const begin of begins) {
    if (begin === undefined) return undefined;
    if (typeof begin !== "string" && (best === undefined || begin.header.length > best.header.length)) best = begin;
  }
  return best ?? (begins[0] as string);
}

function beginBy(text: string, last: boolean, delimiter: CsvDelimiter, skipped: number): CsvBegin | string | undefined {
  const reader = new CsvReader({ delimiter, longest: LONGEST_RECORD });
  const records: CsvRecord[] = [];
  const take = (pieces: Iterable<CsvRecord | { readonly line: number; readonly message: string }>) => {
    for (const found of pieces) {
      if ("message" in found) return `line ${found.line}: ${found.message}`;
      records.push(found);
      if (records.length > skipped) return undefined;
    }
    return undefined;
  };
  const fault = take(reader.push(text)) ?? (last && records.length <= skipped ? take(reader.end()) : undefined);
  if (fault !== undefined) return fault;
  const header = records[skipped];
  if (header === undefined) return last ? "there is no header" : undefined;
  return { delimiter, header: header.cells, dataLine: reader.nextLine };
}
