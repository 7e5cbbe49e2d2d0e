import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { migrate, migrationSettings } from "../../../infra/migrate.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { clickhouseVariables, type TestCluster } from "../../fixture/cluster-handle.ts";
import { until } from "../platform/kafka-runtime.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

/** Topics and schemas, and a folder with the accounts that the service is to know. */
export async function prepare(cluster: TestCluster, accounts: readonly object[]): Promise<NodeJS.ProcessEnv> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-callbacks-"));
  // JSON is YAML.
  writeFileSync(join(folder, "accounts.yaml"), JSON.stringify(accounts));
  for (const file of ["providers.yaml", "routes.yaml"]) writeFileSync(join(folder, file), "[]");
  const env = {
    SLUICE_KAFKA_BROKERS: cluster.brokers.join(","),
    SLUICE_REGISTRY_URL: cluster.registryUrl,
    ...clickhouseVariables(cluster),
    SLUICE_CLICKHOUSE_DATABASE: "callbacks_test",
    SLUICE_CATALOG_DIR: folder,
  };
  await migrate(readConfig("migrate", migrationSettings, env), () => {});
  const { SLUICE_KAFKA_BROKERS, SLUICE_REGISTRY_URL, SLUICE_CATALOG_DIR } = env;
  return { SLUICE_KAFKA_BROKERS, SLUICE_REGISTRY_URL, SLUICE_CATALOG_DIR, SLUICE_STORE_DIR: join(folder, "store") };
}

/** The real service as a process of its own. */
export interface CallbacksProcess {
  readonly log: string[];
  /** Its page of metrics. */
  metrics(): Promise<string>;
  /** Ends it by the signal. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Resolves when it is ready: partitions assigned and restored. */
export async function startCallbacks(env: NodeJS.ProcessEnv): Promise<CallbacksProcess> {
  const child = spawn(process.execPath, [join(PROJECT, "services/callbacks/main.ts")], {
    cwd: PROJECT,
    // Its standard input closes when this process ends in whatever way, and it ends with it.
    env: {
      PATH: process.env.PATH,
      ...env,
      SLUICE_ADMIN_PORT: "0",
      SLUICE_EXIT_WITH_PARENT: "1",
      SLUICE_LOG_FORMAT: "json",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => log.push(line));
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  const adminUrl = () => {
    const line = log.find((entry) => entry.includes('"msg":"admin server listening"'));
    return line === undefined ? undefined : `http://127.0.0.1:${(JSON.parse(line) as { adminPort: number }).adminPort}`;
  };
  try {
    await until("callbacks is ready", async () => {
      if (gone()) throw new Error(`callbacks ended:\n${log.join("\n")}`);
      return adminUrl() !== undefined && (await fetch(`${adminUrl()}/readyz`)).ok;
    });
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${(error as Error).message}\n${log.join("\n")}`);
  }
  return {
    log,
    metrics: async () => (await fetch(`${adminUrl()}/metrics`)).text(),
    end: async (signal) => {
      if (!gone()) child.kill(signal);
      await exited;
    },
  };
}
