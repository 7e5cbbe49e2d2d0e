import { closeSync, createReadStream, existsSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";

/** The first line of a results file: what was uploaded, and under which name it can be taken up again. */
export interface UploadOfFile {
  readonly id: string;
  readonly file: string;
  readonly octets: number;
}

export interface RefusedLine {
  readonly line: number;
  readonly errors: readonly { readonly field: string; readonly message: string }[];
}

interface AnsweredLine {
  readonly line?: number;
  readonly status?: string;
  readonly errors?: RefusedLine["errors"];
  readonly upload?: UploadOfFile;
  readonly summary?: { readonly complete: boolean };
}

/** Refused lines that are named at the end. */
const MOST_NAMED = 20;

/** What came of each line of a file (NDJSON), in the order of its lines. It is written as the answers come, and tells where to go on. */
export class ResultsFile {
  readonly upload: UploadOfFile;
  accepted = 0;
  rejected = 0;
  /** 0: none was answered. */
  lastLine = 0;
  /** Whether the file was answered to its end. */
  isComplete = false;
  /** The first of them. */
  readonly refused: RefusedLine[] = [];
  readonly #opened: number;

  private constructor(opened: number, upload: UploadOfFile) {
    this.#opened = opened;
    this.upload = upload;
  }

  /** @throws SluiceError where there is such a file */
  static create(path: string, upload: UploadOfFile): ResultsFile {
    if (existsSync(path))
      throw new SluiceError(
        `${path} is there already: --resume goes on with what it is of, --results names another file`,
        {
          code: "RESULTS_EXIST",
        },
      );
    const results = new ResultsFile(openSync(path, "wx"), upload);
    writeSync(results.#opened, `${JSON.stringify({ upload })}\n`);
    return results;
  }

  /** Reads what is there; a last line that was cut off is taken away. @throws SluiceError where it is none of results */
  static async open(path: string): Promise<ResultsFile> {
    const fault = new SluiceError(`${path} holds no results of an upload that could be resumed`, {
      code: "RESULTS_UNREADABLE",
    });
    if (!existsSync(path)) throw fault;
    let results: ResultsFile | undefined;
    let octets = 0;
    const opened = openSync(path, "r+");
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      let line: AnsweredLine;
      try {
        line = JSON.parse(text) as AnsweredLine;
      } catch {
        break;
      }
      octets += Buffer.byteLength(text) + 1;
      if (results === undefined) {
        if (typeof line.upload?.id !== "string") break;
        results = new ResultsFile(opened, line.upload);
      } else results.#count(line);
    }
    if (results === undefined) {
      closeSync(opened);
      throw fault;
    }
    ftruncateSync(opened, octets);
    results.#append = octets;
    return results;
  }

  /** Undefined: at the end. */
  #append: number | undefined;

  /** Takes lines of an answer. Those that were answered before are not written again. */
  add(lines: readonly string[]): void {
    let text = "";
    for (const one of lines) {
      const line = JSON.parse(one) as AnsweredLine;
      const isNew = line.line !== undefined ? line.line > this.lastLine : line.summary?.complete === true;
      if (!isNew) continue;
      this.#count(line);
      text += `${one}\n`;
    }
    if (text === "") return;
    const written = writeSync(this.#opened, text, this.#append ?? null);
    if (this.#append !== undefined) this.#append += written;
  }

  close(): void {
    closeSync(this.#opened);
  }

  #count({ line, status, errors = [], summary }: AnsweredLine): void {
    if (summary?.complete === true) this.isComplete = true;
    if (line === undefined) return;
    this.lastLine = line;
    if (status === "accepted") this.accepted++;
    else {
      this.rejected++;
      if (this.refused.length < MOST_NAMED) this.refused.push({ line, errors });
    }
  }
}
