import type { ServerResponse } from "node:http";
import { SluiceError, type SluiceErrorOptions } from "../errors/sluice-error.ts";

/** One field that is wrong. */
export interface FieldProblem {
  /** Where it stands in the request, such as `to` or `messages[3].to`. */
  readonly field: string;
  /** Stable SCREAMING_SNAKE_CASE word for programs. */
  readonly code: string;
  /** For people: what is wrong and what is allowed. */
  readonly message: string;
}

/** What is given to {@link problem}. */
export interface ProblemInput {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** Stable SCREAMING_SNAKE_CASE word for programs; the problem type is made of it. */
  readonly code: string;
  /** Short and the same for every occurrence of the code. */
  readonly title: string;
  /** What happened this time, and what to do. */
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  /** Further members, such as `retryAfterSeconds`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A problem details object (RFC 9457, section 3.1) with `code` and `errors` as extension members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  readonly [extra: string]: unknown;
}

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/** Builds a problem body; the type of `INVALID_FIELD` is `urn:sluice:problem:invalid-field`. */
export function problem(input: ProblemInput): Problem {
  return {
    ...input.extra,
    type: `urn:sluice:problem:${input.code.toLowerCase().replaceAll("_", "-")}`,
    title: input.title,
    status: input.status,
    code: input.code,
    ...(input.detail === undefined ? {} : { detail: input.detail }),
    ...(input.errors === undefined ? {} : { errors: input.errors }),
  };
}

/** The header that names a request in answers, problems and logs, where a service gives requests names. */
export const REQUEST_ID = "x-request-id";

/** Answers with a problem, which names its request where the answer does; without effect when an answer has begun already. */
export function sendProblem(
  response: ServerResponse,
  body: Problem,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) return;
  const requestId = response.getHeader(REQUEST_ID);
  const payload = Buffer.from(JSON.stringify(requestId === undefined ? body : { ...body, requestId }));
  response.writeHead(body.status, {
    ...headers,
    "content-type": PROBLEM_CONTENT_TYPE,
    "content-length": payload.length,
    "cache-control": "no-store",
  });
  response.end(payload);
}

/** Thrown by a handler to answer with a problem. */
export class ProblemError extends SluiceError {
  readonly problem: Problem;
  /** Headers of the answer, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    input: ProblemInput,
    options: { readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super(input.detail ?? input.title, errorOptions(input, options.cause));
    this.problem = problem(input);
    this.headers = options.headers ?? {};
  }
}

function errorOptions(input: ProblemInput, cause: unknown): SluiceErrorOptions {
  const kind = input.status === 429 ? "throttled" : input.status >= 500 ? "transient" : "permanent";
  return { code: input.code, class: kind, cause };
}
