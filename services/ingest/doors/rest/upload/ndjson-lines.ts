import { isUtf8 } from "node:buffer";
import type { UploadLine } from "../../../uploads/upload-session.ts";
import { locateJsonError } from "../json-error-position.ts";
import { type LineReader, unreadable } from "./line-reader.ts";

const LINE_FEED = 0x0a;
/** A message with all that it may have is far shorter. */
const LONGEST_OCTETS = 65_536;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** JSON of one message a line, in UTF-8, with or without a byte order mark, the lines ended by LF or CRLF. */
export class NdjsonLines implements LineReader {
  readonly about = { format: "ndjson" };
  #line: number;
  #isFirst = true;
  /** Of the line at hand, as far as it has come. */
  #parts: Buffer[] = [];
  #octets = 0;

  /** @param from the line of the file that the first one is. */
  constructor(from = 1) {
    this.#line = from;
  }

  *push(octets: Buffer): Generator<UploadLine> {
    let begin = 0;
    for (let end = octets.indexOf(LINE_FEED); end >= 0; end = octets.indexOf(LINE_FEED, begin)) {
      this.#add(octets.subarray(begin, end));
      begin = end + 1;
      yield* this.#endLine();
    }
    // A copy, since a piece of a line would hold all that came with it.
    if (begin < octets.length) this.#add(Buffer.from(octets.subarray(begin)));
  }

  *end(): Generator<UploadLine> {
    if (this.#octets > 0) yield* this.#endLine();
  }

  /** Of what is too long no more is kept than says so. */
  #add(part: Buffer): void {
    this.#octets += part.length;
    if (this.#octets <= LONGEST_OCTETS) this.#parts.push(part);
    else this.#parts = [];
  }

  *#endLine(): Generator<UploadLine> {
    const [line, parts, octets, isFirst] = [this.#line++, this.#parts, this.#octets, this.#isFirst];
    this.#parts = [];
    this.#octets = 0;
    this.#isFirst = false;
    if (octets > LONGEST_OCTETS) {
      yield unreadable(line, "line-too-long", `longer than ${LONGEST_OCTETS} octets`);
      return;
    }
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const bare = isFirst && whole.subarray(0, MARK.length).equals(MARK) ? whole.subarray(MARK.length) : whole;
    const found = readLine(line, bare);
    if (found !== undefined) yield found;
  }
}

function readLine(line: number, octets: Buffer): UploadLine | undefined {
  if (!isUtf8(octets)) return unreadable(line, "text-malformed", "the line is not UTF-8");
  const text = octets.toString("utf8").trim();
  if (text === "") return undefined;
  try {
    return { line, message: JSON.parse(text) as unknown };
  } catch {
    const place = locateJsonError(text);
    const where = place === undefined ? "" : ` at column ${place.position + 1}`;
    return unreadable(line, "json-invalid", `the line is not valid JSON${where}`);
  }
}
