import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { ClickHouseError } from "@clickhouse/client";
import { ARCHIVED_TABLES } from "../../../../services/cli/archive/archived-tables.ts";
import type { ArchivedColumn } from "../../../../services/cli/archive/manifest.ts";
import type { Database } from "../../../../services/cli/archive/table-content.ts";

export const EVENTS = ARCHIVED_TABLES[0]!;

export function answer(code: string, message: string): ClickHouseError {
  return new ClickHouseError({ code, type: "", message });
}

/** What one table has and the other has not. */
const LACKING = /FROM (\w+) .* NOT IN\s.* FROM (\w+) /s;

/**
 * Tables that have a number of rows of one day, as far as archiving and restoring ask for them; the checksum of one column is that number too, and a Parquet file
 * is that number between its magic words.
 */
export class TablesInMemory {
  readonly rows = new Map<string, number>([[EVENTS.name, 0]]);
  readonly comments = new Map<string, string>();
  /** Of every table. */
  columns: ArchivedColumn[] = [{ name: "at", type: "DateTime" }];
  /** By table, rows in which a column beyond the first says something else than where it was not yet there. */
  readonly filled = new Map<string, number>();
  /** Before each statement: throw for one that fails. */
  before: (statement: string) => void = () => {};

  readonly database = {
    command: async ({ query }: { query: string }) => {
      this.before(query);
      this.run(query);
    },
    query: async ({ query, query_params: of }: { query: string; query_params?: { table: string } }) => {
      this.before(query);
      return { json: async () => this.read(query, of?.table) };
    },
    exec: async ({ query, values }: { query: string; values?: Readable }) => {
      this.before(query);
      const [, into] = /^INSERT INTO (\w+)/.exec(query) ?? [];
      if (into === undefined) return { stream: Readable.from([Buffer.from(`PAR1 ${this.count(query)} PAR1`)]) };
      this.add(into, Number(/^PAR1 (\d+) PAR1$/.exec(await text(values!))?.[1]));
      return { stream: Readable.from([]) };
    },
  } as unknown as Database;

  /** Further rows of the day. */
  add(table: string, rows: number): void {
    this.rows.set(table, (this.rows.get(table) ?? 0) + rows);
  }

  /** What a statement reads. */
  private count(statement: string): number {
    const [, all, there] = LACKING.exec(statement) ?? [];
    if (all !== undefined) return Math.max(0, this.rows.get(all)! - this.rows.get(there!)!);
    const [, table = ""] = /FROM (\w+)/.exec(statement) ?? [];
    return this.rows.get(table) ?? 0;
  }

  private run(statement: string): void {
    const [, made = ""] = /^CREATE TABLE (\w+)/.exec(statement) ?? [];
    if (this.rows.has(made)) throw answer("57", `Table ${made} already exists`);
    if (made !== "") {
      this.rows.set(made, 0);
      this.comments.set(made, /COMMENT '(.*)'/.exec(statement)?.[1] ?? "");
    }
    const [, from = "", to = ""] = /^ALTER TABLE (\w+) MOVE PARTITION ID '\d+' TO TABLE (\w+)$/.exec(statement) ?? [];
    if (from !== "") {
      if (!this.rows.has(from) || !this.rows.has(to)) throw answer("60", "no such table");
      this.rows.set(to, this.rows.get(to)! + this.rows.get(from)!);
      this.rows.set(from, 0);
    }
    const [, attached, of = ""] = /^ALTER TABLE (\w+) ATTACH PARTITION ID '\d+' FROM (\w+)$/.exec(statement) ?? [];
    if (attached !== undefined) this.add(attached, this.rows.get(of) ?? 0);
    const [, into] = /^INSERT INTO (\w+) /.exec(statement) ?? [];
    if (into !== undefined) this.add(into, this.count(statement));
    const [, gone] = /^DROP TABLE IF EXISTS (\w+)/.exec(statement) ?? [];
    if (gone !== undefined) this.rows.delete(gone);
  }

  private read(query: string, of: string | undefined): object[] {
    if (query.includes("FROM system.tables"))
      return this.rows.has(of ?? "") ? [{ engine: "MergeTree", comment: this.comments.get(of ?? "") ?? "" }] : [];
    if (query.includes("FROM system.columns")) return this.columns;
    if (query.includes("FROM migrations")) return [{ schema: "001.sql", clickhouse: "26.7" }];
    const rows = this.count(query);
    const [, table = ""] = /FROM (\w+)/.exec(query) ?? [];
    const [, columns = "at"] = /formatRow\('RowBinary', ([^)]*)\)/.exec(query) ?? [];
    const more = columns.split(", ").length - 1;
    const checksum = rows + more * (rows + (this.filled.get(table) ?? 0));
    return [{ hour: 0, rows: String(rows), checksum: String(checksum) }];
  }
}
