import { join } from "node:path";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { checkArchiveFile } from "./archive-file.ts";
import { type ArchivedTable, partitionOf } from "./archived-tables.ts";
import { withDay } from "./day-lock.ts";
import { folderOf, type Manifest, readManifest } from "./manifest.ts";
import { described, lifetimeOf, type SideTable, sideTable, temporaryTable } from "./side-table.ts";
import { checkColumns, contentOf, copyLacking, type Database, loadFile } from "./table-content.ts";

export interface RestoreOptions {
  readonly db: Database;
  readonly root: string;
  /** Table to restore into; made when it is not there, and it keeps its rows for ever. Default: the archived one. */
  readonly into?: string | undefined;
  /** Epoch ms. */
  readonly now: number;
}

export interface RestoredDay {
  /** Of the archive; undefined when there is none of that day. */
  readonly rows: number | undefined;
  /** Put in now; the others were there. */
  readonly added: number;
}

const DAY_MS = 86_400_000;

/**
 * Puts a day of one table back. Its files are read into a table beside, compared with the manifest there, and what the live table has not
 * is attached as parts: views do not run again, and no row is there twice.
 * @throws SluiceError `ARCHIVE_BROKEN`, `COLUMNS_DIFFER`, `DAY_TOO_OLD`, `TTL_UNREADABLE`, `DAY_LOCKED`, `DROP_UNFINISHED`, `RESTORE_DIFFERS`
 */
export async function restoreDay(table: ArchivedTable, day: string, options: RestoreOptions): Promise<RestoredDay> {
  const { db, root, into = table.name } = options;
  const folder = folderOf(root, table.name, day);
  const manifest = readManifest(folder);
  if (manifest === undefined) return { rows: undefined, added: 0 };
  if (manifest.table !== table.name || manifest.day !== day)
    throw new SluiceError(`${folder} holds ${manifest.table} of ${manifest.day}`, { code: "ARCHIVE_BROKEN" });
  for (const file of manifest.files) await checkArchiveFile(folder, file);
  if (into !== table.name) await makeTarget(db, into, table.name);
  await checkColumns(db, into, manifest.columns);
  await checkAge(db, table, into, day, options.now);
  return withDay(db, into, day, async () => {
    const staged = await temporaryTable(db, into, "keep-ttl");
    try {
      return { rows: manifest.rows, added: await restore(table, day, folder, manifest, db, into, staged) };
    } finally {
      await staged.drop();
    }
  });
}

async function restore(
  table: ArchivedTable,
  day: string,
  folder: string,
  manifest: Manifest,
  db: Database,
  into: string,
  staged: SideTable,
): Promise<number> {
  const { columns } = manifest;
  for (const { name } of manifest.files) await loadFile(db, staged.name, columns, join(folder, name));
  const whole = await contentOf(db, table, day, columns, staged.name);
  if (whole.rows !== manifest.rows || whole.checksum !== BigInt(manifest.checksum))
    throw new SluiceError(
      `${folder}: its files have ${whole.rows} rows with the checksum ${whole.checksum}, and the manifest says ${manifest.rows} with ${manifest.checksum}`,
      { code: "ARCHIVE_BROKEN" },
    );
  const before = await contentOf(db, table, day, columns, into);
  const attach = (from: string) =>
    db.command({ query: `ALTER TABLE ${into} ATTACH PARTITION ID '${partitionOf(day)}' FROM ${from}` });
  if (before.rows === 0) {
    await attach(staged.name);
    await check(table, day, manifest, db, into, whole);
    return whole.rows;
  }
  const lacking = await temporaryTable(db, into, "keep-ttl");
  try {
    await copyLacking(db, table, day, columns, { from: staged.name, to: lacking.name, lackedBy: into });
    const added = await contentOf(db, table, day, columns, lacking.name);
    if (added.rows === 0) return 0;
    await attach(lacking.name);
    // Of a table whose rows are folded, what was there and what is new may be one.
    const sum = { rows: before.rows + added.rows, checksum: BigInt.asUintN(64, before.checksum + added.checksum) };
    if (!table.folded) await check(table, day, manifest, db, into, sum);
    return added.rows;
  } finally {
    await lacking.drop();
  }
}

async function check(
  table: ArchivedTable,
  day: string,
  { columns }: Manifest,
  db: Database,
  into: string,
  wanted: { readonly rows: number; readonly checksum: bigint },
): Promise<void> {
  const found = await contentOf(db, table, day, columns, into);
  if (found.rows === wanted.rows && found.checksum === wanted.checksum) return;
  throw new SluiceError(
    `${into} has ${found.rows} rows of ${day} with the checksum ${found.checksum}, not ${wanted.rows} with ${wanted.checksum}: rows came in meanwhile, or went; run it again`,
    { code: "RESTORE_DIFFERS" },
  );
}

async function makeTarget(db: Database, into: string, like: string): Promise<void> {
  if ((await described(db, into)) === undefined) await sideTable(db, into, like, "no-ttl");
}

/** What is older than the table keeps would be gone with the next merge. */
async function checkAge(db: Database, table: ArchivedTable, into: string, day: string, now: number): Promise<void> {
  const lifetime = await lifetimeOf(db, into);
  if (lifetime === undefined) return;
  const instead = `--table ${table.name} --into ${into}_archive restores it into a table that keeps everything`;
  const { days, ttl } = lifetime;
  if (days === undefined)
    throw new SluiceError(`${into} has the TTL ${ttl}: whether it keeps ${day} cannot be told; ${instead}`, {
      code: "TTL_UNREADABLE",
    });
  if (Date.parse(day) + (days + 1) * DAY_MS > now) return;
  throw new SluiceError(`${into} keeps ${days} days and would remove ${day} again: ${instead}`, {
    code: "DAY_TOO_OLD",
  });
}
