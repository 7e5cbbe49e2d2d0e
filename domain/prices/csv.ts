/**
 * CSV by RFC 4180, and as spreadsheets write it: any delimiter, lines that end in CRLF, LF or CR, line breaks within quotes,
 * blanks around quotes. Written here since each record needs its line in the file, a fault its own words, and the delimiter
 * is found by trying which one gives a header; that leaves little that a library would do.
 */
export interface CsvRecord {
  /** The line it begins on, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface Csv {
  readonly records: readonly CsvRecord[];
  /** Where reading had to stop. */
  readonly fault: { readonly line: number; readonly message: string } | undefined;
}

/** `delimiter`: one character; `most`: records after which to stop. Lines without any character are no records. */
export function parseCsv(text: string, delimiter: string, most = Number.POSITIVE_INFINITY): Csv {
  const reader = new CsvReader(text, delimiter);
  while (reader.more && reader.records.length < most) reader.cell();
  return { records: reader.records, fault: reader.fault };
}

class CsvReader {
  readonly records: CsvRecord[] = [];
  fault: Csv["fault"];
  private readonly text: string;
  private readonly delimiter: string;
  private at = 0;
  private line = 1;
  private startLine = 1;
  private cells: string[] = [];

  constructor(text: string, delimiter: string) {
    this.text = text;
    this.delimiter = delimiter;
  }

  /** A delimiter at the very end is followed by an empty cell. */
  get more(): boolean {
    return this.fault === undefined && (this.at < this.text.length || this.cells.length > 0);
  }

  /** Reads one cell and what ends it. */
  cell(): void {
    const begin = this.at;
    while (this.isBlank(this.text[this.at])) this.at++;
    if (this.text[this.at] === '"') {
      const openLine = this.line;
      this.at++;
      const content = this.quoted();
      if (content === undefined) {
        this.fault = { line: openLine, message: "a quotation mark that opens here is never closed" };
        return;
      }
      while (this.isBlank(this.text[this.at])) this.at++;
      if (!this.atEnd()) {
        const message = 'text after a closing quotation mark; a mark within quotes is written twice, ""';
        this.fault = { line: this.line, message };
        return;
      }
      this.cells.push(content);
    } else {
      while (!this.atEnd()) this.at++;
      this.cells.push(this.text.slice(begin, this.at));
    }
    this.endCell(begin);
  }

  /** The text up to the closing mark; undefined where there is none. */
  private quoted(): string | undefined {
    let content = "";
    for (;;) {
      const close = this.text.indexOf('"', this.at);
      if (close < 0) return undefined;
      content += this.text.slice(this.at, close);
      this.at = close + 1;
      if (this.text[this.at] !== '"') break;
      content += '"';
      this.at++;
    }
    this.line += content.match(/\r\n?|\n/g)?.length ?? 0;
    return content;
  }

  private endCell(begin: number): void {
    const end = this.text[this.at];
    if (end === this.delimiter) {
      this.at++;
      return;
    }
    const empty = this.cells.length === 1 && this.at === begin;
    if (!empty) this.records.push({ line: this.startLine, cells: this.cells });
    this.cells = [];
    if (end === undefined) return;
    this.at += end === "\r" && this.text[this.at + 1] === "\n" ? 2 : 1;
    this.line++;
    this.startLine = this.line;
  }

  private atEnd(): boolean {
    const character = this.text[this.at];
    return character === undefined || character === this.delimiter || character === "\n" || character === "\r";
  }

  private isBlank(character: string | undefined): boolean {
    return character === " " || (character === "\t" && this.delimiter !== "\t");
  }
}
