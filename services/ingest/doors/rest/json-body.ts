import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import { type BodyFault, type HeldBody, readBody } from "../../../../platform/http/read-body.ts";
import { locateJsonError } from "./json-error-position.ts";
import { readJsonType } from "./json-type.ts";

/** Seconds after which a client may try again when others' bodies fill the memory. */
const RETRY_AFTER_SECONDS = "1";

/**
 * Values in one body: ten thousand messages with all their fields have fewer. A value of three octets takes twenty times its octets in memory,
 * and the budget counts octets.
 */
const MOST_VALUES = 500_000;

export interface JsonBody extends Pick<HeldBody, "done" | "atLeast"> {
  readonly value: unknown;
}

/**
 * Reads a request's JSON body, plain, gzip, deflate or br, of at most `limit` bytes (after decompression). The bytes count against the
 * budget until `done` is called, which the caller does when the request has been answered. `inspect` sees the octets before they are read as JSON.
 * @throws ProblemError 400, 413, 415 or 503, before or while the body arrives.
 */
export async function readJsonBody(
  request: IncomingMessage,
  limit: number,
  budget: BodyBudget,
  inspect?: (octets: Buffer) => void,
): Promise<JsonBody> {
  checkType(request);
  const body = await readBody(request, limit, budget);
  if (!body.ok) throw unreadable(body.fault, limit);
  try {
    inspect?.(body.bytes);
    return { value: parse(body.bytes), done: body.done, atLeast: body.atLeast };
  } catch (error) {
    body.done();
    throw error;
  }
}

function checkType(request: IncomingMessage): void {
  const type = readJsonType(request.headers["content-type"]);
  if (type.ok) return;
  const title = "The body's type is not supported";
  throw new ProblemError({ status: 415, code: "UNSUPPORTED_MEDIA_TYPE", title, detail: type.detail });
}

function parse(body: Buffer): unknown {
  if (!isUtf8(body) || looksLikeUtf16(body)) throw invalidJson(`the body is not UTF-8${hintOfUtf16(body)}`);
  if (body.length > MOST_VALUES && hasTooManyValues(body)) throw tooManyValues();
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

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b] as const;

/** Each value but the first stands behind a comma, or is the first one in an array or an object. */
function hasTooManyValues(body: Buffer): boolean {
  let values = 1;
  let inText = false;
  for (let i = 0; i < body.length; i++) {
    const octet = body[i];
    if (octet === QUOTE) inText = !inText;
    else if (inText) {
      if (octet === BACKSLASH) i++;
    } else if ((octet === COMMA || octet === BRACKET || octet === BRACE) && ++values > MOST_VALUES) return true;
  }
  return false;
}

function tooManyValues(): ProblemError {
  const detail = `at most ${MOST_VALUES} values are read from one body; send several requests`;
  return new ProblemError({ status: 413, code: "BODY_TOO_LARGE", title: "The body is too large", detail });
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

function unreadable(fault: BodyFault, limit: number): ProblemError {
  switch (fault.kind) {
    case "encoding":
      return new ProblemError({
        status: 415,
        code: "UNSUPPORTED_ENCODING",
        title: "The body's encoding is not supported",
        detail: "send it uncompressed, or with gzip, deflate or br",
      });
    case "too-large":
      return new ProblemError({
        status: 413,
        code: "BODY_TOO_LARGE",
        title: "The body is too large",
        detail: `at most ${limit} bytes are accepted here, after decompression; send several requests`,
      });
    case "no-room":
      return busy();
    case "incomplete":
      return new ProblemError({
        status: 400,
        code: "BODY_INCOMPLETE",
        title: "The body did not arrive whole",
        detail: fault.why,
      });
  }
}

/** The answer when others' bodies fill the memory. */
export function busy(): ProblemError {
  return new ProblemError(
    {
      status: 503,
      code: "BUSY",
      title: "Too many large requests at once",
      detail: "nothing was accepted; repeat the request after the time in Retry-After",
    },
    { headers: { "retry-after": RETRY_AFTER_SECONDS } },
  );
}
