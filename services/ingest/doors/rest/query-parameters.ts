import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";

/** Parameters that are named at the most, and how much of each name. */
const MOST_NAMED = 20;
const NAME_LENGTH = 64;

/** 400, for query parameters that are not as they should be. */
export function invalidQuery(...errors: readonly FieldProblem[]): ProblemError {
  return new ProblemError({ status: 400, code: "INVALID_QUERY", title: "A query parameter is not valid", errors });
}

/** Whoever adds a parameter means something by it that would not be done. @throws ProblemError 400 naming those that are not `known` */
export function requireKnown(query: object, known: readonly string[]): void {
  const others = Object.keys(query).filter((name) => !known.includes(name));
  if (others.length === 0) return;
  const message = `this request takes ${known.length === 0 ? "no query parameters" : known.join(", ")}`;
  const errors = others.slice(0, MOST_NAMED).map((name) => ({
    field: name.slice(0, NAME_LENGTH),
    code: "field-unknown" as const,
    message,
  }));
  throw invalidQuery(...errors);
}
