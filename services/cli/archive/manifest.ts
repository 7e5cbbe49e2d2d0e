import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";

const count = z.number().int().min(0);
const column = z.object({ name: z.string().regex(/^\w+$/), type: z.string() });
const file = z.object({
  /** Beside the manifest. */
  name: z.string().regex(/^[\w.-]+\.parquet$/),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What a day's archive of one table holds. It is written last: an archive without one is none. */
const manifest = z.object({
  format: z.literal(1),
  table: z.string(),
  day: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  rows: count,
  /** Sum of the rows' 64-bit hashes, modulo 2^64, in decimal: their order does not matter. */
  checksum: z.string().regex(/^\d{1,20}$/),
  columns: z.array(column).min(1),
  files: z.array(file),
  /** The last migration of the database that it was made of, Sluice's version, and ClickHouse's. */
  schema: z.string(),
  sluice: z.string(),
  clickhouse: z.string(),
  archivedAt: z.string(),
});

export type Manifest = z.infer<typeof manifest>;
export type ArchivedFile = Manifest["files"][number];
export type ArchivedColumn = Manifest["columns"][number];

/** Whether a table or the files have what the manifest says. */
export function agrees(manifest: Manifest, { rows, checksum }: { rows: number; checksum: bigint }): boolean {
  return manifest.rows === rows && BigInt(manifest.checksum) === checksum;
}

const NAME = "manifest.json";

/** Folder of a table's day. */
export function folderOf(root: string, table: string, day: string): string {
  return join(root, table, day);
}

/** Undefined when there is no archive of that day. @throws SluiceError `ARCHIVE_BROKEN` naming the file and the field. */
export function readManifest(folder: string): Manifest | undefined {
  const path = join(folder, NAME);
  if (!existsSync(path)) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new SluiceError(`${path} is not JSON`, { code: "ARCHIVE_BROKEN", cause });
  }
  const read = manifest.safeParse(content);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new SluiceError(`${path}: ${issue?.path.join(".")}: ${issue?.message}`, { code: "ARCHIVE_BROKEN" });
}

/** Whole or not at all, and on the disk when it returns. */
export function writeManifest(folder: string, content: Manifest): void {
  const path = join(folder, NAME);
  const draft = `${path}.${process.pid}.part`;
  const descriptor = openSync(draft, "w");
  try {
    // Not writeSync: where the disk is nearly full that writes a part, and says so by a number only.
    writeFileSync(descriptor, `${JSON.stringify(content, undefined, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, path);
  syncFolder(folder);
}

/** Makes a folder, and it and its place in the ones above are on the disk. */
export function makeFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true });
  if (made === undefined) return;
  for (let at = folder; at.length >= made.length; at = dirname(at)) syncFolder(at);
  syncFolder(dirname(made));
}

/** A name in a folder is on the disk only when the folder is. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
