import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ArchiveOptions, archiveDay } from "../../../services/cli/archive/archive-day.ts";
import { ARCHIVED_TABLES } from "../../../services/cli/archive/archived-tables.ts";
import { restoreDay } from "../../../services/cli/archive/restore-day.ts";
import type { Database } from "../../../services/cli/archive/table-content.ts";
import { runCli } from "../../../services/cli/sluice.ts";
import { clickhouseVariables } from "../../fixture/cluster-handle.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

const DAY_MS = 86_400_000;
const dayBefore = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
const DAY = dayBefore(5);
const [EVENTS, , CONVERSIONS] = ARCHIVED_TABLES as [
  (typeof ARCHIVED_TABLES)[0],
  (typeof ARCHIVED_TABLES)[0],
  (typeof ARCHIVED_TABLES)[0],
];

const cluster = sharedCluster();
const root = mkdtempSync(join(tmpdir(), "sluice-archive-"));
let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase(cluster, "archive");
  await fill(DAY);
});
afterAll(async () => {
  rmSync(root, { recursive: true, force: true });
  await db?.drop();
});

/** A day in which every column of every table has more than one value, and those that may be NULL are. */
async function fill(day: string): Promise<void> {
  const midnight = Date.parse(day);
  const events = Array.from({ length: 300 }, (_, i) => {
    const at = midnight + i * 70_000 + 123;
    const about = facts({
      ...{ messageId: randomUUID(), acceptedAt: at - 77, expiresAt: at + 60_001, from: i % 3 === 0 ? null : "Grüße ✓" },
      ...{ metadata: i % 2 === 0 ? {} : { "7": "a", ключ: "'\"\\\t\n" }, segments: i, reference: "x".repeat(i % 40) },
      ...{ sentAs: i % 5 === 0 ? "Other" : null, network: i % 4 === 0 ? null : "26201" },
    });
    const provider = { provider: `p${i % 3}`, route: "r", reason: "why", currency: i % 2 === 0 ? "EUR" : "USD" };
    const money = { price: i === 7 ? 9_007_199_254_740_991 : i, cost: i === 8 ? -1 : i * 7_500 };
    const times = i % 2 === 0 ? { submittedAt: at - 1, doneAt: at + 999, receiptAt: null } : { receiptAt: at };
    const more = {
      providerMessageIds: i % 3 === 0 ? [] : ["00AB", `${i}`],
      part: i % 2,
      errorCode: "8",
      rules: "capped",
    };
    const type = (["routed", "submitted", "final"] as const)[i % 3]!;
    return event({
      ...provider,
      ...money,
      ...times,
      ...more,
      facts: about,
      type,
      at,
      state: "delivered",
      onDelivery: i % 6 === 2,
    });
  });
  await db.insert(events, `fill ${day}`);
  const query = `INSERT INTO dead_letters SELECT toDateTime64('${day} 00:00:00', 3, 'UTC') + toIntervalMillisecond(number * 700500), if(number % 2, 'invalid', 'undecodable'),
    repeat('ä', number % 50), 'router', 'sms.requests.otp', number % 6, number, if(number % 3, '', toString(generateUUIDv4())), number % 6, number FROM numbers(100)`;
  await db.client.command({ query });
  const told = `INSERT INTO conversions (message_id, account, told_at, converted_at) SELECT generateUUIDv4(), 'acme', toDateTime64('${day} 01:00:00', 3, 'UTC') + number,
    if(number % 2, NULL, toDateTime64('${day} 00:30:00', 3, 'UTC') + number) FROM numbers(90)`;
  await db.client.command({ query: told });
  // What is told twice, and not merged yet: one row.
  const again = `INSERT INTO conversions (message_id, account, told_at, converted_at) SELECT message_id, account, told_at + 5, told_at FROM conversions WHERE told_on = '${day}' LIMIT 20`;
  await db.client.command({ query: again });
}

/** Everything that a day's rows say, in text, by columns; the checksum has no part in it. */
async function rowsOf(table: string, time: string, day = DAY): Promise<string[]> {
  const query = `SELECT *${table.startsWith("events") ? ", provider_id_keys" : ""} FROM ${table} FINAL WHERE toDate(${time}) = '${day}'`;
  const result = await db.client.query({
    query: table === "conversions" ? query : query.replace(" FINAL", ""),
    format: "JSONCompactEachRow",
  });
  return (await result.text()).split("\n").sort();
}
const allRows = (day = DAY) =>
  Promise.all([rowsOf("events", "at", day), rowsOf("dead_letters", "at", day), rowsOf("conversions", "told_on", day)]);
const rollUps = () => db.rows("SELECT * EXCEPT (submit_ms, receipt_ms) FROM minutes FINAL ORDER BY ALL");

const variables = () => ({ ...clickhouseVariables(cluster), SLUICE_CLICKHOUSE_DATABASE: db.name });
async function sluice(...args: string[]): Promise<{ code: number; out: string }> {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const code = await runCli(args, { env: variables(), print: say, tell: say });
  return { code, out: lines.join("\n") };
}
const options = (folder: string, more: Partial<ArchiveOptions> = {}): ArchiveOptions => ({
  ...{ db: db.client, root: join(root, folder), replace: false, drop: false, sluice: "test", now: Date.now() },
  ...more,
});
const manifestOf = (folder: string, table = "events") => join(root, folder, table, DAY, "manifest.json");

test("a day that is archived, dropped and restored is the same in every column, and roll-ups are untouched", async () => {
  const [before, sums] = [await allRows(), await rollUps()];
  const archived = await sluice("archive", "--day", DAY, "--to", join(root, "whole"), "--drop");
  expect(archived).toMatchObject({ code: 0 });
  expect(archived.out).toMatch(/^events .* archived: 300 rows, .* dropped/m);
  expect((await allRows()).map((rows) => rows.filter((row) => row !== ""))).toEqual([[], [], []]);
  const restored = await sluice("restore", "--day", DAY, "--from", join(root, "whole"));
  expect(restored).toMatchObject({ code: 0 });
  expect(restored.out).toMatch(/^events .* restored: 300 of 300 rows/m);
  expect(restored.out).toMatch(/^conversions .* restored: 90 of 90 rows/m);
  expect(await allRows()).toEqual(before);
  expect(await rollUps()).toEqual(sums);
  expect((await sluice("restore", "--day", DAY, "--from", join(root, "whole"))).out).toMatch(
    /^events .*: 0 of 300 rows/m,
  );
  expect(await allRows()).toEqual(before);
  const manifest = JSON.parse(readFileSync(manifestOf("whole"), "utf8"));
  expect(manifest).toMatchObject({
    rows: 300,
    columns: expect.arrayContaining([{ name: "at", type: "DateTime64(3, 'UTC')" }]),
  });
  expect(await sideTables()).toEqual([]);
});

const sideTables = () =>
  db.rows("SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'sluice_')");

test("of a day that is there in part only what it lacks is put in", async () => {
  const before = await allRows();
  const only = "log_offset % 3 = 0";
  await db.client.command({
    query: `ALTER TABLE events DELETE WHERE toDate(at) = '${DAY}' AND NOT (${only}) SETTINGS mutations_sync = 2`,
  });
  await db.client.command({
    query: `ALTER TABLE conversions DELETE WHERE toDate(told_on) = '${DAY}' AND cityHash64(message_id) % 2 = 0 SETTINGS mutations_sync = 2`,
  });
  expect((await restoreDay(EVENTS, DAY, options("whole"))).added).toBe(200);
  await restoreDay(CONVERSIONS, DAY, options("whole"));
  expect(await allRows()).toEqual(before);
});

test("small files together are the day", async () => {
  await archiveDay(EVENTS, DAY, options("small", { fileRows: 20 }));
  expect(readdirSync(join(root, "small", "events", DAY)).length).toBeGreaterThanOrEqual(19);
  const [before] = await allRows();
  await db.client.command({ query: `ALTER TABLE events DROP PARTITION ID '${DAY.replaceAll("-", "")}'` });
  expect(await restoreDay(EVENTS, DAY, options("small"))).toEqual({ rows: 300, added: 300 });
  expect((await allRows())[0]).toEqual(before);
});

/** The client, with one of its calls replaced. */
const through = (change: Partial<Database>): Database => ({
  query: db.client.query.bind(db.client),
  exec: db.client.exec.bind(db.client),
  command: db.client.command.bind(db.client),
  ...change,
});
const isRead = (query: string) => query.endsWith("FORMAT Parquet") && !query.startsWith("INSERT");

test("a run that breaks off leaves nothing that looks like an archive, and is simply repeated", async () => {
  let reads = 0;
  const exec = (async (given: Parameters<Database["exec"]>[0]) => {
    const answer = await db.client.exec(given);
    if (!isRead(given.query) || ++reads < 3) return answer;
    answer.stream.destroy();
    const cut = reads === 3 ? Readable.from([Buffer.from("PAR1 and no end")]) : Readable.from([]);
    return { ...answer, stream: cut };
  }) as Database["exec"];
  await expect(archiveDay(EVENTS, DAY, options("broken", { db: through({ exec }) }))).rejects.toThrow("broke off");
  expect(existsSync(manifestOf("broken"))).toBe(false);
  expect(readdirSync(join(root, "broken", "events", DAY)).filter((name) => name.endsWith(".part"))).toEqual([]);
  expect(await restoreDay(EVENTS, DAY, options("broken"))).toEqual({ rows: undefined, added: 0 });
  expect(await archiveDay(EVENTS, DAY, options("broken"))).toMatchObject({ did: "archived", rows: 300 });
  expect(await archiveDay(EVENTS, DAY, options("broken"))).toMatchObject({ did: "kept" });
});

test("files that hold something else than the table are found when they are read back", async () => {
  const exec = ((given: Parameters<Database["exec"]>[0]) =>
    db.client.exec(
      isRead(given.query) ? { ...given, query: given.query.replace(" cost,", " cost + 1 AS cost,") } : given,
    )) as Database["exec"];
  await expect(archiveDay(EVENTS, DAY, options("other", { db: through({ exec }), drop: true }))).rejects.toThrow(
    "read back",
  );
  expect(existsSync(manifestOf("other"))).toBe(false);
  expect((await allRows())[0].length).toBeGreaterThan(300);
});

test("a row that comes in before the drop is not lost with it", async () => {
  const late = event({ at: Date.parse(DAY) + 5, facts: facts({ messageId: randomUUID() }) });
  let inserted = false;
  const command = (async (given: Parameters<Database["command"]>[0]) => {
    if (given.query.includes("ALTER TABLE events MOVE") && !inserted) {
      inserted = true;
      await db.insert([late], "late");
    }
    return db.client.command(given);
  }) as Database["command"];
  await expect(archiveDay(EVENTS, DAY, options("late", { db: through({ command }), drop: true }))).rejects.toThrow(
    "nothing was dropped",
  );
  const [rows] = await allRows();
  expect(rows.filter((row) => row !== "")).toHaveLength(301);
  // It has another content now: an archive is replaced only on demand.
  await expect(archiveDay(EVENTS, DAY, options("late"))).rejects.toThrow("--replace");
  expect(await archiveDay(EVENTS, DAY, options("late", { replace: true, drop: true }))).toMatchObject({
    rows: 301,
    dropped: true,
  });
  await db.insert([event({ at: Date.parse(DAY) + 9 })], "later");
  expect((await restoreDay(EVENTS, DAY, options("late"))).added).toBe(301);
  expect((await allRows())[0].filter((row) => row !== "")).toHaveLength(302);
});

test("a file that was cut or changed is refused before anything is touched", async () => {
  const folder = join(root, "late", "events", DAY);
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".parquet"));
  const path = join(folder, file!);
  const content = readFileSync(path);
  const before = await allRows();
  truncateSync(path, content.length - 1);
  await expect(restoreDay(EVENTS, DAY, options("late"))).rejects.toThrow(/bytes, and its manifest says/);
  content[content.length >> 1]! ^= 1;
  writeFileSync(path, content);
  await expect(restoreDay(EVENTS, DAY, options("late"))).rejects.toThrow("another content");
  expect(await allRows()).toEqual(before);
});

test("what is older than the table keeps goes into a table that keeps it; today is not over", async () => {
  const [before] = await allRows();
  await archiveDay(EVENTS, DAY, options("old"));
  const later = options("old", { now: Date.now() + 86 * DAY_MS });
  await expect(restoreDay(EVENTS, DAY, later)).rejects.toThrow("--into events_archive");
  expect(await restoreDay(EVENTS, DAY, { ...later, into: "events_archive" })).toEqual({ rows: 302, added: 302 });
  expect(await rowsOf("events_archive", "at")).toEqual(before);
  const again = ["--day", DAY, "--from", join(root, "old"), "--table", "events", "--into", "events_archive"];
  expect((await sluice("restore", ...again)).out).toContain("0 of 302 rows");
  await expect(archiveDay(EVENTS, dayBefore(0), options("today"))).rejects.toThrow("is not over");
  expect(await sluice("restore", "--day", dayBefore(9), "--from", join(root, "old"))).toMatchObject({ code: 1 });
});

test("two restores of one day do not meet", async () => {
  await db.client.command({ query: `CREATE TABLE sluice_restore_events_${DAY.replaceAll("-", "")} AS events` });
  await expect(restoreDay(EVENTS, DAY, options("whole"))).rejects.toThrow("another command restores");
});
