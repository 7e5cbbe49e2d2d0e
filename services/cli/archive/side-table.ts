import { randomBytes } from "node:crypto";
import { ClickHouseError } from "@clickhouse/client";
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

/** @throws ClickHouse's error when there is such a table already. */
export async function sideTable(db: Database, name: string, like: string, ttl: "keep-ttl" | "no-ttl"): Promise<void> {
  await db.command({ query: `CREATE TABLE ${name} AS ${like}` });
  if (ttl === "no-ttl" && (await hasTtl(db, name))) await db.command({ query: `ALTER TABLE ${name} REMOVE TTL` });
}

export async function dropTable(db: Database, name: string): Promise<void> {
  await db.command({ query: `DROP TABLE IF EXISTS ${name} SETTINGS max_table_size_to_drop = 0` });
}

async function hasTtl(db: Database, table: string): Promise<boolean> {
  return (await lifetimeOf(db, table)) !== undefined;
}

/** For how long a table keeps its rows; undefined: for ever. */
export async function lifetimeOf(db: Database, table: string): Promise<Lifetime | undefined> {
  return readLifetime((await described(db, table))?.engine ?? "");
}

export interface Lifetime {
  /** As ClickHouse writes it. */
  readonly ttl: string;
  /** Undefined when it is none of one number of days. */
  readonly days: number | undefined;
}

/** Of an engine as `system.tables` writes it. */
export function readLifetime(engine: string): Lifetime | undefined {
  const ttl = /\bTTL (.*?)(?: SETTINGS\b.*)?$/s.exec(engine)?.[1];
  if (ttl === undefined) return undefined;
  const days = /^\w+(?:\(\w+\))? \+ toIntervalDay\((\d+)\)$/.exec(ttl)?.[1];
  return { ttl, days: days === undefined ? undefined : Number(days) };
}

/** Undefined when there is no such table. */
export async function described(db: Database, table: string): Promise<{ engine: string; comment: string } | undefined> {
  const query = `SELECT engine_full AS engine, comment FROM system.tables
    WHERE database = currentDatabase() AND name = {table:String}`;
  const found = await db.query({ query, query_params: { table }, format: "JSONEachRow" });
  return (await found.json<{ engine: string; comment: string }>())[0];
}

/** A table of that name is there already. */
export function isThere(error: unknown): boolean {
  return error instanceof ClickHouseError && error.code === "57";
}

async function removeLeft(db: Database): Promise<void> {
  const query = `SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, '${PREFIX}')
    AND metadata_modification_time < now() - INTERVAL 1 DAY`;
  const found = await db.query({ query, format: "JSONEachRow" });
  for (const { name } of await found.json<{ name: string }>()) await dropTable(db, name);
}
