import type { FieldProblem } from "../../../../../domain/message/validation.ts";
import { parseDestination } from "../../../../../domain/numbers/destination.ts";
import { type CsvDelimiter, DELIMITER_NAMES, readDelimiter } from "../../../../../domain/upload/csv-begin.ts";
import { type ColumnTerms, isUploadField } from "../../../../../domain/upload/upload-columns.ts";
import { invalidQuery } from "../query-parameters.ts";

/** Lines of one upload. */
export const MOST_LINES = 10_000_000;
const COUNTRY = /^[A-Z]{2}$/;
const MOST_PROBLEMS = 20;
const KNOWN = "from, delimiter, country, answers, map.<field>, set.<field>";

export interface UploadQuery extends ColumnTerms {
  /** The line of the file that the body begins with, behind the header of a CSV file. Undefined: its first. */
  readonly from: number | undefined;
  /** Undefined: found by the header. */
  readonly delimiter: CsvDelimiter | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | undefined;
  /** Which lines are answered one by one. */
  readonly answers: "all" | "rejected";
}

/** @throws ProblemError 400 naming each parameter that is wrong, or that there is none of */
export function readUploadQuery(query: object): UploadQuery {
  const problems: FieldProblem[] = [];
  const wrong = (field: string, code: string, message: string): undefined => {
    problems.push({ field: field.slice(0, 64), code, message });
  };
  const map = new Map<string, string>();
  const set = new Map<string, string>();
  let [from, delimiter, country]: [number?, CsvDelimiter?, string?] = [];
  let answers: UploadQuery["answers"] = "all";
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== "string") wrong(name, "type-wrong", "give it once");
    else if (name === "from") from = readLine(value) ?? wrong(name, "number-out-of-range", `1 to ${MOST_LINES}`);
    else if (name === "delimiter")
      delimiter =
        readDelimiter(value) ?? wrong(name, "field-unknown", `one of ${Object.keys(DELIMITER_NAMES).join(", ")}`);
    else if (name === "country")
      country =
        readCountry(value) ?? wrong(name, "destination-country-unknown", "a country by two letters, such as US");
    else if (name === "answers" && (value === "all" || value === "rejected")) answers = value;
    else if (name === "answers") wrong(name, "field-unknown", "all or rejected");
    else if (name.startsWith("map.") && isUploadField(name.slice(4))) map.set(name.slice(4), value);
    else if (name.startsWith("set.") && isUploadField(name.slice(4))) set.set(name.slice(4), value);
    else wrong(name, "field-unknown", `this request takes ${KNOWN}`);
  }
  if (problems.length > 0) throw invalidQuery(...problems.slice(0, MOST_PROBLEMS));
  return { map, set, from, delimiter, country, answers };
}

function readLine(value: string): number | undefined {
  const line = /^\d{1,8}$/.test(value) ? Number(value) : 0;
  return line >= 1 && line <= MOST_LINES ? line : undefined;
}

function readCountry(value: string): string | undefined {
  const country = value.toUpperCase();
  if (!COUNTRY.test(country)) return undefined;
  const asked = parseDestination("1", country);
  return !asked.ok && asked.code === "destination-country-unknown" ? undefined : country;
}
