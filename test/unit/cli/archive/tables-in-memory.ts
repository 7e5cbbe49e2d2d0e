import { ClickHouseError } from "@clickhouse/client";
import { ARCHIVED_TABLES } from "../../../../services/cli/archive/archived-tables.ts";
import type { Database } from "../../../../services/cli/archive/table-content.ts";

export const EVENTS = ARCHIVED_TABLES[0]!;

export function answer(code: string, message: string): ClickHouseError {
  return new ClickHouseError({ code, type: "", message });
}

/** Tables that have a number of rows of one day, as far as locks and drops ask for them; the checksum is that number too. */
export class TablesInMemory {
  readonly rows = new Map<string, number>([[EVENTS.name, 0]]);
  readonly comments = new Map<string, string>();
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
  } as unknown as Database;

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
    const [, gone] = /^DROP TABLE IF EXISTS (\w+)/.exec(statement) ?? [];
    if (gone !== undefined) this.rows.delete(gone);
  }

  private read(query: string, table: string | undefined): object[] {
    if (query.includes("FROM system.tables"))
      return this.rows.has(table ?? "") ? [{ engine: "MergeTree", comment: this.comments.get(table ?? "") ?? "" }] : [];
    const [, counted = ""] = /FROM (\w+)/.exec(query) ?? [];
    const rows = String(this.rows.get(counted) ?? 0);
    return [{ rows, checksum: rows }];
  }
}
