import type { ConsentState } from "../../../domain/consent/consent-word.ts";
import type { FieldProblem } from "../../../domain/message/validation.ts";
import { readWrittenTime } from "../../../domain/message/written-time.ts";
import { parseDestination } from "../../../domain/numbers/destination.ts";

/** The fields of one of a batch. */
export const SUPPRESSION_FIELDS = ["number", "suppressed", "at"] as const;
/** Suppressions of one request. */
export const MOST_SUPPRESSIONS = 10_000;

/** What an account says of one of its recipients. */
export interface SuppressionWord {
  /** E.164 digits. */
  readonly destination: string;
  readonly state: ConsentState;
  /** When it was said, epoch ms. */
  readonly at: number;
}

export type ReadSuppressions =
  | { readonly ok: true; readonly words: readonly SuppressionWord[] }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Clocks of applications may be ahead by so much, ms. What they say is of now then: a recipient's STOP of the next moment must be the later word. */
const AHEAD_MS = 60_000;
/** Problems that are named at the most. */
const MAX_PROBLEMS = 20;

interface Times {
  readonly now: number;
  readonly saidAt: number;
}

/** Reads the body of a batch, whatever it is: all of it, or why none of it. `now`, epoch ms; `saidAt`: when words without a time were said. */
export function readSuppressions(body: unknown, now: number, saidAt = now): ReadSuppressions {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return wrong("", "request-not-an-object", 'an object such as {"suppressions": [{"number": "+491701234567"}]}');
  const { suppressions, ...others } = body as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return wrong(unknown.slice(0, 64), "field-unknown", "known fields: suppressions");
  if (!Array.isArray(suppressions) || suppressions.length === 0 || suppressions.length > MOST_SUPPRESSIONS)
    return wrong("suppressions", "suppressions-count", `a list of 1 to ${MOST_SUPPRESSIONS}`);
  const problems: FieldProblem[] = [];
  const words: SuppressionWord[] = [];
  for (const [i, one] of suppressions.entries()) {
    const word = readOne(one, `suppressions[${i}]`, { now, saidAt }, problems);
    if (word !== undefined) words.push(word);
    if (problems.length >= MAX_PROBLEMS) break;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, words };
}

function readOne(one: unknown, at: string, times: Times, problems: FieldProblem[]): SuppressionWord | undefined {
  const given: unknown = typeof one === "string" ? { number: one } : one;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    problems.push({ field: at, code: "type-wrong", message: "a number, or an object with one" });
    return undefined;
  }
  const { number, suppressed = true, at: time, ...others } = given as Record<string, unknown>;
  const before = problems.length;
  const parsed = typeof number === "string" ? parseDestination(number) : undefined;
  if (parsed === undefined)
    problems.push({
      field: `${at}.number`,
      code: "type-wrong",
      message: "a number in international form, as a string",
    });
  else if (!parsed.ok) problems.push({ field: `${at}.number`, code: parsed.code, message: parsed.reason });
  if (typeof suppressed !== "boolean")
    problems.push({ field: `${at}.suppressed`, code: "type-wrong", message: "true or false" });
  const said = readTime(time, times);
  if (typeof said !== "number") problems.push({ field: `${at}.at`, code: "time-invalid", message: said.allowed });
  for (const field of Object.keys(others).slice(0, 3))
    problems.push({
      field: `${at}.${field.slice(0, 64)}`,
      code: "field-unknown",
      message: `known fields: ${SUPPRESSION_FIELDS.join(", ")}`,
    });
  if (problems.length > before || parsed?.ok !== true || typeof said !== "number") return undefined;
  return { destination: parsed.e164, state: suppressed === true ? "opted_out" : "opted_in", at: said };
}

function readTime(at: unknown, { now, saidAt }: Times): number | { readonly allowed: string } {
  if (at === undefined || at === null) return saidAt;
  const written = readWrittenTime(at);
  if (!written.ok) return { allowed: written.reason };
  const time = written.at;
  if (time <= 0) return { allowed: "a time after 1970" };
  return time > now + AHEAD_MS ? { allowed: "a time that has come" } : Math.min(time, now);
}

function wrong(field: string, code: string, message: string): ReadSuppressions {
  return { ok: false, problems: [{ field, code, message }] };
}
