import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
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

/** One user without a password (the ports listen on 127.0.0.1 only); inserts are synchronous, so an answer means stored. */
export const CLICKHOUSE_USERS = `<clickhouse>
  <profiles><default><async_insert>0</async_insert></default></profiles>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
  </users>
  <quotas><default></default></quotas>
</clickhouse>
`;

/** Creates the database `sluice`, once the server answers; true when it is there. */
const hasDatabase = async (url: string): Promise<boolean> =>
  (await httpSucceeds(`${url}/ping`)) &&
  (await httpSucceeds(url, `CREATE DATABASE IF NOT EXISTS ${CLICKHOUSE_DATABASE}`));

/** ClickHouse with its own HTTP and TCP ports, for development, tests and demos. */
export function clickhouse(config: ClusterConfig): ProcessSpec {
  const folder = dataDir(config, "clickhouse");
  const settings = resolve(config.stateDir, "run", "clickhouse.xml");
  const users = resolve(config.stateDir, "run", "clickhouse-users.xml");
  const { clickhouseUrl } = clusterEndpoints(config);
  return {
    name: "clickhouse",
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
      mkdirSync(resolve(config.stateDir, "run"), { recursive: true });
      mkdirSync(folder, { recursive: true });
      writeFileSync(settings, clickhouseSettings(config.clickhouseMemory, users));
      writeFileSync(users, CLICKHOUSE_USERS);
    },
    ready: { fn: () => hasDatabase(clickhouseUrl) },
    dependsOn: [],
    restart: "always",
    // SIGTERM is for this engine what SIGKILL is for others; the end of its standard input is a clean stop.
    stop: { by: "stdin-close", graceMs: 15_000 },
  };
}
