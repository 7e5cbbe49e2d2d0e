import { hostname } from "node:os";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { partitionOf } from "./archived-tables.ts";
import { described, dropTable, isThere } from "./side-table.ts";
import type { Database } from "./table-content.ts";

/** A day is moved here before it is removed. Nobody removes such a table by its age: it may hold the only rows of a day. */
export function droppingTable(table: string, day: string): string {
  return `sluice_dropping_${table}_${partitionOf(day)}`;
}

/**
 * Has a table's day for one command, archive or restore, wherever it runs, while `work` is done: ClickHouse makes a table of one name once.
 * @throws SluiceError `DAY_LOCKED` naming who has it; `DROP_UNFINISHED` when a command that removed the day was cut off
 */
export async function withDay<T>(db: Database, table: string, day: string, work: () => Promise<T>): Promise<T> {
  const name = `sluice_lock_${table}_${partitionOf(day)}`;
  await take(db, name, `${day} of ${table}`);
  let done: T;
  try {
    if ((await described(db, droppingTable(table, day))) !== undefined) throw dropUnfinished(table, day);
    done = await work();
  } catch (error) {
    // What went wrong is of more use than that the lock stays, which the next command tells.
    await dropTable(db, name).catch(() => undefined);
    throw error;
  }
  await dropTable(db, name);
  return done;
}

async function take(db: Database, name: string, what: string): Promise<void> {
  const owner = `process ${process.pid} on ${hostname().replaceAll(/[^\w.-]/g, "_")} since ${new Date().toISOString()}`;
  try {
    await db.command({
      query: `CREATE TABLE ${name} (nothing UInt8) ENGINE = MergeTree ORDER BY tuple() COMMENT '${owner}'`,
    });
  } catch (cause) {
    if (!isThere(cause)) throw cause;
    const by = (await described(db, name))?.comment ?? "it has just ended";
    throw new SluiceError(
      `another command archives or restores ${what} (${by}); if it was killed, DROP TABLE ${name} lets the day go`,
      { code: "DAY_LOCKED", class: "transient" },
    );
  }
}

export function dropUnfinished(table: string, day: string, cause?: unknown): SluiceError {
  const name = droppingTable(table, day);
  const back = `ALTER TABLE ${name} MOVE PARTITION ID '${partitionOf(day)}' TO TABLE ${table}; DROP TABLE ${name}`;
  return new SluiceError(
    `a command that dropped ${day} of ${table} was cut off, and its rows may stand in ${name}. They go back with: ${back}`,
    { code: "DROP_UNFINISHED", cause },
  );
}
