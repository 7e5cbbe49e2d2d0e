import { ProblemError } from "../../../platform/http/problem.ts";

/** The body of a question that changes something, as it came. */
export type Body = Readonly<Record<string, unknown>>;

/** Characters of what somebody says about what they do; as `sluice apply --note`. */
const LONGEST_NOTE = 500;

/** @throws ProblemError 400 when it is no object */
export function bodyOf(body: unknown): Body {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Body;
  throw invalid("body", "a JSON object is needed");
}

/** A whole number within bounds. @throws ProblemError 400 naming the field */
export function wholeNumber(body: Body, field: string, { min, max }: { readonly min: number; readonly max: number }) {
  const value = body[field];
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(field, `a whole number from ${min} to ${max} is needed`);
}

/** @throws ProblemError 400 naming the field */
export function textField(body: Body, field: string, pattern: RegExp): string {
  const value = body[field];
  if (typeof value === "string" && pattern.test(value)) return value;
  throw invalid(field, `${String(pattern)} is needed`);
}

/** Why, in a line; null where nothing is said. @throws ProblemError 400 */
export function noteOf({ note }: Body): string | null {
  if (note === undefined || note === null || (typeof note === "string" && note.trim() === "")) return null;
  if (typeof note === "string" && note.length <= LONGEST_NOTE && !/[\p{Cc}\u2028\u2029]/u.test(note))
    return note.trim();
  throw invalid("note", `one line of at most ${LONGEST_NOTE} characters is needed`);
}

export function invalid(field: string, message: string): ProblemError {
  const detail = `${field}: ${message}`;
  const errors = [{ field, code: "INVALID", message }];
  return new ProblemError({ status: 400, code: "INVALID_FIELD", title: "A field is not valid", detail, errors });
}
