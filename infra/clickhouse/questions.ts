import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A query of the folder `queries`, with what its comment says of it. */
export interface Question {
  /** Of its file, without the ending. */
  readonly name: string;
  /** What it answers, in one sentence. */
  readonly question: string;
  /** How to read the answer. */
  readonly reading: string;
  /** The statement, without comments. */
  readonly sql: string;
  readonly parameters: readonly QuestionParameter[];
}

/** Given as `param_<name>` over HTTP, and as `--param_<name>` to clickhouse-client. */
export interface QuestionParameter {
  readonly name: string;
  /** ClickHouse's type. */
  readonly type: string;
}

const FOLDER = join(import.meta.dirname, "queries");

/** All questions, by name. */
export function questions(folder: string = FOLDER): Question[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.slice(0, -".sql".length))
    .sort()
    .map((name) => parseQuestion(name, readFileSync(join(folder, `${name}.sql`), "utf8")));
}

/**
 * A file begins with comment lines: the question, an empty one, then how to read the answer.
 * @throws Error when it does not
 */
export function parseQuestion(name: string, text: string): Question {
  const [, head, statement] = /^((?:--.*\n)+)([\s\S]+)$/.exec(text) ?? [];
  const [question, reading] = (head ?? "").split(/^--\n/m).map(uncommented);
  if (statement === undefined || !question?.endsWith("?") || !reading)
    throw new Error(`queries/${name}.sql: begin with "-- a question?", "--" and "-- how to read its answer"`);
  return { name, question, reading, sql: statement.trim(), parameters: parametersOf(statement) };
}

const uncommented = (lines: string): string =>
  lines
    .replaceAll(/^--\s?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();

function parametersOf(sql: string): QuestionParameter[] {
  const found = [...sql.matchAll(/\{(\w+):([^}]+)\}/g)].map(([, name = "", type = ""]) => [name, type] as const);
  return [...new Map(found)].map(([name, type]) => ({ name, type }));
}
