import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ProblemError } from "../../../../platform/http/problem.ts";
import { readIdempotencyKey } from "../../acceptance/idempotency/message-identity.ts";

const REQUEST_NAME = /^[\w.:@/+=-]{1,128}$/;

/** What the client calls its request in `X-Request-Id`, where that can stand in logs; else a UUID. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && REQUEST_NAME.test(header) ? header : randomUUID();
}

/** The API key of a request, from `Authorization: Bearer <key>` or else `X-API-Key`. */
export function apiKeyOf(authorization: string | undefined, apiKey: string | undefined): string | undefined {
  return authorization === undefined ? apiKey : bearerToken(authorization);
}

/** The token of RFC 6750, section 2.1; the scheme's name is case-insensitive (RFC 9110, section 11.1). */
function bearerToken(authorization: string): string | undefined {
  return /^bearer +([!-~]+) *$/i.exec(authorization)?.[1];
}

/**
 * The key in `Idempotency-Key`, which stands for the request as a whole.
 * @throws ProblemError 400 when the header cannot be a key.
 */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  const header = request.headers["idempotency-key"];
  if (header === undefined) return undefined;
  const key = readIdempotencyKey(Array.isArray(header) ? header.join() : header, "Idempotency-Key");
  if (typeof key === "string") return key;
  throw new ProblemError({ status: 400, code: "INVALID_HEADER", title: "A header is not valid", errors: [key] });
}
