import { CsvReader } from "../../../../../domain/prices/csv.ts";
import { type CsvBegin, LONGEST_RECORD, readCsvBegin } from "../../../../../domain/upload/csv-begin.ts";
import { type UploadColumns, uploadColumns } from "../../../../../domain/upload/upload-columns.ts";
import type { UploadLine } from "../../../uploads/upload-session.ts";
import { invalidUpload, type LineReader, unreadable } from "./line-reader.ts";
import type { UploadQuery } from "./upload-query.ts";

/** Characters in which the header ends. */
const LONGEST_HEADER = 16_384;
/** What the decoder makes of octets that are no UTF-8. */
const REPLACEMENT = "\ufffd";
/** Of UTF-16, and of workbooks. */
const NUL = "\0";
/** Faults that cost the reading of a whole record again. */
const MOST_FAULTS = 10_000;

/** CSV in UTF-8 with a header, with or without a byte order mark, by commas, semicolons or tabs. A record is on the line on which it begins. */
export class CsvLines implements LineReader {
  readonly #query: UploadQuery;
  readonly #decoder = new TextDecoder("utf-8");
  /** What came before the header was whole. */
  #head = "";
  #begin: CsvBegin | undefined;
  #columns: UploadColumns | undefined;
  #reader: CsvReader | undefined;
  #faults = 0;

  constructor(query: UploadQuery) {
    this.#query = query;
  }

  get about(): object | undefined {
    if (this.#begin === undefined || this.#columns === undefined) return undefined;
    const { delimiter } = this.#begin;
    return { format: "csv", delimiter, columns: this.#columns.read, unread: this.#columns.unread };
  }

  *push(octets: Buffer): Generator<UploadLine> {
    yield* this.#take(this.#decoder.decode(octets, { stream: true }), false);
  }

  *end(): Generator<UploadLine> {
    yield* this.#take(this.#decoder.decode(), true);
    yield* this.#lines(this.#reader!.end());
  }

  *#take(text: string, last: boolean): Generator<UploadLine> {
    if (this.#reader !== undefined) {
      yield* this.#lines(this.#reader.push(text));
      return;
    }
    this.#head += text;
    if (!last && !/[\r\n]/.test(text) && this.#head.length <= LONGEST_HEADER) return;
    if (!this.#findBegin(last)) return;
    const head = this.#head;
    this.#head = "";
    yield* this.#lines(this.#reader!.push(head));
  }

  #findBegin(last: boolean): boolean {
    const start = this.#head.slice(0, LONGEST_HEADER);
    if (start.includes(NUL) || start.slice(0, 2).includes(REPLACEMENT))
      throw invalidUpload(
        aboutHeader("text-malformed", "the file is no CSV in UTF-8 (a workbook, or UTF-16?): save it as such"),
      );
    const isCut = this.#head.length > LONGEST_HEADER;
    const begin = readCsvBegin(start, last && !isCut, this.#query.delimiter);
    if (begin === undefined && !isCut) return false;
    if (begin === undefined)
      throw invalidUpload(aboutHeader("csv-invalid", `longer than ${LONGEST_HEADER} characters`));
    if (typeof begin === "string") throw invalidUpload(aboutHeader("csv-invalid", begin));
    if (begin.header.some((name) => name.includes(REPLACEMENT)))
      throw invalidUpload(
        aboutHeader("text-malformed", "it is not UTF-8 (Windows-1252 or Latin-1?): save the file as UTF-8"),
      );
    const columns = uploadColumns(begin.header, this.#query);
    if ("problems" in columns)
      throw invalidUpload(
        ...columns.problems.map(({ field, message }) => ({ field, code: "column-unknown", message })),
      );
    this.#begin = begin;
    this.#columns = columns;
    this.#reader = new CsvReader({ delimiter: begin.delimiter, longest: LONGEST_RECORD });
    return true;
  }

  *#lines(found: ReturnType<CsvReader["push"]>): Generator<UploadLine> {
    const { dataLine } = this.#begin!;
    const { from = dataLine } = this.#query;
    for (const one of found) {
      if ("message" in one) {
        if (++this.#faults > MOST_FAULTS)
          throw invalidUpload({ field: "", code: "csv-invalid", message: `more than ${MOST_FAULTS} lines are no CSV` });
        const line = one.recordLine - dataLine + from;
        if (one.recordLine >= dataLine) yield unreadable(line, "csv-invalid", one.message);
      } else if (one.line >= dataLine) yield this.#lineOf(one.line - dataLine + from, one.cells);
    }
  }

  #lineOf(line: number, cells: readonly string[]): UploadLine {
    if (cells.some((cell) => cell.includes(REPLACEMENT)))
      return unreadable(
        line,
        "text-malformed",
        "the line is not UTF-8, or holds U+FFFD, which stands for what was not",
      );
    const message = this.#columns!.message(cells);
    if (!isProblem(message)) return { line, message };
    return unreadable(line, message.field === "" ? "csv-invalid" : "field-missing", message.message, message.field);
  }
}

function isProblem(message: ReturnType<UploadColumns["message"]>): message is { field: string; message: string } {
  return "message" in message;
}

function aboutHeader(code: string, message: string) {
  return { field: "header", code, message };
}
