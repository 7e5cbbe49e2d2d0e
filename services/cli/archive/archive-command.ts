import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { clickhouseSettings } from "../../../platform/clickhouse/settings.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { Command, CommandHost } from "../command.ts";
import { clientOf } from "../rows/audit-rows.ts";
import { archiveDay } from "./archive-day.ts";
import { readArchiveArguments, readRestoreArguments } from "./arguments.ts";
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
not be archived, 64 for arguments that it does not understand.
  --to <folder>       the archive
  --drop              then remove the day from ClickHouse; a row that has come in since goes back, and nothing is removed
  --replace           archive a day anew that has other rows now than its archive
${SHARED}`;

const RESTORE_HELP = `usage: sluice restore --day <day> --from <folder> [options]
Puts archived days back. The files are read into a table beside and compared with the manifest; what the live table has not is attached to
it. No view runs again, so that nothing is added to the roll-ups, and no row is there twice, however often it is run. Exit code 1 when
a day has no archive, 2 when one could not be restored, 64 for arguments that it does not understand.
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
      for (const day of asked.days)
        for (const table of asked.tables) {
          const began = performance.now();
          const options = { db, root: asked.folder, replace: asked.replace, drop: asked.drop };
          const found = await archiveDay(table, day, { ...options, sluice: version, now: Date.now() });
          const ms = Math.round(performance.now() - began);
          const words = { archived: "archived", kept: "was archived", nothing: "no rows" }[found.did];
          const size = found.did === "nothing" ? "" : `: ${found.rows} rows, ${(found.bytes / 1e6).toFixed(1)} MB`;
          const text = `${table.name} ${day} ${words}${size}${found.dropped ? ", dropped" : ""} (${seconds(ms)})`;
          host.print(asked.json ? JSON.stringify({ table: table.name, day, ...found, ms }) : text);
        }
      return 0;
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
      let lacking = 0;
      for (const day of asked.days)
        for (const table of asked.tables) {
          const began = performance.now();
          const found = await restoreDay(table, day, { db, root: asked.folder, into: asked.into, now: Date.now() });
          const ms = Math.round(performance.now() - began);
          if (found.rows === undefined) lacking++;
          const text =
            found.rows === undefined
              ? `${table.name} ${day} has no archive in ${asked.folder}`
              : `${table.name} ${day} restored: ${found.added} of ${found.rows} rows, the others were there (${seconds(ms)})`;
          host.print(asked.json ? JSON.stringify({ table: table.name, day, ...found, ms }) : text);
        }
      return lacking > 0 ? 1 : 0;
    });
  },
};

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
