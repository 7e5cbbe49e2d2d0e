/** Who may ask the local cluster's ClickHouse, and for what. Harmless: the one file that is asked for, this test has made. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clickhouseLogin, loginHeaders, netrcFile, passwordFile } from "../../../infra/local/clickhouse-access.ts";
import type { SharedCluster } from "../../fixture/cluster-handle.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";

const CONTENT = "made by a test";
const folder = mkdtempSync(join(tmpdir(), "sluice-access-"));
const file = join(folder, "probe.txt");
const cluster = sharedCluster();
const config = stateOf(cluster.shared);
/** What must never be reached from SQL. */
let elsewhere: Server;
let reached = 0;

beforeAll(async () => {
  writeFileSync(file, CONTENT);
  elsewhere = createServer((_, response) => {
    reached++;
    response.end(CONTENT);
  });
  await new Promise<void>((settle) => elsewhere.listen(0, "127.0.0.1", settle));
});
afterAll(() => {
  elsewhere.close();
  rmSync(folder, { recursive: true });
});

/** The passwords are those of the native cluster; in a container ClickHouse has its own. */
function stateOf(shared: SharedCluster): { stateDir: string } {
  if (shared.engine !== "native")
    throw new Error("SLUICE_CLUSTER_ENGINE=native is needed: this is about its ClickHouse");
  return shared;
}

interface Answer {
  status: number;
  text: string;
}

async function ask(sql: string, headers: Record<string, string> = {}, parameters = ""): Promise<Answer> {
  const { clickhouseUrl } = cluster.shared;
  const response = await fetch(`${clickhouseUrl}/${parameters}`, { method: "POST", body: sql, headers });
  return { status: response.status, text: await response.text() };
}
const as = (user: "sluice" | "reader") => loginHeaders(clickhouseLogin(config, user));
const ofForeignPage = { origin: "https://foreign.example", "content-type": "text/plain" };

describe("without a password nobody gets an answer", () => {
  test.each([
    ["a foreign page", ofForeignPage, ""],
    ["the old user", { "X-ClickHouse-User": "default", "X-ClickHouse-Key": "" }, ""],
    ["a session", {}, "?session_id=1"],
    ["the services' user", { "X-ClickHouse-User": "sluice" }, ""],
    ["a guessed password", {}, "?user=sluice&password=sluice"],
    ["CORS asked for", ofForeignPage, "?add_http_cors_header=1"],
  ])("%s", async (_, headers, parameters) => {
    const { status, text } = await ask(`SELECT '${CONTENT}'`, headers as Record<string, string>, parameters);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toContain(CONTENT);
  });

  test("nor while many ask at once", async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask("SELECT 1", ofForeignPage)));
    expect(answers.filter(({ status }) => status < 400)).toEqual([]);
    expect((await ask("SELECT 1", as("sluice"))).text).toBe("1\n");
  });
});

test("passwords are kept where only this user reads them, and are not the same", () => {
  const passwords = (["sluice", "reader"] as const).map((user) => {
    for (const path of [passwordFile(config, user), netrcFile(config, user)])
      expect(statSync(path).mode & 0o777).toBe(0o600);
    return readFileSync(passwordFile(config, user), "utf8");
  });
  expect(new Set(passwords).size).toBe(2);
  for (const password of passwords) expect(password).toMatch(/^[\w-]{32}$/);
  for (const name of ["users.xml", "settings.xml"]) {
    const text = readFileSync(join(config.stateDir, "run", "clickhouse", name), "utf8");
    for (const password of passwords) expect(text).not.toContain(password);
  }
});

describe.each(["sluice", "reader"] as const)("%s", (user) => {
  const here = () => `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
  test.each([
    () => `SELECT * FROM file('${file}', LineAsString)`,
    () => `SELECT file('${file}')`,
    () => `SELECT file('/etc/passwd')`,
    () => `SELECT file('/proc/self/environ')`,
    () => `SELECT * FROM url('${here()}', LineAsString)`,
    () => `INSERT INTO FUNCTION url('${here()}', LineAsString, 'l String') SELECT 'x'`,
    () => `INSERT INTO FUNCTION file('${file}', LineAsString, 'l String') SELECT 'x'`,
    () => `SELECT * FROM s3('${here()}b/k', 'LineAsString')`,
    () => `SELECT * FROM remote('127.0.0.1:${new URL(here()).port}', system.one)`,
    () => `SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')`,
    () => `SELECT * FROM sqlite('${file}', 't')`,
    () => `SELECT * FROM executable('x.sh', TSV, 'l String')`,
    () => `CREATE TABLE sluice.u (l String) ENGINE = URL('${here()}', LineAsString)`,
    () => "CREATE TABLE sluice.f (l String) ENGINE = File(LineAsString)",
    () => `CREATE DATABASE d ENGINE = Filesystem('${folder}')`,
    () =>
      `CREATE DICTIONARY sluice.d (a UInt64) PRIMARY KEY a SOURCE(HTTP(URL '${here()}' FORMAT TSV)) LAYOUT(FLAT()) LIFETIME(1)`,
    () => `BACKUP DATABASE sluice TO File('${folder}/backup')`,
    () => "SYSTEM SHUTDOWN",
    () => "SYSTEM STOP LISTEN HTTP",
    () => "CREATE USER u",
  ])("reaches no file and no address: %s", async (sql) => {
    const { status, text } = await ask(sql(), as(user));
    expect(status, text).toBeGreaterThanOrEqual(400);
    expect(text).not.toContain(CONTENT);
    expect(readFileSync(file, "utf8")).toBe(CONTENT);
    expect(reached).toBe(0);
  });
});

test("the services' user makes tables and fills them; the reader reads them and changes nothing", async () => {
  const sluice = as("sluice");
  const done = async (sql: string) => expect(await ask(sql, sluice)).toEqual({ status: 200, text: "" });
  await done("CREATE TABLE IF NOT EXISTS sluice.probe (n UInt8) ENGINE = MergeTree ORDER BY n");
  await done("INSERT INTO sluice.probe VALUES (7)");
  const reader = as("reader");
  // What /play sends along.
  const play = "?add_http_cors_header=1&default_format=JSONCompact&max_result_rows=1000&result_overflow_mode=break";
  expect(JSON.parse((await ask("SELECT n FROM sluice.probe", reader, play)).text).data).toEqual([[7]]);
  for (const sql of [
    "INSERT INTO sluice.probe VALUES (8)",
    "DROP TABLE sluice.probe",
    "CREATE DATABASE x",
    "SET readonly = 0",
  ])
    expect((await ask(sql, reader)).status, sql).toBeGreaterThanOrEqual(400);
  expect((await fetch(`${cluster.shared.clickhouseUrl}/play`)).status).toBe(200);
});

test("the reader's limits cannot be raised, and it has a quota", async () => {
  const reader = as("reader");
  const set = (setting: string, value: string) =>
    ask(`SELECT getSetting('${setting}')`, reader, `?${setting}=${value}`);
  for (const [setting, lower, higher] of [
    ["max_execution_time", "10", "61"],
    ["max_memory_usage", "1000000000", "1073741825"],
    ["max_concurrent_queries_for_user", "10", "21"],
  ] as const) {
    expect(await set(setting, lower)).toEqual({ status: 200, text: `${lower}\n` });
    // 0 is no limit at all.
    for (const more of [higher, "0"])
      expect((await set(setting, more)).status, `${setting}=${more}`).toBeGreaterThanOrEqual(400);
  }
  const limits = "SELECT max_queries, max_execution_time FROM system.quota_limits WHERE quota_name = 'reader'";
  expect((await ask(limits, as("sluice"))).text).toBe("36000\t3600\n");
});

test("it listens on this machine alone", () => {
  const tables = readFileSync("/proc/net/tcp", "utf8") + readFileSync("/proc/net/tcp6", "utf8");
  const hex = Number(new URL(cluster.clickhouseUrl).port).toString(16).toUpperCase().padStart(4, "0");
  const listening = [...tables.matchAll(new RegExp(`([0-9A-F]+):${hex} \\S+ 0A`, "g"))].map(([, address]) => address);
  expect(listening).toEqual(["0100007F"]);
});
