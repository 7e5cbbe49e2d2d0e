import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { archiveDay } from "../../../../services/cli/archive/archive-day.ts";
import { readManifest } from "../../../../services/cli/archive/manifest.ts";
import { EVENTS, TablesInMemory } from "./tables-in-memory.ts";

const DAY = "2026-10-01";
const NOW = Date.parse("2026-12-01");
const PARQUET = /FORMAT Parquet$/;

let root: string;
let tables: TablesInMemory;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sluice-archive-day-"));
  tables = new TablesInMemory();
  tables.rows.set("events", 5);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const archive = (more: { drop?: boolean; replace?: boolean } = {}) =>
  archiveDay(EVENTS, DAY, {
    db: tables.database,
    root,
    replace: false,
    drop: false,
    sluice: "test",
    now: NOW,
    ...more,
  });
const folder = () => join(root, "events", DAY);
const fileNames = () => readdirSync(folder()).filter((name) => name.endsWith(".parquet"));

it("keeps an archive that has the same content, and drops its day later", async () => {
  expect(await archive()).toMatchObject({ did: "archived", rows: 5, dropped: false });
  expect(await archive({ drop: true })).toMatchObject({ did: "kept", rows: 5, dropped: true });
  expect([...tables.rows]).toEqual([["events", 0]]);
  // Of a day that is gone the archive is all there is.
  expect(await archive()).toMatchObject({ did: "kept", rows: 5, dropped: false });
  expect(fileNames()).toHaveLength(1);
});

it("drops no day whose archive from before has lost a file or a part of one", async () => {
  await archive();
  const [file] = fileNames();
  truncateSync(join(folder(), file!), 6);
  await expect(archive({ drop: true })).rejects.toMatchObject({ code: "ARCHIVE_BROKEN" });
  rmSync(join(folder(), file!));
  await expect(archive({ drop: true })).rejects.toMatchObject({ code: "ARCHIVE_BROKEN" });
  expect([...tables.rows]).toEqual([["events", 5]]);
});

it("drops no day whose archive from before ClickHouse does not read back as the manifest says", async () => {
  await archive();
  tables.before = (statement) => {
    const [, side] = /^INSERT INTO (sluice_side_\w+)/.exec(statement) ?? [];
    if (side !== undefined) tables.add(side, -1);
  };
  await expect(archive({ drop: true })).rejects.toMatchObject({
    code: "ARCHIVE_BROKEN",
    message: expect.stringContaining("read back, the files have 4 rows"),
  });
  expect([...tables.rows]).toEqual([["events", 5]]);
});

/** So many times a row comes in just after the table has been read into a file. */
function rowsComeIn(times: number): void {
  let read = false;
  tables.before = (statement) => {
    if (read && times-- > 0) tables.add("events", 1);
    read = PARQUET.test(statement) && !statement.startsWith("INSERT");
  };
}

it("begins a day again into which a row comes while it is written, and gives up when that goes on", async () => {
  rowsComeIn(2);
  expect(await archive()).toMatchObject({ did: "archived", rows: 7 });
  tables.add("events", 1);
  rowsComeIn(3);
  await expect(archive({ replace: true })).rejects.toMatchObject({ code: "DAY_CHANGES" });
  expect(readManifest(folder())).toMatchObject({ rows: 7 });
  tables.before = () => {};
  expect(await archive({ replace: true })).toMatchObject({ did: "archived", rows: 11 });
});

it("leaves no manifest when rows come in each time", async () => {
  rowsComeIn(99);
  await expect(archive({ drop: true })).rejects.toMatchObject({ code: "DAY_CHANGES", class: "transient" });
  expect(existsSync(join(folder(), "manifest.json"))).toBe(false);
});

it("reads no day anew that has fewer rows than its archive", async () => {
  await archive();
  tables.rows.set("events", 4);
  let reads = 0;
  tables.before = (statement) => {
    if (PARQUET.test(statement)) reads++;
  };
  await expect(archive()).rejects.toMatchObject({ code: "ARCHIVE_DIFFERS" });
  await expect(archive({ replace: true })).rejects.toMatchObject({ code: "ARCHIVE_HAS_MORE" });
  expect(reads).toBe(0);
});

it("keeps an archive from before a column came, and drops its day, where the column says nothing", async () => {
  await archive();
  tables.columns = [...tables.columns, { name: "verdict", type: "String" }];
  expect(await archive()).toMatchObject({ did: "kept", rows: 5 });
  tables.filled.set("events", 1);
  await expect(archive({ drop: true })).rejects.toMatchObject({ code: "ARCHIVE_DIFFERS" });
  expect([...tables.rows]).toEqual([["events", 5]]);
  tables.filled.clear();
  expect(await archive({ drop: true })).toMatchObject({ did: "kept", rows: 5, dropped: true });
});

it("removes what a run left that broke off when its archive had taken an older one's place", async () => {
  await archive();
  const left = join(folder(), "2026-10-01-00-000-0123456789abcdef.parquet");
  writeFileSync(left, "");
  utimesSync(left, 1_000, 1_000);
  expect(await archive()).toMatchObject({ did: "kept" });
  expect(existsSync(left)).toBe(false);
  // What is lost is no reason to remove another file.
  const [file] = fileNames();
  writeFileSync(left, "");
  utimesSync(left, 1_000, 1_000);
  rmSync(join(folder(), file!));
  expect(await archive()).toMatchObject({ did: "kept" });
  expect(existsSync(left)).toBe(true);
});
