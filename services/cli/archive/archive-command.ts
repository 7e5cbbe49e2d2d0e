import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ClickHouseError } from "@clickhouse/client";
import { z } from "zod";
import { clickhouseSettings } from "../../../platform/clickhouse/settings.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { errorMessage, SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { Command, CommandHost } from "../command.ts";
import { clientOf } from "../rows/audit-rows.ts";
import { archiveDay } from "./archive-day.ts";
import { type ArchivedTable, DROP_AFTER_DAYS } from "./archived-tables.ts";
import { type ArchiveArguments, readArchiveArguments, readRestoreArguments } from "./arguments.ts";
import { restoreDay } from "./restore-day.ts";
import type { Database } from "./table-content.ts";

const settings = z.object({ ...clickhouseSettings });

const SHARED = `  --day <day>         a day (UTC) such as 2026-11-01, or several: 2026-11-01..2026-11-30
  --table <name>      events, dead_letters or conversions; may be given several times. Default: all three
  --json              a line of JSON for each day and table
ClickHouse is found by SLUICE_CLICKHOUSE_URL, _USER, _PASSWORD and _DATABASE, as a user who may create tables: the migration's.`;

const ARCHIVE_HELP = `usage: sluice archive --day <day> --to <folder> [options]
Writes days of the raw tables into Parquet files, <folder>/<table>/<day>/, each with a manifest: rows, a checksum of the content whatever its
order, columns with their types, versions. ClickHouse reads the files back into a table of its own before the manifest is written. A run
that breaks off leaves no manifest and may be repeated. Roll-ups are not archived; they are kept longer. Exit code 2 when a day could
not be archived, or not dropped; the others are. 64 for arguments that it does not understand.
  --to <folder>       the archive
  --drop              then remove the day from ClickHouse; a row that has come in since goes back, and nothing is removed. Only of days that
                      ended ${DROP_AFTER_DAYS} days ago or earlier: without their rows replayed dead letters may be sent twice, audit --clickhouse calls events
                      missing, and the watch for abnormal traffic has nothing to learn from. Keep them for longer where
                      SLUICE_TOPIC_RETENTION or SLUICE_ABNORMAL_HISTORY is longer. conversions, which no roll-up has, only with --table conversions
  --replace           archive a day anew that has other rows now than its archive; refused unless all rows of the archive are among them
${SHARED}`;

const RESTORE_HELP = `usage: sluice restore --day <day> --from <folder> [options]
Puts archived days back. The files are read into a table beside and compared with the manifest; what the live table has not is attached to
it. No view runs again, so that nothing is added to the roll-ups, and no row is there twice, however often it is run. Exit code 1 when
a day has no archive (of a table that --table names; without it, of all three), 2 when one could not be restored; the others are. 64 for
arguments that it does not understand.
  --from <folder>     the archive
  --into <table>      into a table of this name, made when it is not there, which keeps its rows for ever; with one --table. What is
                      older than the live table keeps can be restored only so
${SHARED}`;

/** `sluice archive`. */
export const archiveCommand: Command = {
  summary: "days of ClickHouse's raw tables into Parquet files, checked, and dropped if asked",
  help: ARCHIVE_HELP,
  run: (args, host) => {
    const asked = readArchiveArguments(args);
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"));
    return withDatabase(host, async (db) => {
      const failed = await each(asked, host, async (table, day) => {
        const drop = asked.drop && (asked.named || !table.droppedByName);
        const options = { db, root: asked.folder, replace: asked.replace, drop };
        const found = await archiveDay(table, day, { ...options, sluice: version, now: Date.now() });
        const words = { archived: "archived", kept: "was archived", nothing: "no rows" }[found.did];
        const size = found.did === "nothing" ? "" : `: ${found.rows} rows, ${(found.bytes / 1e6).toFixed(1)} MB`;
        const left = asked.drop && !drop ? ", not dropped: it is not named" : "";
        return { found, text: `${words}${size}${found.dropped ? ", dropped" : left}` };
      });
      return failed > 0 ? 2 : 0;
    });
  },
};

/** `sluice restore`. */
export const restoreCommand: Command = {
  summary: "archived days back into ClickHouse, nothing twice",
  help: RESTORE_HELP,
  run: (args, host) => {
    const asked = readRestoreArguments(args);
    return withDatabase(host, async (db) => {
      const lacking = new Map<string, number>();
      const failed = await each(asked, host, async (table, day) => {
        const found = await restoreDay(table, day, { db, root: asked.folder, into: asked.into, now: Date.now() });
        if (found.rows === undefined) lacking.set(day, (lacking.get(day) ?? 0) + 1);
        const text =
          found.rows === undefined
            ? `has no archive in ${asked.folder}`
            : `restored: ${found.added} of ${found.rows} rows, the others were there`;
        return { found, text };
      });
      if (failed > 0) return 2;
      // A day without rows in one of the tables has no archive of it.
      const most = asked.named ? 0 : asked.tables.length - 1;
      return [...lacking.values()].some((tables) => tables > most) ? 1 : 0;
    });
  },
};

interface Told {
  readonly found: object;
  readonly text: string;
}

/**
 * Works on each day of each table, and gives how many failed: what is wrong with one does not keep the others. When ClickHouse or the disk does
 * not answer, it ends.
 */
async function each(
  { days, tables, json }: ArchiveArguments,
  host: CommandHost,
  work: (table: ArchivedTable, day: string) => Promise<Told>,
): Promise<number> {
  let failed = 0;
  for (const day of days)
    for (const table of tables) {
      const began = performance.now();
      try {
        const { found, text } = await work(table, day);
        const ms = Math.round(performance.now() - began);
        const facts = { table: table.name, day, ...found, ms };
        host.print(json ? JSON.stringify(facts) : `${table.name} ${day} ${text} (${seconds(ms)})`);
      } catch (error) {
        if (!(error instanceof SluiceError || error instanceof ClickHouseError)) throw error;
        failed++;
        const told = errorMessage(error);
        host.tell(`${table.name} ${day} failed: ${told}`);
        if (json) host.print(JSON.stringify({ table: table.name, day, code: error.code, error: told }));
      }
    }
  return failed;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

async function withDatabase(host: CommandHost, work: (db: Database) => Promise<number>): Promise<number> {
  const db = clientOf(readConfig("sluice", settings, host.env, ["SLUICE_*"]));
  try {
    return await work(db);
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError("it did not come to an end", { code: "ARCHIVE_FAILED", cause });
  } finally {
    await db.close();
  }
}
