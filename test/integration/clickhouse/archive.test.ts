import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ClickHouseError } from "@clickhouse/client";
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
/** When the days of these tests are old enough to be dropped. */
const LATER = Date.now() + 40 * DAY_MS;
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
  await putAside(DAY);
});
afterAll(async () => {
  rmSync(root, { recursive: true, force: true });
  await db?.drop();
});

/** A day in which every column of a table has more than one value, and those that may be NULL are. */
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
      verdicts: i % 3 === 0 ? "b: dearer" : null,
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
  const told = `INSERT INTO conversions (message_id, account, told_at, converted_at) SELECT generateUUIDv4(), 'acme', toDateTime64('${day} 01:00:00', 3, 'UTC') + number,
    if(number % 2, NULL, toDateTime64('${day} 00:30:00', 3, 'UTC') + number) FROM numbers(90)`;
  await db.client.command({ query: told });
  // What is told twice, and not merged yet: one row.
  const again = `INSERT INTO conversions (message_id, account, told_at, converted_at) SELECT message_id, account, told_at + 5, told_at FROM conversions WHERE told_on = '${day}' LIMIT 20`;
  await db.client.command({ query: again });
}

async function putAside(day: string): Promise<void> {
  const query = `INSERT INTO dead_letters SELECT toDateTime64('${day} 00:00:00', 3, 'UTC') + toIntervalMillisecond(number * 700500), if(number % 2, 'invalid', 'undecodable'),
    repeat('ä', number % 50), 'router', 'sms.requests.otp', number % 6, number, if(number % 3, '', toString(generateUUIDv4())), number % 6, number FROM numbers(100)`;
  await db.client.command({ query });
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
  const young = await sluice("archive", "--day", DAY, "--to", join(root, "whole"), "--drop", "--table", "events");
  expect(young).toMatchObject({ code: 2, out: expect.stringContaining("too young to be dropped") });
  for (const table of ARCHIVED_TABLES) {
    const archived = await archiveDay(table, DAY, options("whole", { drop: true, now: LATER }));
    expect(archived).toMatchObject({ did: "archived", dropped: true });
  }
  expect((await allRows()).map((rows) => rows.filter((row) => row !== ""))).toEqual([[], [], []]);
  const restored = await sluice("restore", "--day", DAY, "--from", join(root, "whole"));
  expect(restored).toMatchObject({ code: 0 });
  expect(restored.out).toMatch(/^events .* restored: 300 of 300 rows/m);
  expect(restored.out).toMatch(/^conversions .* restored: 90 of 90 rows/m);
  expect(await allRows()).toEqual(before);
  expect(await rollUps()).toEqual(sums);
  // What is back goes when its time is over.
  expect(await partsForEver()).toEqual([]);
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

const partsForEver = () =>
  db.rows(`SELECT table, name FROM system.parts WHERE active AND database = currentDatabase()
    AND partition_id = '${DAY.replaceAll("-", "")}' AND rows > 0 AND toUnixTimestamp(delete_ttl_info_max) = 0`);
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
  await expect(
    archiveDay(EVENTS, DAY, options("other", { db: through({ exec }), drop: true, now: LATER })),
  ).rejects.toThrow("read back");
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
  await expect(
    archiveDay(EVENTS, DAY, options("late", { db: through({ command }), drop: true, now: LATER })),
  ).rejects.toThrow("nothing was dropped");
  const [rows] = await allRows();
  expect(rows.filter((row) => row !== "")).toHaveLength(301);
  // It has another content now: an archive is replaced only on demand.
  await expect(archiveDay(EVENTS, DAY, options("late"))).rejects.toThrow("--replace");
  expect(await archiveDay(EVENTS, DAY, options("late", { replace: true, drop: true, now: LATER }))).toMatchObject({
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
  await expect(restoreDay(EVENTS, DAY, later)).rejects.toThrow("--table events --into events_archive");
  expect(await restoreDay(EVENTS, DAY, { ...later, into: "events_archive" })).toEqual({ rows: 302, added: 302 });
  expect(await rowsOf("events_archive", "at")).toEqual(before);
  const again = ["--day", DAY, "--from", join(root, "old"), "--table", "events", "--into", "events_archive"];
  expect((await sluice("restore", ...again)).out).toContain("0 of 302 rows");
  await expect(archiveDay(EVENTS, dayBefore(0), options("today"))).rejects.toThrow("is not over");
  expect(await sluice("restore", "--day", dayBefore(9), "--from", join(root, "old"))).toMatchObject({ code: 1 });
});

test("whether a table keeps a day whose TTL is no number of days is not guessed", async () => {
  const ttl = (length: string) =>
    db.client.command({
      query: `ALTER TABLE events MODIFY TTL toDateTime(at) + INTERVAL ${length} SETTINGS materialize_ttl_after_modify = 0`,
    });
  await ttl("6 MONTH");
  await expect(restoreDay(EVENTS, DAY, options("old"))).rejects.toThrow("toIntervalMonth(6): whether it keeps");
  expect(await restoreDay(EVENTS, DAY, { ...options("old"), into: "for_ever" })).toMatchObject({ added: 302 });
  const [made] = await db.rows<{ engine: string }>(
    "SELECT engine_full AS engine FROM system.tables WHERE name = 'for_ever'",
  );
  expect(made?.engine).not.toContain("TTL");
  await ttl("90 DAY");
});

test("an archive that has rows which the table has not is not replaced", async () => {
  const day = dayBefore(6);
  await fill(day);
  await archiveDay(EVENTS, day, options("more", { drop: true, now: LATER }));
  const late = Array.from({ length: 3 }, (_, i) =>
    event({ at: Date.parse(day) + i, facts: facts({ reference: `${i}` }) }),
  );
  await db.insert(late, "late again");
  await expect(archiveDay(EVENTS, day, options("more"))).rejects.toThrow("restore it first");
  const replace = options("more", { replace: true });
  await expect(archiveDay(EVENTS, day, replace)).rejects.toMatchObject({ code: "ARCHIVE_HAS_MORE" });
  expect((await restoreDay(EVENTS, day, options("more"))).added).toBe(300);
  // More rows than the archive, and one of the archive's is not among them.
  const [first] = await db.rows<{ place: string }>(
    `SELECT toString(min(log_offset)) AS place FROM events WHERE toDate(at) = '${day}'`,
  );
  await db.client.command({
    query: `ALTER TABLE events DELETE WHERE toDate(at) = '${day}' AND log_offset = ${first?.place} SETTINGS mutations_sync = 2`,
  });
  await expect(archiveDay(EVENTS, day, replace)).rejects.toThrow("restore it first");
  expect((await restoreDay(EVENTS, day, options("more"))).added).toBe(1);
  expect(await archiveDay(EVENTS, day, replace)).toMatchObject({ did: "archived", rows: 303 });
  expect(await sideTables()).toEqual([]);
});

test("of folded rows, one that has been told more of is not lost, and one that is not there is", async () => {
  const day = dayBefore(6);
  const tell = (from: string) =>
    db.client.command({
      query: `INSERT INTO conversions (message_id, account, told_at, converted_at) SELECT ${from}, account, told_at - 5, told_at FROM conversions FINAL WHERE told_on = '${day}' LIMIT 2`,
    });
  await archiveDay(CONVERSIONS, day, options("more"));
  await tell("message_id");
  const replace = options("more", { replace: true });
  await expect(archiveDay(CONVERSIONS, day, options("more"))).rejects.toMatchObject({ code: "ARCHIVE_DIFFERS" });
  expect(await archiveDay(CONVERSIONS, day, replace)).toMatchObject({ did: "archived", rows: 90 });
  const [one] = await db.rows<{ id: string }>(
    `SELECT toString(any(message_id)) AS id FROM conversions WHERE told_on = '${day}'`,
  );
  await tell("generateUUIDv4()");
  await db.client.command({
    query: `ALTER TABLE conversions DELETE WHERE told_on = '${day}' AND message_id = '${one?.id}' SETTINGS mutations_sync = 2`,
  });
  await expect(archiveDay(CONVERSIONS, day, replace)).rejects.toMatchObject({ code: "ARCHIVE_HAS_MORE" });
  await restoreDay(CONVERSIONS, day, options("more"));
  expect(await archiveDay(CONVERSIONS, day, replace)).toMatchObject({ did: "archived", rows: 92 });
});

test("two commands do not work on one day", async () => {
  let asked = 0;
  const exec = (async (given: Parameters<Database["exec"]>[0]) => {
    if (isRead(given.query) && asked++ === 0) {
      const who = `process ${process.pid} on`;
      await expect(archiveDay(EVENTS, DAY, options("twice"))).rejects.toThrow(who);
      await expect(restoreDay(EVENTS, DAY, options("whole"))).rejects.toThrow(who);
    }
    return db.client.exec(given);
  }) as Database["exec"];
  expect(await archiveDay(EVENTS, DAY, options("twice", { db: through({ exec }) }))).toMatchObject({ rows: 302 });
  expect(asked).toBeGreaterThan(0);
  expect(await sideTables()).toEqual([]);
});

test("a drop that was cut off is told until its rows are back", async () => {
  const before = await allRows();
  const away = `sluice_dropping_events_${DAY.replaceAll("-", "")}`;
  const cut = <Call>(call: Call, what: RegExp, error = new Error("socket hang up")): Call =>
    (async (given: { query: string }) => {
      if (what.test(given.query)) throw error;
      return (call as (given: { query: string }) => Promise<unknown>)(given);
    }) as Call;
  const query = cut(db.client.query.bind(db.client) as Database["query"], new RegExp(`FROM ${away}`));
  const command = cut(db.client.command.bind(db.client) as Database["command"], new RegExp(`ALTER TABLE ${away}`));
  const drop = { drop: true, now: LATER };
  await expect(archiveDay(EVENTS, DAY, options("cut", { db: through({ query }), ...drop }))).rejects.toThrow("hang up");
  expect(await allRows()).toEqual(before);
  const slow = new ClickHouseError({ code: "159", type: "TIMEOUT_EXCEEDED", message: "timeout exceeded" });
  const refused = cut(db.client.command.bind(db.client) as Database["command"], /ALTER TABLE events MOVE/, slow);
  const stopped = archiveDay(EVENTS, DAY, options("cut", { db: through({ command: refused }), ...drop }));
  await expect(stopped).rejects.toBe(slow);
  expect(await sideTables()).toEqual([]);
  const broken = archiveDay(EVENTS, DAY, options("cut", { db: through({ query, command }), ...drop }));
  await expect(broken).rejects.toMatchObject({ code: "DROP_UNFINISHED" });
  expect((await allRows())[0].join("")).toBe("");
  await expect(restoreDay(EVENTS, DAY, options("cut"))).rejects.toMatchObject({ code: "DROP_UNFINISHED" });
  const told = await archiveDay(EVENTS, DAY, options("cut")).catch(String);
  const statements = /They go back with: (.*)$/.exec(String(told))?.[1]?.split("; ") ?? [];
  expect(statements).toHaveLength(2);
  for (const statement of statements) await db.client.command({ query: statement });
  expect(await allRows()).toEqual(before);
  expect(await archiveDay(EVENTS, DAY, options("cut"))).toMatchObject({ did: "kept" });
});

const old = dayBefore(40);

test("conversions are dropped by name alone, and a day without rows in one table is no failure", async () => {
  const days = ["--day", old, "--from", join(root, "names")];
  await fill(old);
  const archived = await sluice("archive", "--day", old, "--to", join(root, "names"), "--drop");
  expect(archived).toMatchObject({ code: 0 });
  expect(archived.out).toMatch(/^events .* archived: 300 rows, .*, dropped \(/m);
  expect(archived.out).toMatch(/^dead_letters .* no rows \(/m);
  expect(archived.out).toMatch(/^conversions .* archived: 90 rows, .*, not dropped/m);
  expect((await rowsOf("conversions", "told_on", old)).filter((row) => row !== "")).toHaveLength(90);
  expect(await sluice("restore", ...days)).toMatchObject({ code: 0, out: expect.stringContaining("has no archive") });
  expect(await sluice("restore", ...days, "--table", "dead_letters")).toMatchObject({ code: 1 });
});

test("what fails for one table does not keep the others", async () => {
  const keep = (days: number) =>
    db.client.command({
      query: `ALTER TABLE dead_letters MODIFY TTL toDateTime(at) + INTERVAL ${days} DAY SETTINGS materialize_ttl_after_modify = 0`,
    });
  await keep(100);
  await putAside(old);
  const [, letters] = ARCHIVED_TABLES;
  await archiveDay(letters!, old, options("names"));
  await keep(30);
  const restored = await sluice("restore", "--day", old, "--from", join(root, "names"));
  expect(restored).toMatchObject({ code: 2 });
  expect(restored.out).toMatch(/^dead_letters .* failed: .*--table dead_letters --into dead_letters_archive/m);
  expect(restored.out).toMatch(/^conversions .* restored: 0 of 90 rows/m);
});
