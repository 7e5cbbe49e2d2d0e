import { randomBytes } from "node:crypto";
import type { Database } from "./table-content.ts";

/** A table of the same kind beside another one, for as long as a command works. No view reads it. */
export interface SideTable {
  readonly name: string;
  drop(): Promise<void>;
}

const PREFIX = "sluice_side_";

/**
 * An empty table with the columns, keys and indices of another one. Without `keep-ttl` nothing in it ever goes away by itself. What a command
 * that was killed has left is removed after a day.
 */
export async function temporaryTable(
  db: Database,
  like: string,
  ttl: "keep-ttl" | "no-ttl" = "no-ttl",
): Promise<SideTable> {
  await removeLeft(db);
  const name = `${PREFIX}${like}_${randomBytes(6).toString("hex")}`;
  await sideTable(db, name, like, ttl);
  return { name, drop: () => dropTable(db, name) };
}

/** @throws ClickHouse's error when there is such a table already: one command at a time. */
export async function sideTable(db: Database, name: string, like: string, ttl: "keep-ttl" | "no-ttl"): Promise<void> {
  await db.command({ query: `CREATE TABLE ${name} AS ${like}` });
  if (ttl === "no-ttl" && (await hasTtl(db, name))) await db.command({ query: `ALTER TABLE ${name} REMOVE TTL` });
}

export async function dropTable(db: Database, name: string): Promise<void> {
  await db.command({ query: `DROP TABLE IF EXISTS ${name} SETTINGS max_table_size_to_drop = 0` });
}

async function hasTtl(db: Database, table: string): Promise<boolean> {
  return (await daysKept(db, table)) !== undefined;
}

/** For how many days a table keeps its rows; undefined: for ever. */
export async function daysKept(db: Database, table: string): Promise<number | undefined> {
  const query =
    "SELECT engine_full AS engine FROM system.tables WHERE database = currentDatabase() AND name = {table:String}";
  const found = await db.query({ query, query_params: { table }, format: "JSONEachRow" });
  const [row] = await found.json<{ engine: string }>();
  const days = /\bTTL .*toIntervalDay\((\d+)\)/.exec(row?.engine ?? "")?.[1];
  return days === undefined ? undefined : Number(days);
}

async function removeLeft(db: Database): Promise<void> {
  const query = `SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, '${PREFIX}')
    AND metadata_modification_time < now() - INTERVAL 1 DAY`;
  const found = await db.query({ query, format: "JSONEachRow" });
  for (const { name } of await found.json<{ name: string }>()) await dropTable(db, name);
}
