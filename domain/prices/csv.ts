/**
 * CSV by RFC 4180, and as spreadsheets write it: any delimiter, lines that end in CRLF, LF or CR, line breaks within quotes,
 * blanks around quotes. Written here since each record needs its line in the file, a fault its own words, the delimiter is found by
 * trying which one gives a header, and a bad line of a stream must cost itself alone; that leaves little that a library would do.
 */
export interface CsvRecord {
  /** The line it begins on, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvFault {
  /** Where the fault is, from 1. */
  readonly line: number;
  readonly message: string;
  /** The line on which the record begins that it is in. */
  readonly recordLine: number;
}

export interface Csv {
  readonly records: readonly CsvRecord[];
  /** Where reading had to stop. */
  readonly fault: { readonly line: number; readonly message: string } | undefined;
}

/** `delimiter`: one character; `most`: records after which to stop. Lines without any character are no records. */
export function parseCsv(text: string, delimiter: string, most = Number.POSITIVE_INFINITY): Csv {
  const records: CsvRecord[] = [];
  if (most <= 0) return { records, fault: undefined };
  const reader = new CsvReader({ delimiter });
  for (const pieces of [reader.push(text), reader.end()])
    for (const found of pieces) {
      if ("message" in found) return { records, fault: { line: found.line, message: found.message } };
      records.push(found);
      if (records.length >= most) return { records, fault: undefined };
    }
  return { records, fault: undefined };
}

export interface CsvReaderOptions {
  /** One character. */
  readonly delimiter: string;
  /** Characters of one record, its quotes and delimiters too, beyond which it is a fault. Default: any number. */
  readonly longest?: number;
}

/** Where in a record the reader stands. `skip`: behind a fault, until its line ends. */
type Place = "cell" | "bare" | "quoted" | "quote" | "closed" | "skip";

const CLOSED = 'text after a closing quotation mark; a mark within quotes is written twice, ""';
const UNCLOSED = "a quotation mark that opens here is never closed";

/**
 * Reads CSV that comes in pieces, cut anywhere. A fault costs the line on which its record begins, and reading goes on behind that line: a mark that
 * is never closed swallows nothing.
 */
export class CsvReader {
  private readonly delimiter: string;
  private readonly longest: number;
  /** From where the record at hand begins. */
  private text = "";
  private at = 0;
  private place: Place = "cell";
  private cells: string[] = [];
  /** Where the cell at hand, or the rest of its quoted content, begins in `text`. */
  private begin = 0;
  private content = "";
  /** The line at hand, and those on which the record and its open quotes begin. */
  private line = 1;
  private recordLine = 1;
  private openLine = 1;
  /** A CR has ended a line: an LF that comes at once is of the same. */
  private afterReturn = false;

  constructor({ delimiter, longest = Number.POSITIVE_INFINITY }: CsvReaderOptions) {
    this.delimiter = delimiter;
    this.longest = longest;
  }

  /** The records and faults that the next piece of text completes. It must be read to its end before the next piece. */
  push(text: string): Generator<CsvRecord | CsvFault> {
    this.text += text;
    return this.read(false);
  }

  /** What is left when nothing more comes. */
  end(): Generator<CsvRecord | CsvFault> {
    return this.read(true);
  }

  /** The line on which the next record begins, right after one was given. */
  get nextLine(): number {
    return this.recordLine;
  }

  private *read(last: boolean): Generator<CsvRecord | CsvFault> {
    while (this.at < this.text.length || (last && this.isOpen())) {
      const found = this.step(last);
      if (found !== undefined) yield found;
    }
    this.forget();
  }

  /** Whether there is something that only the end of the text completes. A delimiter at the very end is followed by an empty cell. */
  private isOpen(): boolean {
    return this.at > 0 || this.cells.length > 0 || this.place === "quoted";
  }

  /** What has been read of `text` is kept only as long as its record is open. */
  private forget(): void {
    if (this.place !== "skip") return;
    this.text = "";
    this.at = 0;
  }

  private step(last: boolean): CsvRecord | CsvFault | undefined {
    if (this.at > this.longest && this.place !== "skip") return this.tooLong();
    switch (this.place) {
      case "cell":
        return this.beginCell(last);
      case "bare":
        return this.inBare(last);
      case "quoted":
        return this.inQuotes(last);
      case "quote":
        return this.afterQuote();
      case "closed":
        return this.behindQuotes(last);
      case "skip":
        return this.skip(last);
    }
  }

  private tooLong(): CsvFault {
    return this.place === "quoted" || this.place === "quote"
      ? this.fault(this.openLine, UNCLOSED)
      : this.fault(this.recordLine, `longer than ${this.longest} characters`);
  }

  /** Up to where one step may go: beyond it the record is too long, wherever the pieces are cut. */
  private get bound(): number {
    return Math.min(this.text.length, this.longest + 1);
  }

  private skipBlanks(): void {
    while (this.at < this.bound && this.isBlank(this.text[this.at])) this.at++;
  }

  private beginCell(last: boolean): CsvRecord | CsvFault | undefined {
    if (this.afterReturn) {
      this.afterReturn = false;
      if (this.text[this.at] === "\n") {
        this.startRecord(this.at + 1);
        return undefined;
      }
    }
    this.skipBlanks();
    const character = this.text[this.at];
    if ((character === undefined && !last) || this.at > this.longest) return undefined;
    if (character === '"') {
      this.place = "quoted";
      this.openLine = this.line;
      this.content = "";
      this.at++;
      this.begin = this.at;
      return undefined;
    }
    this.place = "bare";
    return character === undefined ? this.inBare(last) : undefined;
  }

  private inBare(last: boolean): CsvRecord | CsvFault | undefined {
    const { bound } = this;
    while (this.at < bound && !this.ends(this.text[this.at])) this.at++;
    if ((this.at === this.text.length && !last) || this.at > this.longest) return undefined;
    this.cells.push(this.text.slice(this.begin, this.at));
    return this.endCell();
  }

  private inQuotes(last: boolean): CsvFault | undefined {
    const { bound } = this;
    for (; this.at < bound; this.at++) {
      const character = this.text[this.at];
      if (character === '"') {
        this.content += this.text.slice(this.begin, this.at);
        this.at++;
        this.place = "quote";
        return undefined;
      }
      if (character === "\r" || (character === "\n" && this.text[this.at - 1] !== "\r")) this.line++;
    }
    return last && this.at === this.text.length ? this.fault(this.openLine, UNCLOSED) : undefined;
  }

  private afterQuote(): undefined {
    if (this.text[this.at] === '"') {
      // The second of two marks is the first character of what follows.
      this.begin = this.at;
      this.at++;
      this.place = "quoted";
    } else this.place = "closed";
  }

  private behindQuotes(last: boolean): CsvRecord | CsvFault | undefined {
    this.skipBlanks();
    const character = this.text[this.at];
    if ((character === undefined && !last) || this.at > this.longest) return undefined;
    if (character !== undefined && !this.ends(character)) return this.fault(this.line, CLOSED);
    this.cells.push(this.content);
    return this.endCell();
  }

  /** At what ends a cell: the delimiter, a line's end, or the end of the text. */
  private endCell(): CsvRecord | CsvFault | undefined {
    const end = this.text[this.at];
    if (end === this.delimiter) {
      this.at++;
      this.place = "cell";
      this.begin = this.at;
      return undefined;
    }
    const isEmpty = this.cells.length === 1 && this.at === 0;
    const record = isEmpty ? undefined : { line: this.recordLine, cells: this.cells };
    if (end !== undefined) this.endLine(end);
    else this.startRecord(this.at);
    return record;
  }

  private endLine(end: string): void {
    this.line++;
    this.afterReturn = end === "\r";
    this.startRecord(this.at + 1);
  }

  private startRecord(from: number): void {
    this.text = this.text.slice(from);
    this.at = 0;
    this.begin = 0;
    this.cells = [];
    this.place = "cell";
    this.recordLine = this.line;
  }

  /** Reading goes on behind the line on which the record begins. */
  private fault(line: number, message: string): CsvFault {
    const fault = { line, message, recordLine: this.recordLine };
    this.line = this.recordLine;
    this.cells = [];
    this.place = "skip";
    this.at = 0;
    return fault;
  }

  private skip(last: boolean): undefined {
    const end = /[\r\n]/g;
    end.lastIndex = this.at;
    const found = end.exec(this.text);
    if (found !== null) {
      this.at = found.index;
      this.endLine(found[0]);
    } else {
      this.at = this.text.length;
      if (last) this.startRecord(this.at);
    }
  }

  private ends(character: string | undefined): boolean {
    return character === this.delimiter || character === "\n" || character === "\r";
  }

  private isBlank(character: string | undefined): boolean {
    return character === " " || (character === "\t" && this.delimiter !== "\t");
  }
}
