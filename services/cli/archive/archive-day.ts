import { join } from "node:path";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { checkArchiveFile, writeArchiveFile } from "./archive-file.ts";
import { type ArchivedTable, DROP_AFTER_DAYS, isOver, mayBeDropped } from "./archived-tables.ts";
import { withDay } from "./day-lock.ts";
import { dropDay } from "./drop-day.ts";
import {
  type ArchivedColumn,
  type ArchivedFile,
  agrees,
  folderOf,
  type Manifest,
  makeFolder,
  readManifest,
  writeManifest,
} from "./manifest.ts";
import { checkReplaced, hasMore, removeOthers } from "./replaced-archive.ts";
import { temporaryTable } from "./side-table.ts";
import { type Content, columnsOf, contentOf, type Database, loadFile, piecesOf, readPiece } from "./table-content.ts";

export interface ArchiveOptions {
  readonly db: Database;
  /** Of the archive. */
  readonly root: string;
  /** Take the place of an older archive of the day, all of whose rows the table has. */
  readonly replace: boolean;
  /** Remove the day from ClickHouse once its archive has been read back. */
  readonly drop: boolean;
  readonly sluice: string;
  /** Epoch ms. */
  readonly now: number;
  /** Rows of a file at the most. Default: as piecesOf. */
  readonly fileRows?: number;
}

export interface ArchivedDay {
  /** `nothing`: no row of that day, and no archive. `kept`: an archive with the same content was there. */
  readonly did: "archived" | "kept" | "nothing";
  readonly rows: number;
  readonly bytes: number;
  readonly dropped: boolean;
}

/** Late rows may come in while a day is written: as often it is begun again. */
const TRIES = 3;

/**
 * Writes a day of one table into Parquet files, reads them back into a table of its own, and compares count and checksum; the manifest
 * comes last. A run that breaks off leaves files that no manifest names.
 * @throws SluiceError `DAY_NOT_OVER`, `DAY_TOO_YOUNG`, `ARCHIVE_DIFFERS`, `ARCHIVE_HAS_MORE`, `ARCHIVE_BROKEN`, `DAY_CHANGES`, and of withDay
 */
export async function archiveDay(table: ArchivedTable, day: string, options: ArchiveOptions): Promise<ArchivedDay> {
  const { db, drop, now } = options;
  if (!isOver(day, now))
    throw new SluiceError(`${day} is not over (UTC): its rows still come in`, { code: "DAY_NOT_OVER" });
  if (drop && !mayBeDropped(day, now))
    throw new SluiceError(
      `${day} is too young to be dropped, and was not archived: until ${DROP_AFTER_DAYS} days after its end its rows are asked for; without --drop it is archived`,
      { code: "DAY_TOO_YOUNG" },
    );
  return withDay(db, table.name, day, () => archiveLocked(table, day, options));
}

async function archiveLocked(table: ArchivedTable, day: string, options: ArchiveOptions): Promise<ArchivedDay> {
  const { db } = options;
  const folder = folderOf(options.root, table.name, day);
  const before = readManifest(folder);
  const columns = await columnsOf(db, table.name);
  const content = await contentOf(db, table, day, columns);
  if (content.rows === 0)
    return {
      did: before ? "kept" : "nothing",
      rows: before?.rows ?? 0,
      bytes: bytesOf(before?.files ?? []),
      dropped: false,
    };
  const kept =
    before !== undefined &&
    (agrees(before, content) || (await isSameWithColumns(table, day, folder, before, { columns, content }, db)));
  if (before !== undefined && !kept && !options.replace)
    throw new SluiceError(
      `${folder} holds ${before.rows} rows of ${day} and ${table.name} has ${content.rows}, which are not the same. --replace archives it anew if all of the archive's rows are in ${table.name}; if not, restore it first, or choose another folder`,
      { code: "ARCHIVE_DIFFERS" },
    );
  if (before !== undefined && !kept && !table.folded && before.rows > content.rows)
    throw hasMore(folder, table, before);
  // The run that replaced another archive may have broken off before it removed that one's files.
  if (kept) removeOthers(folder, before);
  const manifest = kept ? before : await write(table, day, folder, options, before);
  // An archive from before is trusted no more than a new one: a file may have been lost since.
  if (kept && options.drop) {
    for (const file of manifest.files) await checkArchiveFile(folder, file);
    await readBack(table, day, folder, manifest, db);
  }
  if (options.drop) await dropDay(table, day, manifest, db);
  return {
    did: kept ? "kept" : "archived",
    rows: manifest.rows,
    bytes: bytesOf(manifest.files),
    dropped: options.drop,
  };
}

const bytesOf = (files: readonly ArchivedFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

async function write(
  table: ArchivedTable,
  day: string,
  folder: string,
  options: ArchiveOptions,
  replaced: Manifest | undefined,
): Promise<Manifest> {
  const { db } = options;
  makeFolder(folder);
  for (let tries = 1; ; tries++) {
    const columns = await columnsOf(db, table.name);
    const content = await contentOf(db, table, day, columns);
    const files: ArchivedFile[] = [];
    for (const piece of await piecesOf(db, table, day, options.fileRows)) {
      const { rows, content: parquet } = await readPiece(db, table, columns, piece);
      files.push(await writeArchiveFile(folder, piece.stem, parquet, rows));
    }
    const manifest: Manifest = {
      format: 1,
      table: table.name,
      day,
      rows: content.rows,
      checksum: String(content.checksum),
      columns,
      files,
      ...(await versionsOf(db)),
      sluice: options.sluice,
      archivedAt: new Date(options.now).toISOString(),
    };
    const steady = agrees(manifest, await contentOf(db, table, day, columns));
    if (steady) {
      await readBack(table, day, folder, manifest, db, replaced);
      writeManifest(folder, manifest);
      removeOthers(folder, manifest);
      return manifest;
    }
    if (tries === TRIES)
      throw new SluiceError(
        `rows of ${day} came into ${table.name} while it was archived, ${TRIES} times: try again later`,
        {
          code: "DAY_CHANGES",
          class: "transient",
        },
      );
  }
}

interface Live {
  readonly columns: readonly ArchivedColumn[];
  readonly content: Content;
}

/**
 * Whether an archive from before columns came gives back what the table has of its day: in all of its rows they say what they say where they are not
 * written. @throws SluiceError `ARCHIVE_BROKEN`
 */
async function isSameWithColumns(
  table: ArchivedTable,
  day: string,
  folder: string,
  archive: Manifest,
  { columns, content }: Live,
  db: Database,
): Promise<boolean> {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const cameSince = archive.columns.every(({ name, type }) => types.get(name) === type);
  if (!cameSince || columns.length === archive.columns.length || archive.rows !== content.rows) return false;
  if (!agrees(archive, await contentOf(db, table, day, archive.columns))) return false;
  for (const file of archive.files) await checkArchiveFile(folder, file);
  const side = await temporaryTable(db, table.name);
  try {
    for (const { name } of archive.files) await loadFile(db, side.name, archive.columns, join(folder, name));
    const found = await contentOf(db, table, day, columns, side.name);
    return found.rows === content.rows && found.checksum === content.checksum;
  } finally {
    await side.drop();
  }
}

/**
 * @throws SluiceError `ARCHIVE_BROKEN` when the files are not what the manifest says, read by ClickHouse itself, and of checkReplaced
 */
async function readBack(
  table: ArchivedTable,
  day: string,
  folder: string,
  manifest: Manifest,
  db: Database,
  replaced?: Manifest,
): Promise<void> {
  const side = await temporaryTable(db, table.name);
  try {
    for (const { name } of manifest.files) await loadFile(db, side.name, manifest.columns, join(folder, name));
    const found = await contentOf(db, table, day, manifest.columns, side.name);
    if (!agrees(manifest, found))
      throw new SluiceError(
        `${folder}: read back, the files have ${found.rows} rows with the checksum ${found.checksum}; ${table.name} has ${manifest.rows} with ${manifest.checksum}`,
        { code: "ARCHIVE_BROKEN" },
      );
    if (replaced !== undefined) await checkReplaced(db, table, folder, replaced, { manifest, side: side.name });
  } finally {
    await side.drop();
  }
}

async function versionsOf(db: Database): Promise<{ schema: string; clickhouse: string }> {
  const query = "SELECT max(name) AS schema, version() AS clickhouse FROM migrations";
  const found = await db.query({ query, format: "JSONEachRow" });
  const [row] = await found.json<{ schema: string; clickhouse: string }>();
  return { schema: row?.schema ?? "", clickhouse: row?.clickhouse ?? "" };
}
