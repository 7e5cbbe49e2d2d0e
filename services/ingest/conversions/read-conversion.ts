import type { FieldProblem } from "../../../domain/message/validation.ts";
import { readWrittenTime } from "../../../domain/message/written-time.ts";

/** The fields of a conversion; `converted` is required. */
export const CONVERSION_FIELDS = ["converted", "at"] as const;

/** What an application knows of a message. */
export interface ConversionWord {
  readonly converted: boolean;
  /** When it was done, or given up; epoch ms. */
  readonly at: number;
}

/** Clocks of applications may be ahead by so much, ms. */
const AHEAD_MS = 60_000;
/** Problems that are named at the most. */
const MAX_PROBLEMS = 20;

/** Reads a body, whatever it is. Without a time it is `now`. Epoch ms. */
export function readConversion(
  body: unknown,
  { now, earliest }: { readonly now: number; readonly earliest: number },
): { readonly ok: true; readonly word: ConversionWord } | { readonly ok: false; readonly problems: FieldProblem[] } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    const message = 'an object such as {"converted": true}';
    return { ok: false, problems: [{ field: "", code: "request-not-an-object", message }] };
  }
  const { converted, at, ...others } = body as Record<string, unknown>;
  const problems: FieldProblem[] = [];
  if (converted === undefined) {
    problems.push({ field: "converted", code: "field-missing", message: "true or false" });
  } else if (typeof converted !== "boolean") {
    problems.push({ field: "converted", code: "type-wrong", message: "true or false" });
  }
  const time = readTime(at, now, earliest);
  if (typeof time !== "number") problems.push({ field: "at", code: "time-invalid", message: time.allowed });
  for (const field of Object.keys(others).slice(0, MAX_PROBLEMS - problems.length)) {
    const message = `known fields: ${CONVERSION_FIELDS.join(", ")}`;
    problems.push({ field: field.slice(0, 64), code: "field-unknown", message });
  }
  if (typeof converted !== "boolean" || typeof time !== "number" || problems.length > 0) return { ok: false, problems };
  return { ok: true, word: { converted, at: time } };
}

function readTime(at: unknown, now: number, earliest: number): number | { readonly allowed: string } {
  if (at === undefined || at === null) return now;
  const written = readWrittenTime(at);
  if (!written.ok) return { allowed: written.reason };
  const time = written.at;
  if (time > now + AHEAD_MS) return { allowed: "a time that has come: what will be is not known" };
  return time < earliest ? { allowed: "a time of the last seven days" } : time;
}
