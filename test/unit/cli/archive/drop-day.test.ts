import { beforeEach, expect, it } from "vitest";
import { archiveDay } from "../../../../services/cli/archive/archive-day.ts";
import { droppingTable } from "../../../../services/cli/archive/day-lock.ts";
import { dropDay } from "../../../../services/cli/archive/drop-day.ts";
import type { Manifest } from "../../../../services/cli/archive/manifest.ts";
import { answer, EVENTS, TablesInMemory } from "./tables-in-memory.ts";

const DAY = "2026-10-01";
const AWAY = droppingTable("events", DAY);
const MANIFEST = { rows: 5, checksum: "5", columns: [{ name: "at", type: "DateTime" }] } as unknown as Manifest;

let tables: TablesInMemory;
beforeEach(() => {
  tables = new TablesInMemory();
  tables.rows.set("events", 5);
});
const drop = () => dropDay(EVENTS, DAY, MANIFEST, tables.database);
/** Statements that match fail, as many as there are errors. */
function failing(matches: RegExp, ...errors: Error[]): void {
  tables.before = (statement) => {
    const error = matches.test(statement) ? errors.shift() : undefined;
    if (error !== undefined) throw error;
  };
}

it("removes a day that is as its archive says", async () => {
  await drop();
  expect([...tables.rows]).toEqual([["events", 0]]);
});

it("is refused of a day that is young, before anything is done", async () => {
  tables.before = () => {
    throw new Error("something was done");
  };
  const options = { db: tables.database, root: "/nowhere", replace: false, drop: true, sluice: "test" };
  const young = archiveDay(EVENTS, DAY, { ...options, now: Date.parse("2026-10-31T23:00:00Z") });
  await expect(young).rejects.toMatchObject({ code: "DAY_TOO_YOUNG" });
});

it.each([
  ["as many rows of another content", { checksum: "6" }],
  ["another number of rows of the same checksum", { rows: 6 }],
])("puts a day back that has %s", async (_, changes) => {
  const dropped = dropDay(EVENTS, DAY, { ...MANIFEST, ...changes }, tables.database);
  await expect(dropped).rejects.toMatchObject({ code: "DAY_CHANGES" });
  expect([...tables.rows]).toEqual([["events", 5]]);
});

it("puts a day back that has other rows", async () => {
  tables.rows.set("events", 6);
  await expect(drop()).rejects.toMatchObject({ code: "DAY_CHANGES" });
  expect([...tables.rows]).toEqual([["events", 6]]);
});

it.each([
  ["moved away", /^ALTER TABLE events/, answer("159", "timeout exceeded")],
  ["looked at", new RegExp(`FROM ${AWAY}`), answer("241", "memory limit exceeded")],
  ["looked at, without an answer", new RegExp(`FROM ${AWAY}`), new Error("socket hang up")],
])("puts a day back that cannot be %s", async (_, matches, error) => {
  tables.rows.set("events", 6);
  failing(matches, error);
  await expect(drop()).rejects.toBe(error);
  expect([...tables.rows]).toEqual([["events", 6]]);
});

it("names the table in which the day is left when it cannot go back", async () => {
  failing(
    new RegExp(`FROM ${AWAY}|^ALTER TABLE ${AWAY}`),
    new Error("socket hang up"),
    new Error("connection refused"),
  );
  await expect(drop()).rejects.toMatchObject({ code: "DROP_UNFINISHED", message: expect.stringContaining(AWAY) });
  expect(tables.rows.get(AWAY)).toBe(5);
});

it("keeps the table of a move without an answer, which may come into it yet", async () => {
  failing(/^ALTER TABLE events/, new Error("timeout"));
  await expect(drop()).rejects.toMatchObject({ code: "DROP_UNFINISHED" });
  expect(tables.rows.has(AWAY)).toBe(true);
});
