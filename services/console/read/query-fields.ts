import { ProblemError } from "../../../platform/http/problem.ts";
import { SPANS, type Span } from "./figures.ts";

type Query = Readonly<Record<string, unknown>>;

/** The stretch of time that is asked for, the last hour by default. @throws ProblemError 400 */
export function spanOf({ span = "1h" }: Query): Span {
  if (typeof span === "string" && Object.hasOwn(SPANS, span)) return span as Span;
  throw invalidQuery(`span: one of ${Object.keys(SPANS).join(", ")} is needed`);
}

/** A text of a query, at most so many characters; empty where there is none. */
export function textOf(value: unknown, most: number): string {
  return typeof value === "string" ? value.trim().slice(0, most) : "";
}

/** `detail`: the parameter and what is wrong with it. */
export function invalidQuery(detail: string): ProblemError {
  return new ProblemError({
    status: 400,
    code: "INVALID_QUERY",
    title: "A query parameter is not valid",
    detail,
  });
}
