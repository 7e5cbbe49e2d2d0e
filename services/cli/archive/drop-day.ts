import { ClickHouseError } from "@clickhouse/client";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { type ArchivedTable, partitionOf } from "./archived-tables.ts";
import { droppingTable, dropUnfinished } from "./day-lock.ts";
import { agrees, type Manifest } from "./manifest.ts";
import { dropTable, sideTable } from "./side-table.ts";
import { contentOf, type Database } from "./table-content.ts";

/**
 * Removes the day, which this command has locked. It is moved away as one and looked at there, so that a row that came in after the archive
 * is found and goes back instead of being lost; so does all of it when it cannot be looked at.
 * @throws SluiceError `DAY_CHANGES`; `DROP_UNFINISHED` when it could not be moved back
 */
export async function dropDay(table: ArchivedTable, day: string, manifest: Manifest, db: Database): Promise<void> {
  const away = droppingTable(table.name, day);
  const move = (from: string, to: string) =>
    db.command({ query: `ALTER TABLE ${from} MOVE PARTITION ID '${partitionOf(day)}' TO TABLE ${to}` });
  const putBack = async () => {
    try {
      await move(away, table.name);
    } catch (cause) {
      throw dropUnfinished(table.name, day, cause);
    }
    await dropTable(db, away);
  };
  await sideTable(db, away, table.name, "keep-ttl");
  try {
    await move(table.name, away);
  } catch (cause) {
    // Without ClickHouse's answer it may be at it still: the table is empty now, and has the day soon.
    if (!(cause instanceof ClickHouseError)) throw dropUnfinished(table.name, day, cause);
    await putBack();
    throw cause;
  }
  let same: boolean;
  try {
    same = agrees(manifest, await contentOf(db, table, day, manifest.columns, away));
  } catch (cause) {
    await putBack();
    throw cause;
  }
  if (same) return dropTable(db, away);
  await putBack();
  throw new SluiceError(
    `rows of ${day} came into ${table.name} after it was archived: nothing was dropped; --replace archives it anew`,
    { code: "DAY_CHANGES" },
  );
}
