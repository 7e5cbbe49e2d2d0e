import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Migration from "../../../infra/clickhouse/migrate.ts";
import type * as EventRow from "../../../pipeline/records/event-row.ts";
import type * as Inserting from "../../../platform/clickhouse/block-inserter.ts";
import { Secret } from "../../../platform/config/secret.ts";
import type * as Sink from "../../../platform/kafka/sink.ts";
import type { InsertSide } from "./insert-cost.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");
/** Where the rows of events are written, and where they were in earlier commits. */
const EVENT_ROW = ["pipeline/records/event-row.ts", "services/analytics-sink/event-row.ts"];

/**
 * The tables of a commit, made by its own migration in a database of its own, and its own inserter; `HEAD`: of this working tree.
 * The packages are today's.
 */
export async function insertSide(
  server: OwnClickhouse,
  commit: string,
  database = `rows_${commit}`,
): Promise<InsertSide & { close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-sql-source-"));
  const source = commit === "HEAD" ? PROJECT : join(folder, "source");
  if (commit !== "HEAD") unpack(commit, source);
  const load = (file: string) => import(pathToFileURL(join(source, file)).href);
  const { migrateClickhouse } = (await load("infra/clickhouse/migrate.ts")) as typeof Migration;
  const { BlockInserter } = (await load("platform/clickhouse/block-inserter.ts")) as typeof Inserting;
  const { EVENT_COLUMNS, EVENT_TYPES } = (await load(
    EVENT_ROW.find((file) => existsSync(join(source, file)))!,
  )) as Partial<typeof EventRow> & Pick<typeof EventRow, "EVENT_COLUMNS">;
  // Before there were types, the sink wrote RowBinary.
  const format = EVENT_TYPES === undefined ? "RowBinary" : "Native";
  // Before there were large blocks, the sink gave all of them the same time.
  const { LARGE } = (await load("platform/kafka/sink.ts")) as Partial<typeof Sink>;
  await migrateClickhouse({ url: server.url, user: server.user, password: server.password, database });
  const inserter = new BlockInserter(
    {
      ...{ clickhouseUrl: server.url, clickhouseUser: server.user, clickhouseDatabase: database },
      clickhousePassword: new Secret(server.password),
    },
    { table: "events", columns: EVENT_COLUMNS, format, connections: 4, timeoutMs: 120_000 },
  );
  return {
    ...{ name: commit, database, columns: EVENT_COLUMNS, format, spans: LARGE === undefined ? 1 : 2 },
    insert: (rows, token) => inserter.insert(rows, token),
    close: async () => {
      await inserter.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function unpack(commit: string, target: string): void {
  mkdirSync(target);
  const archive = execFileSync("git", ["archive", commit], { cwd: PROJECT, maxBuffer: 1 << 28 });
  execFileSync("tar", ["-x", "-C", target], { input: archive });
  symlinkSync(join(PROJECT, "node_modules"), join(target, "node_modules"));
}
