import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import { locateJsonError } from "./json-error-position.ts";
import { readJsonType } from "./json-type.ts";

/** x-gzip is the same (RFC 9110, 8.4.1.3). */
const GZIP = new Set(["gzip", "x-gzip"]);

/** Seconds after which a client may try again when others' bodies fill the memory. */
const RETRY_AFTER_SECONDS = "1";

/**
 * Reads a request's JSON body, plain or gzip, of at most `limit` bytes (after decompression). The bytes count against the
 * budget until `done` is called, which the caller does when the request has been answered.
 * @throws ProblemError 400, 413, 415 or 503, before or while the body arrives.
 */
export async function readJsonBody(
  request: IncomingMessage,
  limit: number,
  budget: BodyBudget,
): Promise<{ value: unknown; done: () => void }> {
  checkType(request);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge(limit);
  let held = 0;
  const done = () => {
    budget.give(held);
    held = 0;
  };
  try {
    const body = await collect(request, limit, (bytes) => {
      if (!budget.take(bytes)) return false;
      held += bytes;
      return true;
    });
    return { value: parse(body), done };
  } catch (error) {
    done();
    throw error;
  }
}

function checkType(request: IncomingMessage): void {
  const type = readJsonType(request.headers["content-type"]);
  if (!type.ok) {
    throw new ProblemError({
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
      title: "The body's type is not supported",
      detail: type.detail,
    });
  }
  const encoding = request.headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding !== "identity" && !GZIP.has(encoding)) {
    throw new ProblemError({
      status: 415,
      code: "UNSUPPORTED_ENCODING",
      title: "The body's encoding is not supported",
      detail: "send it uncompressed or with gzip",
    });
  }
}

function collect(request: IncomingMessage, limit: number, take: (bytes: number) => boolean): Promise<Buffer> {
  const zipped = GZIP.has(request.headers["content-encoding"]?.toLowerCase() ?? "");
  const source: Readable = zipped ? request.pipe(createGunzip()) : request;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (error: Error) => {
      source.removeAllListeners("data");
      if (zipped) {
        request.unpipe();
        source.destroy();
      }
      // What is still to come is thrown away, so that the client gets to read the answer; requestTimeout bounds it.
      request.resume();
      reject(error);
    };
    source.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) return stop(tooLarge(limit));
      if (!take(chunk.length)) return stop(noRoom());
      chunks.push(chunk);
    });
    source.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)));
    source.once("error", () => stop(incomplete(zipped ? "it is not whole gzip data" : "the connection failed")));
    request.once("close", () => {
      if (!request.complete) stop(incomplete("the connection was closed"));
    });
  });
}

function parse(body: Buffer): unknown {
  if (!isUtf8(body) || looksLikeUtf16(body)) throw invalidJson(`the body is not UTF-8${hintOfUtf16(body)}`);
  const marked = body.length >= 3 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  // RFC 8259, 8.1: a byte order mark may be ignored. Editors and .NET write one; places of errors are counted behind it.
  const text = body.toString("utf8", marked ? 3 : 0);
  if (text === "") throw invalidJson("the body is empty");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const where = locateJsonError(text);
    // V8 refuses some valid JSON too, such as strings beyond its limit; then there is no place to name.
    if (where === undefined) throw invalidJson((error as Error).name);
    const { position, line, column } = where;
    const end = position >= text.length ? "ends too early" : "is not valid JSON";
    throw invalidJson(`the body ${end} at line ${line}, column ${column}`, { position, line, column });
  }
}

/** JSON begins with an ASCII character, so a NUL beside it, or one of the two marks, gives UTF-16 away. */
function looksLikeUtf16(body: Buffer): boolean {
  return (
    body.length >= 2 &&
    ((body[0] === 0) !== (body[1] === 0) || body.readUInt16BE(0) === 0xfeff || body.readUInt16LE(0) === 0xfeff)
  );
}

function hintOfUtf16(body: Buffer): string {
  return looksLikeUtf16(body) ? "; it looks like UTF-16" : "";
}

function invalidJson(detail: string, extra: Readonly<Record<string, number>> = {}): ProblemError {
  return new ProblemError({ status: 400, code: "INVALID_JSON", title: "The body is not valid JSON", detail, extra });
}

function incomplete(why: string): ProblemError {
  const title = "The body did not arrive whole";
  return new ProblemError({ status: 400, code: "BODY_INCOMPLETE", title, detail: why });
}

function tooLarge(limit: number): ProblemError {
  const detail = `at most ${limit} bytes are accepted here, after decompression; send several requests`;
  return new ProblemError({ status: 413, code: "BODY_TOO_LARGE", title: "The body is too large", detail });
}

function noRoom(): ProblemError {
  const title = "Too many large requests at once";
  const detail = "nothing was accepted; repeat the request after the time in Retry-After";
  return new ProblemError(
    { status: 503, code: "BUSY", title, detail },
    { headers: { "retry-after": RETRY_AFTER_SECONDS } },
  );
}
