import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  type ClickhouseLogin,
  type ClickhouseUser,
  clickhouseLogin,
  ensurePasswords,
  loginHeaders,
  sha256,
} from "./clickhouse-access.ts";
import { type ClusterConfig, clusterEndpoints, dataDir, logFile } from "./cluster-config.ts";
import { httpSucceeds } from "./http-probe.ts";
import type { ProcessSpec } from "./process-spec.ts";

export const CLICKHOUSE_DATABASE = "sluice";

/** The server's settings; a profile is read only from a users file, never from this one. */
export const clickhouseSettings = (memoryBytes: number, usersFile: string): string => `<clickhouse>
  <max_server_memory_usage>${memoryBytes}</max_server_memory_usage>
  <users_config>${usersFile}</users_config>
</clickhouse>
`;

/** What the services do: their tables and views, rows in, rows out. No source but these: no FILE, no URL, no REMOTE, no other. */
export const SERVICE_GRANTS = [
  "GRANT SHOW, SELECT, INSERT, ALTER, TRUNCATE, OPTIMIZE, KILL QUERY ON *.*",
  "GRANT CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP DATABASE, DROP TABLE, DROP VIEW ON *.*",
  "GRANT TABLE ENGINE ON MergeTree",
  "GRANT TABLE ENGINE ON ReplacingMergeTree",
  "GRANT TABLE ENGINE ON AggregatingMergeTree",
  "GRANT TABLE ENGINE ON SummingMergeTree",
];
export const READER_GRANTS = [`GRANT SHOW, SELECT ON ${CLICKHOUSE_DATABASE}.*`];

/** A reader may lower these for a query of its own, and raise none of them: neither by more nor by 0, which is no limit at all. */
const READER_LIMITS = {
  max_execution_time: 60,
  max_memory_usage: 1 << 30,
  max_concurrent_queries_for_user: 20,
} as const;

/**
 * What the reader may ask within an hour: people and a few dashboards need a fraction of it, and a loop that went wild leaves time for
 * inserts. A server counts it; the engine inside the npm package (26.7) has the quota and counts nothing.
 */
const READER_QUOTA = { duration: 3_600, queries: 36_000, errors: 3_600, execution_time: 3_600 } as const;

const elements = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join("");

/** Elements of the profile and the quota of the reader, for both ways to run ClickHouse. */
export const READER_PROFILE = `<readonly>2</readonly>${elements(READER_LIMITS)}<constraints>${elements(
  Object.fromEntries(Object.entries(READER_LIMITS).map(([name, value]) => [name, `<min>1</min><max>${value}</max>`])),
)}</constraints>`;
export const READER_INTERVAL = `<interval>${elements(READER_QUOTA)}</interval>`;

const user = (name: string, password: string, profile: string, grants: readonly string[]): string => `    <${name}>
      <password_sha256_hex>${sha256(password)}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>${profile}</profile>
      <quota>${profile === "reader" ? "reader" : "default"}</quota>
      <grants>${grants.map((grant) => `<query>${grant}</query>`).join("")}</grants>
    </${name}>`;

/**
 * The services' user and the one for people (clickhouse-access.ts). Inserts are synchronous, so an answer means stored.
 * `readonly` 2: a reader may still bound its own queries, which /play and clients do; beyond READER_LIMITS it cannot go. The engine itself works as `default`,
 * which must have no password: it holds the one session that this user may have, so nobody else gets in under that name.
 */
export const clickhouseUsers = (passwords: Readonly<Record<ClickhouseUser, string>>): string => `<clickhouse>
  <profiles>
    <default><async_insert>0</async_insert></default>
    <engine><max_sessions_for_user>1</max_sessions_for_user></engine>
    <reader>${READER_PROFILE}</reader>
  </profiles>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>engine</profile>
      <quota>default</quota>
    </default>
${user("sluice", passwords.sluice, "default", SERVICE_GRANTS)}
${user("reader", passwords.reader, "reader", READER_GRANTS)}
  </users>
  <quotas><default></default><reader>${READER_INTERVAL}</reader></quotas>
</clickhouse>
`;

/** Creates the database `sluice`, once the server answers; true when it is there. */
const hasDatabase = async (url: string, login: ClickhouseLogin): Promise<boolean> =>
  (await httpSucceeds(`${url}/ping`)) &&
  (await httpSucceeds(url, {
    body: `CREATE DATABASE IF NOT EXISTS ${CLICKHOUSE_DATABASE}`,
    headers: loginHeaders(login),
  }));

/** ClickHouse with its own HTTP and TCP ports, for development, tests and demos. */
export function clickhouse(config: ClusterConfig): ProcessSpec {
  const folder = dataDir(config, "clickhouse");
  // A folder of their own: the engine may read all that stands beside its settings.
  const settings = resolve(config.stateDir, "run", "clickhouse", "settings.xml");
  const users = resolve(config.stateDir, "run", "clickhouse", "users.xml");
  const { clickhouseUrl } = clusterEndpoints(config);
  return {
    name: "clickhouse",
    niceness: config.analyticsNiceness,
    command: process.execPath,
    args: [
      join(import.meta.dirname, "clickhouse-server.ts"),
      `--path=${folder}`,
      "--listen_host=127.0.0.1",
      `--http_port=${config.clickhouseHttpPort}`,
      `--tcp_port=${config.clickhouseTcpPort}`,
      `--config-file=${settings}`,
    ],
    logFile: logFile(config, "clickhouse"),
    ports: [
      { port: config.clickhouseHttpPort, env: "SLUICE_CLICKHOUSE_HTTP_PORT" },
      { port: config.clickhouseTcpPort, env: "SLUICE_CLICKHOUSE_TCP_PORT" },
    ],
    endpoint: clickhouseUrl,
    prepare: async () => {
      ensurePasswords(config);
      mkdirSync(dirname(settings), { recursive: true, mode: 0o700 });
      mkdirSync(folder, { recursive: true });
      writeFileSync(settings, clickhouseSettings(config.clickhouseMemory, users));
      const passwordOf = (name: ClickhouseUser) => clickhouseLogin(config, name).password;
      const passwords = { sluice: passwordOf("sluice"), reader: passwordOf("reader") };
      writeFileSync(users, clickhouseUsers(passwords), { mode: 0o600 });
    },
    ready: { fn: () => hasDatabase(clickhouseUrl, clickhouseLogin(config, "sluice")) },
    dependsOn: [],
    restart: "always",
    // SIGTERM is for this engine what SIGKILL is for others; the end of its standard input is a clean stop.
    stop: { by: "stdin-close", graceMs: 15_000 },
  };
}
