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
const shared = { currency: "EUR", rate: 100, prices: [{ price: "0.01" }] };

export const AUTH_TOKEN = "token-of-the-test";
export const PUBLIC_URL = "https://sms.example.com";

/** Topics and schemas, and a folder with the providers that the service is to know. */
export async function prepare(cluster: TestCluster): Promise<NodeJS.ProcessEnv> {
  const catalogDir = mkdtempSync(join(tmpdir(), "sluice-collector-"));
  const providers = [
    {
      ...shared,
      id: "collector-smsc",
      kind: "smpp",
      smpp: { host: "127.0.0.1", port: 27_000, systemId: "sluice", password: "none" },
    },
    {
      ...shared,
      id: "collector-http",
      kind: "http-twilio",
      http: {
        baseUrl: "http://127.0.0.1:27001",
        accountSid: "AC1",
        authToken: AUTH_TOKEN,
        statusCallbackUrl: `${PUBLIC_URL}/webhooks/twilio/collector-http`,
      },
    },
  ];
  // JSON is YAML.
  writeFileSync(join(catalogDir, "providers.yaml"), JSON.stringify(providers));
  for (const file of ["accounts.yaml", "routes.yaml"]) writeFileSync(join(catalogDir, file), "[]");
  const env = {
    SLUICE_KAFKA_BROKERS: cluster.brokers.join(","),
    SLUICE_REGISTRY_URL: cluster.registryUrl,
    ...clickhouseVariables(cluster),
    SLUICE_CLICKHOUSE_DATABASE: "collector_test",
    SLUICE_CATALOG_DIR: catalogDir,
  };
  await migrate(readConfig("migrate", migrationSettings, env), () => {});
  return env;
}

/** The real service as a process of its own. */
export interface CollectorProcess {
  readonly httpUrl: string;
  readonly adminUrl: string;
  readonly log: string[];
  /** Ends it by the signal; gives the exit code, null when it was killed. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Resolves when it is ready: partitions assigned and restored. */
export async function startCollector(env: NodeJS.ProcessEnv): Promise<CollectorProcess> {
  const child = spawn(process.execPath, [join(PROJECT, "services/dlr-collector/main.ts")], {
    cwd: PROJECT,
    // Its standard input closes when this process ends in whatever way, and it ends with it.
    env: {
      PATH: process.env.PATH,
      ...env,
      SLUICE_HTTP_PORT: "0",
      SLUICE_WEBHOOK_PUBLIC_URL: PUBLIC_URL,
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
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  const ready = async () => {
    if (gone()) throw new Error(`dlr-collector ended:\n${log.join("\n")}`);
    const port = field("admin server listening", "adminPort");
    return port !== undefined && (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  };
  try {
    await until("dlr-collector is ready", ready);
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${(error as Error).message}\n${log.join("\n")}`);
  }
  return {
    httpUrl: `http://127.0.0.1:${field("taking provider callbacks", "port")}`,
    adminUrl: `http://127.0.0.1:${field("admin server listening", "adminPort")}`,
    log,
    end: async (signal) => {
      if (!gone()) child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}
