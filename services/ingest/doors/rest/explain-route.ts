import type { IncomingMessage } from "node:http";
import { type FieldProblem, validateSendRequest } from "../../../../domain/message/validation.ts";
import { type Explanation, explain } from "../../../../domain/routing/explain.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import type { Account } from "../../acceptance/api-keys.ts";
import { MAX_PROBLEMS } from "../../acceptance/intake.ts";
import { readJsonBody } from "./json-body.ts";
import type { RestContext, RoutingView } from "./rest-context.ts";

/** The fields of a question; `to` is required. */
export const EXPLAIN_FIELDS = ["to", "from", "text", "lane", "metadata", "at"] as const;

/** Bytes of the request's body. */
const BODY_LIMIT = 64 * 1024;
/** A text of one segment, for those who ask without one. */
const SOME_TEXT = "Hello";
/** A date, or a time that says its zone. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;
const RETRY_AFTER_SECONDS = "30";

/**
 * `POST /v1/routes/explain`: what would become of a message of this account, as `sluice explain --json` says it. Nothing is sent.
 * An account asks for itself only: what the routes do with others' messages is nobody else's business.
 * @throws ProblemError 400, 413, 415 or 503.
 */
export async function postExplain(
  context: RestContext,
  account: Account,
  request: IncomingMessage,
): Promise<Explanation> {
  const body = await readJsonBody(request, BODY_LIMIT, context.bodies);
  try {
    return explainFor(context.routing, account, body.value);
  } finally {
    body.done();
  }
}

function explainFor(
  { snapshot, health, ported, delivery, now }: RoutingView,
  account: Account,
  question: unknown,
): Explanation {
  const { at, ...fields } = (isObject(question) ? question : {}) as Record<string, unknown>;
  const problems: FieldProblem[] = [];
  const time = readTime(at, problems);
  // Of a message's other fields routing looks at none.
  for (const field of Object.keys(fields)) if (!isField(field)) problems.push(unknownField(field));
  const asked = Object.fromEntries(Object.entries(fields).filter(([field]) => isField(field)));
  const valid = validateSendRequest(isObject(question) ? { ...asked, text: fields.text ?? SOME_TEXT } : question);
  if (!valid.ok) problems.push(...valid.problems);
  if (!valid.ok || problems.length > 0) throw invalid(problems);
  const catalog = snapshot();
  if (catalog === undefined) throw routesUnknown();
  const { request } = valid;
  return explain(catalog, {
    request,
    account: account.id,
    at: time ?? now(),
    health: (provider) => health(provider, request.lane),
    ported: ported(request.destination),
    delivery,
  });
}

/** Epoch ms; undefined where nothing is said. */
function readTime(at: unknown, problems: FieldProblem[]): number | undefined {
  if (at === undefined || at === null) return undefined;
  const time = typeof at === "string" && TIME.test(at) ? Date.parse(at) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  problems.push({ field: "at", code: "time-invalid", message: "a date, or a time with its zone, by ISO 8601" });
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isField(field: string): boolean {
  return (EXPLAIN_FIELDS as readonly string[]).includes(field);
}

function unknownField(field: string): FieldProblem {
  return { field: field.slice(0, 64), code: "field-unknown", message: `known fields: ${EXPLAIN_FIELDS.join(", ")}` };
}

function invalid(problems: readonly FieldProblem[]): ProblemError {
  const errors = problems.slice(0, MAX_PROBLEMS);
  return new ProblemError({ status: 400, code: "INVALID_MESSAGE", title: "The message is not valid", errors });
}

function routesUnknown(): ProblemError {
  return new ProblemError(
    {
      status: 503,
      code: "ROUTES_UNKNOWN",
      title: "The routes are not known here",
      detail: "this instance has the accounts only: apply a catalog, or give it all files of its folder",
    },
    { headers: { "retry-after": RETRY_AFTER_SECONDS } },
  );
}
