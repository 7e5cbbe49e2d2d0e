import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { clickhouseLogin, ensurePasswords } from "./clickhouse-access.ts";
import { type ClusterConfig, ClusterConfigError, readEngine } from "./cluster-config.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const PROJECT = "sluice";

const execute = (args: string[], quiet: boolean, cwd?: string, env: Environment = process.env): Promise<number> =>
  new Promise((settle) => {
    const child = spawn("docker", args, {
      cwd,
      env,
      stdio: quiet ? "ignore" : "inherit",
      timeout: quiet ? 10_000 : undefined,
    });
    child.once("error", () => settle(127));
    child.once("close", (code) => settle(code ?? 1));
  });

/** Whether a Docker engine is to be used: `docker info` succeeds, unless SLUICE_CLUSTER_ENGINE says native or docker. */
export async function dockerAnswers(env: Environment): Promise<boolean> {
  const engine = readEngine(env);
  return engine === "auto" ? (await execute(["info"], true)) === 0 : engine === "docker";
}

/**
 * Whether the cluster is to run in Docker Compose: an engine answers and the docker client has the compose plugin.
 * Throws ClusterConfigError when SLUICE_CLUSTER_ENGINE=docker asks for one that is not there.
 */
export async function composeAnswers(env: Environment): Promise<boolean> {
  if (!(await dockerAnswers(env))) return false;
  if ((await execute(["compose", "version"], true)) === 0) return true;
  if (readEngine(env) === "auto") return false;
  throw new ClusterConfigError(
    "SLUICE_CLUSTER_ENGINE=docker: `docker compose version` does not answer; install Docker with its Compose plugin, or leave the variable away",
  );
}

/** The variables of docker-compose.yml that follow from the cluster's settings. */
export function composeEnvironment(config: ClusterConfig): Record<string, string> {
  const three = config.brokers === 3;
  const nodes = three ? [1, 2, 3] : [1];
  return {
    KAFKA_VOTERS: nodes.map((id) => `${id}@kafka-${id}:9093`).join(","),
    KAFKA_INTERNAL_BROKERS: nodes.map((id) => `kafka-${id}:9094`).join(","),
    KAFKA_REPLICATION: String(config.brokers),
    KAFKA_MIN_IN_SYNC: three ? "2" : "1",
    KAFKA_SESSION_TIMEOUT_MS: three ? "9000" : "4000",
    KAFKA_HEARTBEAT_MS: three ? "2000" : "500",
    KAFKA_REPLICA_FETCHERS: three ? "2" : "1",
    ...Object.fromEntries(nodes.map((id) => [`KAFKA_${id}_PORT`, String(config.kafkaPort + id - 1)])),
    SLUICE_KAFKA_HEAP: config.kafkaHeap,
    SLUICE_KAFKA_RETENTION_HOURS: String(config.kafkaRetentionHours),
    SLUICE_REGISTRY_PORT: String(config.registryPort),
    SLUICE_CLICKHOUSE_HTTP_PORT: String(config.clickhouseHttpPort),
    SLUICE_CLICKHOUSE_TCP_PORT: String(config.clickhouseTcpPort),
  };
}

/** The published ports that no setting of the native cluster names: their defaults plus the offset. */
export function composePorts({ portOffset }: ClusterConfig): Record<string, string> {
  const at = (port: number) => String(port + portOffset);
  return {
    SLUICE_INGEST_PORT: at(18_080),
    SLUICE_INGEST_SMPP_PORT: at(12_770),
    SLUICE_WEBHOOK_PORT: at(18_090),
    SLUICE_CONSOLE_PORT: at(18_100),
    SLUICE_PROMETHEUS_PORT: at(19_090),
    SLUICE_GRAFANA_PORT: at(13_000),
    SMSC_A_CONTROL_PORT: at(12_785),
    SMSC_B_CONTROL_PORT: at(12_786),
    HTTP_C_CONTROL_PORT: at(12_787),
  };
}

/** ClickHouse's passwords, as docker-compose.yml names them. */
const composePasswords = (config: ClusterConfig): Record<string, string> => ({
  SLUICE_CLICKHOUSE_PASSWORD: clickhouseLogin(config, "sluice").password,
  SLUICE_CLICKHOUSE_READER_PASSWORD: clickhouseLogin(config, "reader").password,
});

/** What runs Sluice's own code, and so takes its settings. */
const OWN_SERVICES = [
  "migrate",
  "ingest",
  "router",
  "sender",
  "dlr-collector",
  "analytics-sink",
  "callbacks",
  "console",
];
const OVERRIDE = "docker-compose.override.yml";

/** A Compose file that gives every service of Sluice these settings, as they are: `$` is Compose's own sign. */
export function settingsOverride(settings: Readonly<Record<string, string>>): string {
  const environment = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, value.replaceAll("$", "$$$$")]),
  );
  return stringify({ services: Object.fromEntries(OWN_SERVICES.map((name) => [name, { environment }])) });
}

/** The Compose files, when settings were given; without `-f` Compose finds docker-compose.yml and the user's override by itself. */
function composeFiles(config: ClusterConfig): string[] {
  if (Object.keys(config.settings).length === 0) return [];
  const file = resolve(config.stateDir, "run", "compose-settings.yml");
  mkdirSync(resolve(config.stateDir, "run"), { recursive: true, mode: 0o700 });
  writeFileSync(file, settingsOverride(config.settings), { mode: 0o600 });
  const users = existsSync(join(config.projectDir, OVERRIDE)) ? ["-f", OVERRIDE] : [];
  return ["-f", "docker-compose.yml", ...users, "-f", file];
}

const compose = async (config: ClusterConfig, ...args: string[]): Promise<number> => {
  const profile = config.brokers === 3 ? ["--profile", "three-brokers"] : [];
  // What was given wins over what follows from the offset.
  ensurePasswords(config);
  const env = { ...composePorts(config), ...process.env, ...composePasswords(config), ...composeEnvironment(config) };
  return execute(
    ["compose", "-p", PROJECT, ...composeFiles(config), ...profile, ...args],
    false,
    config.projectDir,
    env,
  );
};

const must = (code: number, what: string): void => {
  if (code !== 0) throw new Error(`${what} ended with code ${code}`);
};

/** The Compose services of a smaller scope; none named means all. */
const servicesOf = (config: ClusterConfig): string[] => {
  if (config.scope === "all") return [];
  const kafka = config.brokers === 3 ? ["kafka-1", "kafka-2", "kafka-3"] : ["kafka-1"];
  return config.scope === "kafka" ? kafka : [...kafka, "registry", "clickhouse"];
};

/** `docker compose up`, until every container is healthy. */
export async function composeUp(config: ClusterConfig): Promise<void> {
  must(await compose(config, "up", "-d", "--build", "--wait", ...servicesOf(config)), "docker compose up");
  must(await compose(config, "ps"), "docker compose ps");
  if (config.scope === "all") await composeLogin(config);
}

/** Prints a one-time login of the console, which the container makes for itself. */
async function composeLogin(config: ClusterConfig): Promise<void> {
  const { SLUICE_CONSOLE_PORT: port } = { ...composePorts(config), ...process.env };
  const address = `http://127.0.0.1:${port}`;
  const command = ["exec", "-T", "console", "node", "services/console/print-login.ts", address];
  must(await compose(config, ...command), "the console's one-time login");
}

/** `docker compose down`; `wipe`: its volumes too. */
export async function composeDown(config: ClusterConfig, wipe: boolean): Promise<void> {
  must(await compose(config, "down", "--remove-orphans", ...(wipe ? ["--volumes"] : [])), "docker compose down");
}

/** `docker compose ps`; its exit code. */
export const composeStatus = (config: ClusterConfig): Promise<number> => compose(config, "ps", "--all");

/** `docker compose logs` of one service, or of all. */
export async function composeLogs(config: ClusterConfig, name: string | undefined, follow: boolean): Promise<void> {
  const args = ["logs", "--tail", "100", ...(follow ? ["-f"] : []), ...(name === undefined ? [] : [name])];
  must(await compose(config, ...args), "docker compose logs");
}
