import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { archiveDay } from "../../../../services/cli/archive/archive-day.ts";
import { ARCHIVED_TABLES } from "../../../../services/cli/archive/archived-tables.ts";
import { restoreDay } from "../../../../services/cli/archive/restore-day.ts";
import { EVENTS, TablesInMemory } from "./tables-in-memory.ts";

const DAY = "2026-10-01";
const NOW = Date.parse("2026-12-01");
const LETTERS = ARCHIVED_TABLES[1]!;

let root: string;
let tables: TablesInMemory;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "sluice-restore-day-"));
  tables = new TablesInMemory();
  tables.rows.set("events", 5);
  await archiveDay(EVENTS, DAY, { db: tables.database, root, replace: false, drop: true, sluice: "test", now: NOW });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const restore = (table = EVENTS, day = DAY) => restoreDay(table, day, { db: tables.database, root, now: NOW });
const manifest = () => join(root, "events", DAY, "manifest.json");
function change(changes: object): void {
  writeFileSync(manifest(), JSON.stringify({ ...JSON.parse(readFileSync(manifest(), "utf8")), ...changes }));
}

it("puts in what the table has not, and nothing twice", async () => {
  expect(await restore()).toEqual({ rows: 5, added: 5 });
  expect(await restore()).toEqual({ rows: 5, added: 0 });
  tables.rows.set("events", 2);
  expect(await restore()).toEqual({ rows: 5, added: 3 });
  expect([...tables.rows]).toEqual([["events", 5]]);
});

it("refuses an archive that stands in the folder of another day or table", async () => {
  const other = join(root, "events", "2026-10-02");
  renameSync(join(root, "events", DAY), other);
  await expect(restore(EVENTS, "2026-10-02")).rejects.toMatchObject({
    code: "ARCHIVE_BROKEN",
    message: `${other} holds events of ${DAY}`,
  });
  mkdirSync(join(root, "dead_letters"));
  renameSync(other, join(root, "dead_letters", DAY));
  await expect(restore(LETTERS)).rejects.toMatchObject({ code: "ARCHIVE_BROKEN" });
  expect([...tables.rows]).toEqual([["events", 0]]);
});

it.each([
  ["rows", { rows: 6 }],
  ["content", { checksum: "6" }],
])("refuses files that hold other %s than the manifest says", async (_, changes) => {
  change(changes);
  await expect(restore()).rejects.toMatchObject({ code: "ARCHIVE_BROKEN" });
  expect([...tables.rows]).toEqual([["events", 0]]);
});

it("refuses a table whose columns have another type or are gone; one that came later has its default", async () => {
  tables.columns = [
    { name: "at", type: "DateTime" },
    { name: "later", type: "String" },
  ];
  expect(await restore()).toEqual({ rows: 5, added: 5 });
  tables.rows.set("events", 0);
  tables.columns = [{ name: "at", type: "DateTime64(3, 'UTC')" }];
  await expect(restore()).rejects.toMatchObject({
    code: "COLUMNS_DIFFER",
    message: expect.stringContaining("at was DateTime and is DateTime64(3, 'UTC')"),
  });
  tables.columns = [{ name: "later", type: "String" }];
  await expect(restore()).rejects.toThrow("at was DateTime and is not there");
  expect([...tables.rows]).toEqual([["events", 0]]);
});

it.each([0, 2])("says so when rows come in or go while it attaches, beside %d that are there", async (there) => {
  tables.rows.set("events", there);
  tables.before = (statement) => {
    if (statement.includes(" ATTACH PARTITION ")) tables.add("events", 1);
  };
  await expect(restore()).rejects.toMatchObject({ code: "RESTORE_DIFFERS" });
});

it.each([
  ["files.0.name", { files: [{ name: "../other.parquet", rows: 5, bytes: 11, sha256: "0".repeat(64) }] }],
  ["files.0.sha256", { files: [{ name: "a.parquet", rows: 5, bytes: 11, sha256: "short" }] }],
  ["columns.0.name", { columns: [{ name: "at) FORMAT Null --", type: "DateTime" }] }],
  ["format", { format: 2 }],
])("names the field of a manifest that is wrong: %s", async (field, changes) => {
  change(changes);
  await expect(restore()).rejects.toMatchObject({
    code: "ARCHIVE_BROKEN",
    message: expect.stringContaining(`${manifest()}: ${field}: `),
  });
});

it("names a manifest that is no JSON", async () => {
  writeFileSync(manifest(), "{");
  await expect(restore()).rejects.toThrow(`${manifest()} is not JSON`);
});
