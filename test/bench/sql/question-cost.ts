import type { Question } from "../../../infra/clickhouse/questions.ts";
import { loginHeaders } from "../../../infra/local/clickhouse-access.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";

/** What a question may read at the most. */
export type Bound =
  | { readonly kind: "one message"; readonly rows: number }
  | { readonly kind: "roll-up" | "other"; readonly share: number };

/** One way to ask a question: with these parameters. */
export interface Asking {
  readonly question: Question;
  /** Beside the question's name, where it is asked in several ways. */
  readonly way?: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly bound: Bound;
  /** The table under what it reads, whose full scan stands beside it. */
  readonly table: string;
  /** A provider's file, for the external table `invoice`. */
  readonly invoice?: string;
}

export interface Timing {
  readonly p50: number;
  readonly p95: number;
  readonly rows: number;
}

/** Neither of what another query found out about the same rows, nor of what it left unpacked. */
const OWN_WORK = { use_query_condition_cache: "0", use_uncompressed_cache: "0" };
/** From the disk, past the page cache. */
const FROM_DISK = { min_bytes_to_use_direct_io: "1" };

/** Asks until `times` answers or `budgetMs` have passed, three times at least. */
export async function timeQuestion(
  server: OwnClickhouse,
  database: string,
  asking: Asking,
  { cold, times, budgetMs }: { readonly cold: boolean; readonly times: number; readonly budgetMs: number },
): Promise<Timing> {
  const { question, parameters, invoice } = asking;
  const given = Object.fromEntries(question.parameters.map(({ name }) => [`param_${name}`, parameters[name] ?? ""]));
  const settings = { ...given, ...OWN_WORK, ...(cold ? FROM_DISK : {}) };
  const began = performance.now();
  const taken: number[] = [];
  let rows = 0;
  while (taken.length < 3 || (taken.length < times && performance.now() - began < budgetMs)) {
    const answer = await (invoice === undefined
      ? server.ask(question.sql, database, settings)
      : askWithInvoice(server, question.sql, database, settings, invoice));
    taken.push(answer.ms);
    rows = Math.max(rows, answer.rowsRead);
  }
  return { p50: quantile(taken, 0.5), p95: quantile(taken, 0.95), rows };
}

/** The rows that a question is answered with; numbers as numbers. */
export async function answerOf(
  server: OwnClickhouse,
  database: string,
  question: Question,
  parameters: Readonly<Record<string, string>>,
): Promise<unknown[]> {
  const given = Object.fromEntries(question.parameters.map(({ name }) => [`param_${name}`, parameters[name] ?? ""]));
  const settings = { ...given, default_format: "JSONEachRow", output_format_json_quote_64bit_integers: "0" };
  const { body } = await server.ask(question.sql, database, settings);
  const lines = body.toString().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as unknown);
}

/** Reads every column of every row of a table; milliseconds. */
export async function fullScan(server: OwnClickhouse, database: string, table: string, cold: boolean): Promise<number> {
  const settings = { ...OWN_WORK, ...(cold ? FROM_DISK : {}) };
  const { ms } = await server.ask(`SELECT count() FROM ${table} WHERE NOT ignore(*)`, database, settings);
  return ms;
}

async function askWithInvoice(
  server: OwnClickhouse,
  sql: string,
  database: string,
  settings: Readonly<Record<string, string>>,
  csv: string,
): Promise<{ rowsRead: number; ms: number }> {
  const form = new FormData();
  form.append("query", sql);
  form.append("invoice", new Blob([csv]), "invoice.csv");
  const query = new URLSearchParams({
    ...{ database, wait_end_of_query: "1", ...settings },
    ...{ invoice_format: "CSV", invoice_structure: "id String, amount Decimal(18,6), currency String" },
  });
  const headers = loginHeaders({ username: server.user, password: server.password });
  const began = performance.now();
  const response = await fetch(`${server.url}/?${query}`, { method: "POST", body: form, headers });
  const text = await response.text();
  const ms = performance.now() - began;
  if (!response.ok) throw new Error(`ClickHouse: ${text.slice(0, 1_500)}`);
  const summary = JSON.parse(response.headers.get("x-clickhouse-summary") ?? "{}") as { read_rows?: string };
  return { rowsRead: Number(summary.read_rows ?? 0), ms };
}

/** Whether it read no more than it may. */
export function withinBound(bound: Bound, rows: number, events: number): boolean {
  return rows <= (bound.kind === "one message" ? bound.rows : bound.share * events);
}

/** Of values in any order; the greatest for few of them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}
