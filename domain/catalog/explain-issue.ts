import type { z } from "zod";
import { formatPath, valueAt } from "./catalog-problem.ts";

/** Fields whose values never stand in a message. */
const SECRET = /password|token|secret|sha256|key/i;

/**
 * An issue of the schema in words that say what to do in the file. Most of what goes wrong in YAML is a value of another type
 * than it looks like: numbers and truth values without quotes, texts that begin with a sign of YAML's own.
 */
export function explainIssue(issue: z.core.$ZodIssue, input: unknown): string {
  const value = valueAt(input, issue.path);
  if (issue.code === "invalid_type") return explainType(issue.expected, value, issue.path);
  if (issue.code === "invalid_union" && issue.path.at(-1) === "kind") {
    return `${value === undefined ? "is missing" : `${shown(value)} is no kind of provider`}: smpp or http-twilio`;
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) return explainUnion(issue, input);
  // What is wrong stands one level down, of the key itself or of what stands under it.
  if (issue.code === "invalid_key") return explainAll(issue.issues, issue.path.at(-1));
  if (issue.code === "invalid_element")
    return explainAll(issue.issues, value instanceof Map ? value.get(issue.key) : undefined);
  if (issue.code === "too_small" && Array.isArray(value) && value.length === 0) return "is empty: at least one entry";
  if (issue.code === "too_small") return explainBound(issue, issue.minimum, "at least", "above");
  if (issue.code === "too_big") return explainBound(issue, issue.maximum, "at most", "below");
  if (issue.code === "unrecognized_keys") return explainKeys(issue.keys);
  if (issue.code === "invalid_value") {
    const allowed = issue.values.map(String).join(", ");
    return `${value === undefined ? "is missing" : `${shown(value)} is not known`}: one of ${allowed}`;
  }
  return issue.message;
}

function explainAll(issues: readonly z.core.$ZodIssue[], input: unknown): string {
  return issues.map((issue) => explainIssue(issue, input)).join("; ");
}

/** What each kind of value that may stand here would want. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, input: unknown): string {
  const kinds = issue.errors.map((problems) =>
    problems.map((inner) => {
      // The whole path: its last name says whether the value is a secret.
      const message = explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, input);
      return inner.path.length === 0 ? message : `${formatPath(inner.path)}: ${message}`;
    }),
  );
  return kinds.map((messages) => messages.join("; ")).join("; or ");
}

function explainType(expected: string, value: unknown, path: readonly PropertyKey[]): string {
  const field = String(path.at(-1) ?? "");
  if (value === undefined) return "is missing";
  if (value === null)
    return expected === "string"
      ? "is empty; a text that begins with &, *, !, #, @, % or a quotation mark must stand in quotes"
      : "is empty: give it a value, or take the line away";
  if (expected === "string") {
    const read =
      SECRET.test(field) || path.includes("secretHeaders") ? typeof value : `${typeof value}, ${shown(value)}`;
    if (typeof value === "number" || typeof value === "boolean")
      return `is read as a ${read}: put it in quotes, as it is to be, with all its zeros`;
    if (SECRET.test(field) || path.includes("secretHeaders"))
      return "must be { file: /path } or { env: NAME } and nothing beside it, or one text";
    return `must be one text, in quotes if it is not plain`;
  }
  if (expected === "array") {
    if (path.length === 1 && valueAt(value, [field]) !== undefined)
      return `the file is the list itself: take the line "${field}:" away, so that it begins with "- id: …"`;
    if (field === "prices" && typeof value === "string")
      return `must be a list of prices, [{ country: DE, price: "0.05" }], or name the provider's own list: { file: ${value} }`;
    return path.length === 1
      ? 'the file must be a list, each entry beginning with "- id: …"'
      : "must be a list: [a, b]";
  }
  if (expected === "object" && typeof value === "string" && path.length > 2 && path.at(-2) === "providers")
    return `must be { id: ${value} }, not the name alone`;
  if (expected === "object" || expected === "record") return "must be a group of settings, indented below its name";
  if (expected === "number" || expected === "int")
    return typeof value === "string" ? "must be a number, without quotes" : "must be a number";
  return `must be of type ${expected}`;
}

/** A number, or a length, that is too small or too large. */
function explainBound(
  { origin, inclusive }: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  bound: number | bigint,
  within: string,
  beyond: string,
): string {
  const words = `${inclusive === false ? beyond : within} ${bound}`;
  const more = Number(bound) === 1 ? "" : "s";
  if (origin === "string") return `must have ${words} character${more}`;
  return origin === "array" || origin === "map" || origin === "set"
    ? `must have ${words} entr${more === "" ? "y" : "ies"}`
    : `must be ${words}`;
}

function explainKeys(keys: readonly string[]): string {
  const named = keys.map((key) => `"${key}"`).join(", ");
  return `${named} ${keys.length === 1 ? "is no field" : "are no fields"} here; a field may be misspelt or wrongly indented`;
}

/** A value as it is read; lists and groups, which may be long or hold themselves, by their kind. */
function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "a group of settings";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
