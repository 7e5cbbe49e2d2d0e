/**
 * Brings a ClickHouse database to the current shape: the numbered .sql files of this folder, each applied once, in order.
 * Run by infra/migrate.ts; repeating it changes nothing.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type ClickHouseClient, type ClickHouseClientConfigOptions, createClient } from "@clickhouse/client";

export interface ClickhouseTarget {
  /** HTTP interface, such as http://127.0.0.1:18123. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** What the client is given beside it. */
  readonly transport?: Pick<ClickHouseClientConfigOptions, "http_agent" | "tls">;
}

export interface ClickhouseMigration {
  /** Files applied by this call, in order. */
  readonly applied: string[];
  /** Files that had been applied before. */
  readonly present: number;
}

interface SqlFile {
  readonly name: string;
  readonly checksum: string;
  readonly statements: string[];
}

/** A statement that fills a table from another takes about 15 s a million messages (see 005-deliveries.sql). */
const STATEMENT_TIMEOUT_MS = 12 * 3_600_000;

/**
 * Creates the database and applies what is missing. Every statement may be repeated, so a run that was cut off is simply
 * repeated. One run at a time: of two, one may let inserts go on while the other renames a view (025-names-of-blocks.sql). `folder`: of the
 * .sql files.
 * @throws Error when a file differs from what was applied under its name, or when ClickHouse refuses a statement.
 */
export async function migrateClickhouse(
  target: ClickhouseTarget,
  folder: string = import.meta.dirname,
): Promise<ClickhouseMigration> {
  if (!/^[A-Za-z_]\w*$/.test(target.database))
    throw new Error(`${JSON.stringify(target.database)} is not a database name: letters, digits and _ only.`);
  const { url, user: username, password, transport } = target;
  const options = { url, username, password, ...transport };
  const server = createClient(options);
  const client = createClient({
    ...options,
    database: target.database,
    request_timeout: STATEMENT_TIMEOUT_MS,
    // A header now and then, so that no balancer in between takes a statement at work for a dead connection.
    clickhouse_settings: { send_progress_in_http_headers: 1, http_headers_progress_interval_ms: "20000" },
    max_response_headers_size: 4 * 1024 * 1024,
  });
  try {
    await server.command({ query: `CREATE DATABASE IF NOT EXISTS ${target.database}` });
    await client.command({
      query: `CREATE TABLE IF NOT EXISTS migrations (name String, checksum String, applied_at DateTime('UTC') DEFAULT now())
              ENGINE = ReplacingMergeTree(applied_at) ORDER BY name`,
    });
    return await applyMissing(client, sqlFiles(folder));
  } finally {
    await Promise.all([server.close(), client.close()]);
  }
}

async function applyMissing(client: ClickHouseClient, files: readonly SqlFile[]): Promise<ClickhouseMigration> {
  const answer = await client.query({ query: "SELECT name, checksum FROM migrations FINAL", format: "JSONEachRow" });
  const known = new Map((await answer.json<{ name: string; checksum: string }>()).map((r) => [r.name, r.checksum]));
  const applied: string[] = [];
  for (const { name, checksum, statements } of files) {
    const before = known.get(name);
    if (before === checksum) continue;
    if (before !== undefined)
      throw new Error(
        `infra/clickhouse/${name} has changed since it was applied. Restore it and put the change into a new file with the next number.`,
      );
    for (const [i, query] of statements.entries()) {
      try {
        await waiting(() => client.command({ query }));
      } catch (cause) {
        throw new Error(`ClickHouse refused statement ${i + 1} of ${name}: ${(cause as Error).message}`, { cause });
      }
    }
    await client.insert({ table: "migrations", values: [{ name, checksum }], format: "JSONEachRow" });
    applied.push(name);
  }
  return { applied, present: files.length - applied.length };
}

/** What a file says while an insert that began before it is still under way; longer than a block's time-out it is not waited for, ms. */
const UNDER_WAY = "is still under way";
const LONGEST_WAIT_MS = 150_000;

/** Tries again each second while a statement says that it has to wait. */
async function waiting(run: () => Promise<unknown>): Promise<void> {
  for (const began = Date.now(); ; await pause(1_000)) {
    try {
      await run();
      return;
    } catch (error) {
      if (!(error as Error).message.includes(UNDER_WAY) || Date.now() - began > LONGEST_WAIT_MS) throw error;
    }
  }
}

/** The .sql files of a folder, by number. The checksum leaves comments out: explaining better is no change. */
function sqlFiles(folder: string): SqlFile[] {
  return readdirSync(folder)
    .filter((name) => /^\d{3}-[\w-]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const statements = splitStatements(readFileSync(join(folder, name), "utf8"));
      return { name, statements, checksum: createHash("sha256").update(statements.join(";\n")).digest("hex") };
    });
}

/** Statements end with a semicolon at the end of a line; lines that begin with -- are comments. */
export function splitStatements(sql: string): string[] {
  return sql
    .split("\n")
    .filter((line) => !/^\s*--/.test(line))
    .join("\n")
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
