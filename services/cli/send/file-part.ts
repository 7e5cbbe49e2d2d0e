import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { type CsvDelimiter, readCsvBegin } from "../../../domain/upload/csv-begin.ts";
import type { FileFormat } from "./send-arguments.ts";

/** Octets at the begin of a file among which the header is looked for. */
const HEAD_OCTETS = 65_536;
const [LINE_FEED, RETURN] = [0x0a, 0x0d] as const;

/** Stretches of a file, octets [from, to), which one after the other are a body. */
export interface FilePart {
  readonly stretches: readonly (readonly [from: number, to: number])[];
  readonly octets: number;
}

/** The whole file, or its header and what begins on a line; a file without a header that can be read goes as a whole. `line`: undefined: all of it. */
export async function filePart(
  file: string,
  format: FileFormat,
  line: number | undefined,
  delimiter?: CsvDelimiter,
): Promise<FilePart & { readonly from?: number }> {
  const { size } = statSync(file);
  const whole = { stretches: [[0, size]] as const, octets: size };
  if (line === undefined) return whole;
  const dataLine = format === "ndjson" ? 1 : dataLineOf(file, size, delimiter);
  if (dataLine === undefined || line <= dataLine) return whole;
  const [header, from] = await offsetsOf(file, [dataLine, line], format === "csv");
  if (header === undefined || from === undefined) return whole;
  return {
    stretches: [
      [0, header],
      [from, size],
    ],
    octets: header + size - from,
    from: line,
  };
}

export async function* readPart(file: string, { stretches }: FilePart): AsyncGenerator<Buffer> {
  for (const [from, to] of stretches)
    if (to > from) yield* createReadStream(file, { start: from, end: to - 1, highWaterMark: 65_536 });
}

function dataLineOf(file: string, size: number, delimiter: CsvDelimiter | undefined): number | undefined {
  const head = Buffer.alloc(Math.min(size, HEAD_OCTETS));
  const opened = openSync(file, "r");
  try {
    readSync(opened, head, 0, head.length, 0);
  } finally {
    closeSync(opened);
  }
  const begin = readCsvBegin(new TextDecoder().decode(head), head.length === size, delimiter);
  return typeof begin === "object" ? begin.dataLine : undefined;
}

/** Where lines begin, octets; undefined for those that the file does not have. In CSV a line ends in CRLF, LF or CR, else in LF. `lines`: ascending. */
async function offsetsOf(file: string, lines: readonly number[], isCsv: boolean): Promise<(number | undefined)[]> {
  const offsets: (number | undefined)[] = [];
  let [at, line, afterReturn] = [0, 1, false];
  const found = (offset: number) => {
    while (offsets.length < lines.length && lines[offsets.length] === line) offsets.push(offset);
  };
  found(0);
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    for (const octet of chunk) {
      at++;
      const isSecond = octet === LINE_FEED && afterReturn;
      if (isSecond) {
        // The line began behind both.
        if (offsets.length > 0 && offsets.at(-1) === at - 1 && lines[offsets.length - 1] === line) {
          for (let i = offsets.length - 1; i >= 0 && lines[i] === line; i--) offsets[i] = at;
        }
      } else if (octet === LINE_FEED || (isCsv && octet === RETURN)) {
        line++;
        found(at);
      }
      afterReturn = isCsv && octet === RETURN;
    }
    if (offsets.length === lines.length && !afterReturn) break;
  }
  return lines.map((_, index) => offsets[index]);
}
