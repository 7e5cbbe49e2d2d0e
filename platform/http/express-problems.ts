import type { ErrorRequestHandler, RequestHandler } from "express";
import { SluiceError } from "../errors/sluice-error.ts";
import type { Log } from "../log/log.ts";
import { ProblemError, type ProblemInput, problem, REQUEST_ID, sendProblem } from "./problem.ts";

/** What body-parser, raw-body and the router attach to the errors they pass on. */
interface HttpFault {
  readonly type?: string;
  readonly status?: number;
  readonly limit?: number;
  readonly message?: string;
}

/** Seconds after which a client may try again when a part behind us is away. */
const RETRY_AFTER_SECONDS = 1;

/** Answers 404; the last of an application's routes. */
export const notFound: RequestHandler = (request, response) => {
  const detail = `there is nothing at ${request.path}`;
  sendProblem(response, problem({ status: 404, code: "NOT_FOUND", title: "Not found", detail }));
};

/** Answers 405, and OPTIONS with what there is (RFC 9110, 9.3.7); stands on a path after the methods it does have. */
export function methodNotAllowed(allowed: readonly string[]): RequestHandler {
  const allow = allowed.join(", ");
  return (request, response) => {
    if (request.method === "OPTIONS") {
      response.writeHead(204, { allow: `${allow}, OPTIONS` }).end();
      return;
    }
    const detail = `${request.method} is not possible here; use ${allow}`;
    const body = problem({ status: 405, code: "METHOD_NOT_ALLOWED", title: "Method not allowed", detail });
    sendProblem(response, body, { allow });
  };
}

/** What may be a phone number in a path (/v1/suppressions/{number}); it does not get into logs. */
const PHONE_NUMBER = /\d{7,}/g;

/**
 * The error handler of an Express application, registered last. Faults of the request become 4xx with the reason;
 * transient ones 503 and throttled ones 429, both with Retry-After; everything else is logged and becomes a 500 that
 * tells the client nothing about our insides.
 */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      // Too late for an answer: Express closes the connection, so the client cannot take the half of it for the whole.
      next(error);
      return;
    }
    if (error instanceof ProblemError) {
      sendProblem(response, error.problem, error.headers);
      return;
    }
    const input = requestFault(error) ?? serviceFault(error);
    if (input.status >= 500) {
      const requestId = response.getHeader(REQUEST_ID);
      const path = request.path.replaceAll(PHONE_NUMBER, "…");
      const fields = { err: error, method: request.method, path, requestId };
      log.every(`http-${input.code}`, 1_000).error(fields, "request failed");
    }
    const retry = input.status === 503 || input.status === 429;
    sendProblem(response, problem(input), retry ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {});
  };
}

function requestFault(error: unknown): ProblemInput | undefined {
  const fault = error as HttpFault | null | undefined;
  switch (fault?.type) {
    case "entity.parse.failed":
      return {
        status: 400,
        code: "INVALID_JSON",
        title: "The body is not valid JSON",
        // The parser's message may quote the body, and bodies hold what must not get into logs of clients.
        detail: "check the quotes, commas and brackets of the body, and that it is UTF-8",
      };
    case "entity.too.large":
      return {
        status: 413,
        code: "BODY_TOO_LARGE",
        title: "The body is too large",
        detail: `at most ${fault.limit} bytes are accepted; split the request`,
      };
    case "encoding.unsupported":
    case "charset.unsupported":
      return {
        status: 415,
        code: "UNSUPPORTED_ENCODING",
        title: "The body's encoding is not supported",
        detail: "send UTF-8, uncompressed or with gzip, deflate or br",
      };
  }
  if (error instanceof SluiceError || fault?.status === undefined || fault.status < 400 || fault.status > 499) {
    return undefined;
  }
  return { status: fault.status, code: "BAD_REQUEST", title: "The request cannot be read" };
}

function serviceFault(error: unknown): ProblemInput {
  const kind = error instanceof SluiceError ? error.class : undefined;
  if (kind === "throttled") {
    return {
      status: 429,
      code: "TOO_MANY_REQUESTS",
      title: "Too many requests",
      detail: "slow down, and repeat after the time in Retry-After",
    };
  }
  if (kind === "transient") {
    return {
      status: 503,
      code: "UNAVAILABLE",
      title: "The service cannot do this at the moment",
      detail: "repeat the request after the time in Retry-After",
    };
  }
  return { status: 500, code: "INTERNAL", title: "The service failed", detail: "the cause is in the service's log" };
}
