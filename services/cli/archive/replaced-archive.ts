import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { checkArchiveFile } from "./archive-file.ts";
import type { ArchivedTable } from "./archived-tables.ts";
import { agrees, type Manifest } from "./manifest.ts";
import { temporaryTable } from "./side-table.ts";
import { checkColumns, contentOf, countLacking, type Database, loadFile } from "./table-content.ts";

/** What has been archived anew, and a table of its own into which its files have been read. */
export interface NewArchive {
  readonly manifest: Manifest;
  readonly side: string;
}

/**
 * An archive may be replaced only by one that has all of its rows: it may be the only place where they are. Of a table whose rows are folded, a
 * row that has been told more of since is in the new one.
 * @throws SluiceError `ARCHIVE_HAS_MORE`; `ARCHIVE_BROKEN` or `COLUMNS_DIFFER` when nobody can tell
 */
export async function checkReplaced(
  db: Database,
  table: ArchivedTable,
  folder: string,
  old: Manifest,
  { manifest, side }: NewArchive,
): Promise<void> {
  const { day } = manifest;
  for (const file of old.files) await checkArchiveFile(folder, file);
  await checkColumns(db, table.name, old.columns);
  const load = async (into: string) => {
    for (const { name } of old.files) await loadFile(db, into, old.columns, join(folder, name));
  };
  if (table.folded) {
    await load(side);
    if (!agrees(manifest, await contentOf(db, table, day, manifest.columns, side))) throw hasMore(folder, table, old);
    return;
  }
  const before = await temporaryTable(db, table.name);
  try {
    await load(before.name);
    const rows = await countLacking(db, table, day, old.columns, { from: before.name, lackedBy: side });
    if (rows > 0) throw hasMore(folder, table, old);
  } finally {
    await before.drop();
  }
}

export function hasMore(folder: string, { name }: ArchivedTable, { day, rows }: Manifest): SluiceError {
  return new SluiceError(
    `${folder} holds ${rows} rows of ${day}, and not all of them are in ${name} now: replacing it would lose them; restore it first, or choose another folder`,
    { code: "ARCHIVE_HAS_MORE" },
  );
}

/**
 * Removes the files of an archive that this one has replaced, and of runs that broke off. What is younger may be another run's; where one of its own is
 * lost, nobody can tell.
 */
export function removeOthers(folder: string, { files }: Manifest): void {
  const named = new Set(files.map(({ name }) => name));
  if ([...named].some((name) => !existsSync(join(folder, name)))) return;
  const writtenAt = (name: string) => statSync(join(folder, name)).mtimeMs;
  const began = Math.min(...[...named].map(writtenAt));
  for (const name of readdirSync(folder))
    if (/\.(parquet|part)$/.test(name) && !named.has(name) && writtenAt(name) < began)
      rmSync(join(folder, name), { force: true });
}
