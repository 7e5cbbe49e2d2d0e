import type { IncomingMessage } from "node:http";
import { performance } from "node:perf_hooks";
import type { Readable } from "node:stream";
import { ProblemError } from "../../../../../platform/http/problem.ts";
import { unpacked } from "../../../../../platform/http/read-body.ts";
import { BLOCK_SPAN, type UploadLine } from "../../../uploads/upload-session.ts";
import type { LineReader } from "./line-reader.ts";
import { MOST_LINES } from "./upload-query.ts";

/** Lines that have come wait for others of their block for so long, ms. */
const FLUSH_MS = 50;
/** Characters of a block at about which it is full: what JSON or cells come to. */
const BLOCK_OCTETS = 256 * 1024;

export interface BodyTerms {
  /** How long the client may send no line, ms. What the server does not read meanwhile is not the client's fault. */
  readonly idleMs: number;
  /** Lines of a block; asked for each. */
  readonly blockLines: () => number;
  /** At its abort the lines that are there are given, and no more. */
  readonly stopping: () => AbortSignal | undefined;
}

/** Why no more lines came. */
export type BodyEnd = "whole" | "stopped";

/**
 * The lines of a request's body, in blocks. Nothing is read ahead of the block that is asked for, but what the connection holds: so whoever takes
 * blocks slowly holds up the client. The first block, which may be empty, comes as soon as it is known what the file is.
 * @throws ProblemError 400 where the body breaks off or stands still, 413 beyond the last line that there can be, 415; and what the reader throws
 */
export class UploadBody {
  readonly #request: IncomingMessage;
  readonly #source: Readable;
  readonly #reader: LineReader;
  readonly #terms: BodyTerms;
  end: BodyEnd | undefined;

  constructor(request: IncomingMessage, reader: LineReader, terms: BodyTerms) {
    const source = unpacked(request);
    if (source === undefined)
      throw new ProblemError({
        status: 415,
        code: "UNSUPPORTED_ENCODING",
        title: "The body's encoding is not supported",
        detail: "send it uncompressed, or with gzip, deflate or br",
      });
    this.#request = request;
    this.#source = source;
    this.#reader = reader;
    this.#terms = terms;
  }

  /** As the reader says it. */
  get about(): object | undefined {
    return this.#reader.about;
  }

  async *blocks(): AsyncGenerator<readonly UploadLine[]> {
    const { idleMs, blockLines, stopping } = this.#terms;
    const chunks = this.#source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    let block = new Block(blockLines());
    let isTold = false;
    let since = performance.now();
    let next = chunks.next();
    // A rejection that comes while a block is at work elsewhere is met when the next chunk is asked for.
    next.catch(() => {});
    for (;;) {
      const signal = stopping();
      if (signal?.aborted) break;
      const wait = block.lines.length > 0 ? FLUSH_MS : Math.max(0, since + idleMs - performance.now());
      const got = await within(next, wait, signal).catch((error: unknown) => {
        throw this.#broken(error);
      });
      if (got === "late") {
        if (block.lines.length === 0) throw idle(idleMs);
        yield block.lines;
        block = new Block(blockLines());
        since = performance.now();
        continue;
      }
      if (got === "stopped") break;
      for (const line of got.done === true ? this.#reader.end() : this.#reader.push(got.value)) {
        if (line.line > MOST_LINES) throw tooManyLines();
        if (!block.fits(line)) {
          yield block.lines;
          block = new Block(blockLines());
        }
        block.add(line);
        since = performance.now();
      }
      if (!isTold && this.#reader.about !== undefined) {
        isTold = true;
        yield block.lines;
        block = new Block(blockLines());
        since = performance.now();
      }
      if (got.done === true) {
        if (block.lines.length > 0) yield block.lines;
        this.end = "whole";
        return;
      }
      next = chunks.next();
      next.catch(() => {});
    }
    if (block.lines.length > 0) yield block.lines;
    this.end = "stopped";
  }

  #broken(error: unknown): ProblemError {
    const { code = "" } = error as { readonly code?: string };
    const isPacking =
      this.#request.complete || code.startsWith("Z_") || code.startsWith("ERR_BROTLI") || code.startsWith("ERR__");
    return incomplete(isPacking ? "it is not whole in its encoding" : "the connection was closed");
  }
}

class Block {
  readonly lines: UploadLine[] = [];
  readonly #most: number;
  #octets = 0;

  constructor(most: number) {
    this.#most = most;
  }

  fits({ line }: UploadLine): boolean {
    const [first] = this.lines;
    return (
      first === undefined ||
      (this.lines.length < this.#most && this.#octets < BLOCK_OCTETS && line - first.line < BLOCK_SPAN)
    );
  }

  add(line: UploadLine): void {
    this.lines.push(line);
    this.#octets += "message" in line ? sizeOf(line.message) : 256;
  }
}

/** About the octets of a message in memory, whatever it is made of. */
function sizeOf(message: unknown): number {
  let size = 0;
  const left = [message];
  while (left.length > 0) {
    const one = left.pop();
    size += typeof one === "string" ? one.length : 64;
    if (typeof one !== "object" || one === null) continue;
    for (const [name, value] of Object.entries(one)) {
      size += name.length;
      left.push(value);
    }
  }
  return size;
}

async function within<T>(
  next: Promise<T>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<T | "late" | "stopped"> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const late = new Promise<"late" | "stopped">((resolve) => {
    timer = setTimeout(resolve, ms, "late");
    onAbort = () => resolve("stopped");
    signal?.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
  }
}

function idle(ms: number): ProblemError {
  return incomplete(`no whole line has come for ${ms / 1_000} s`);
}

function incomplete(detail: string): ProblemError {
  return new ProblemError({ status: 400, code: "BODY_INCOMPLETE", title: "The body did not arrive whole", detail });
}

function tooManyLines(): ProblemError {
  const detail = `at most ${MOST_LINES} lines are read of one file; split it`;
  return new ProblemError({ status: 413, code: "BODY_TOO_LARGE", title: "The body is too large", detail });
}
