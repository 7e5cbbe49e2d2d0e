import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { vi } from "vitest";
import { migrate, migrationSettings } from "../../../infra/migrate.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { clickhouseVariables, type TestCluster } from "../../fixture/cluster-handle.ts";
import { sha256 } from "../../unit/ingest/ingest-harness.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

export const DATABASE = "ingest_test";
export const API_KEY = "sk-integration-acme";
export const OTHER_API_KEY = "sk-integration-globex";

/** The real service as a process of its own, as production runs it. */
export interface IngestProcess {
  readonly port: number;
  readonly adminPort: number;
  /** Everything it has logged. */
  readonly log: string[];
  readonly pid: number;
  /** Sends SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Topics, schemas and tables, and the folder with the accounts that the service is to know. */
export async function prepare(cluster: TestCluster): Promise<NodeJS.ProcessEnv> {
  const catalogDir = mkdtempSync(join(tmpdir(), "sluice-ingest-"));
  const account = (id: string, key: string) => ({ id, name: id, apiKeys: [{ id: "main", sha256: sha256(key) }] });
  const accounts = [account("acme", API_KEY), account("globex", OTHER_API_KEY)];
  // JSON is YAML.
  writeFileSync(join(catalogDir, "accounts.yaml"), JSON.stringify(accounts));
  for (const file of ["providers.yaml", "routes.yaml"]) writeFileSync(join(catalogDir, file), "[]");
  const env = {
    SLUICE_KAFKA_BROKERS: cluster.brokers.join(","),
    SLUICE_REGISTRY_URL: cluster.registryUrl,
    ...clickhouseVariables(cluster),
    SLUICE_CLICKHOUSE_DATABASE: DATABASE,
    SLUICE_CATALOG_DIR: catalogDir,
  };
  await migrate(readConfig("migrate", migrationSettings, env), () => {});
  return env;
}

export async function startIngestProcess(env: NodeJS.ProcessEnv): Promise<IngestProcess> {
  const child = spawn(process.execPath, [join(PROJECT, "services/ingest/main.ts")], {
    cwd: PROJECT,
    // Its standard input closes when this process ends in whatever way, and it ends with it.
    env: {
      PATH: process.env.PATH,
      ...env,
      SLUICE_HTTP_PORT: "0",
      SLUICE_EXIT_WITH_PARENT: "1",
      SLUICE_LOG_FORMAT: "json",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => log.push(line));
  const field = (message: string, name: string): number | undefined => {
    const line = log.find((entry) => entry.includes(`"msg":"${message}"`));
    return line === undefined ? undefined : (JSON.parse(line) as Record<string, number>)[name];
  };
  const started = () => log.some((line) => line.includes('"msg":"started"'));
  await vi.waitUntil(() => started() || child.exitCode !== null, { timeout: 90_000, interval: 100 }).catch(() => {});
  if (!started()) {
    child.kill("SIGKILL");
    throw new Error(`ingest did not start:\n${log.join("\n")}`);
  }
  return {
    port: field("taking messages over HTTP", "port") as number,
    adminPort: field("admin server listening", "adminPort") as number,
    log,
    pid: child.pid!,
    stop: () => terminate(child, exited),
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function terminate(child: ChildProcess, exited: Promise<unknown[]>): Promise<number | null> {
  child.kill("SIGTERM");
  const [code] = (await exited) as [number | null];
  return code;
}
