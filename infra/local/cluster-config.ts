import { homedir } from "node:os";
import { resolve } from "node:path";
import { programOf } from "./find-program.ts";
import { type ClusterScope, misspelt, ownEnvironment, settingsForServices, settingsSummary } from "./given-settings.ts";

export type { ClusterScope };

/** What the cluster runs in; auto: Docker Compose when an engine answers. */
export type ClusterEngine = "auto" | "native" | "docker";

/** The settings of one local cluster, read once from the environment. */
export interface ClusterConfig {
  projectDir: string;
  /** Pid file, control socket, logs and data of this cluster. */
  stateDir: string;
  /** Downloaded software; may be shared by many clusters. */
  artifactsDir: string;
  brokers: 1 | 3;
  scope: ClusterScope;
  engine: ClusterEngine;
  /** Whether the console is among Sluice's own services. */
  console: boolean;
  /** Prometheus's program; off: it is not wanted; missing: there is none. */
  prometheus: string | "off" | "missing";
  /** Settings of services that were given, for all of them. */
  settings: Readonly<Record<string, string>>;
  /** Whatever was given that has no field here, as text: what tells clusters with the same ports apart. */
  given: readonly string[];
  /** Added to every default port. */
  portOffset: number;
  kafkaPort: number;
  controllerPort: number;
  /**
   * For tests: a proxy's port for each broker. Clients that come through the proxies are told to stay on them, by a
   * listener of its own on `proxiedPort` and up. Empty: there are no proxies and no such listener.
   */
  proxyPorts: readonly number[];
  proxiedPort: number;
  registryPort: number;
  clickhouseHttpPort: number;
  clickhouseTcpPort: number;
  prometheusPort: number;
  kafkaHeap: string;
  kafkaRetentionHours: number;
  /** Of ClickHouse and what fills it, 0 to 19: messages go first while processors are short. */
  analyticsNiceness: number;
  /** Bytes. */
  clickhouseMemory: number;
  /** Scope "services": what they stand on. */
  external: ClusterEndpoints | undefined;
}

export class ClusterConfigError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

/** Data, logs and pid files live here; `down --wipe` removes it, so nothing else may. */
const DEFAULT_STATE_FOLDER = ".sluice";

const integer = (env: Environment, name: string, fallback: number, min: number, max: number): number => {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ClusterConfigError(`${name}=${text}: expected a whole number from ${min} to ${max}`);
  }
  return value;
};

const oneOf = <T extends string>(env: Environment, name: string, allowed: readonly T[], fallback: T): T => {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const match = allowed.find((value) => value === text);
  if (match === undefined) throw new ClusterConfigError(`${name}=${text}: expected one of ${allowed.join(", ")}`);
  return match;
};

const portList = (env: Environment, name: string): readonly number[] => {
  const ports = (env[name] ?? "").split(",").filter((text) => text !== "");
  return ports.map((text) => {
    const port = Number(text);
    if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
    throw new ClusterConfigError(`${name}=${env[name]}: expected ports from 1 to 65535, separated by commas`);
  });
};

const memorySize = (env: Environment, name: string, fallback: string): string => {
  const text = env[name] || fallback;
  if (!/^\d+[mg]$/.test(text)) throw new ClusterConfigError(`${name}=${text}: expected a size such as 512m or 1g`);
  return text;
};

const statePath = (projectDir: string, env: Environment): string => {
  const stateDir = resolve(projectDir, env.SLUICE_STATE_DIR || DEFAULT_STATE_FOLDER);
  if (stateDir === "/" || stateDir === projectDir || stateDir === homedir()) {
    throw new ClusterConfigError(`SLUICE_STATE_DIR=${stateDir}: use a folder of its own; its contents may be removed`);
  }
  return stateDir;
};

/**
 * Reads the cluster's settings. A port that has its own variable is taken as given; all others are their default plus
 * SLUICE_PORT_OFFSET. Throws ClusterConfigError naming the variable, its value and what is allowed, or the one that was meant.
 */
export function readClusterConfig(environment: Environment, projectDir: string): ClusterConfig {
  const unknown = misspelt(environment);
  if (unknown.length > 0) throw new ClusterConfigError(unknown.join("\n"));
  const env = ownEnvironment(environment);
  const scope = oneOf(env, "SLUICE_CLUSTER_SCOPE", ["all", "infra", "kafka", "services"] as const, "all");
  const portOffset = integer(env, "SLUICE_PORT_OFFSET", 0, 0, 40_000);
  const port = (name: string, fallback: number) => integer(env, name, fallback + portOffset, 1, 65_000);
  return Object.freeze({
    projectDir,
    stateDir: statePath(projectDir, env),
    artifactsDir: resolve(projectDir, env.SLUICE_ARTIFACTS_DIR || `${DEFAULT_STATE_FOLDER}/artifacts`),
    brokers: oneOf(env, "BROKERS", ["1", "3"], "1") === "3" ? 3 : 1,
    scope,
    engine: readEngine(env),
    console: oneOf(env, "SLUICE_CLUSTER_CONSOLE", ["on", "off"] as const, "on") === "on",
    prometheus: scope === "all" ? prometheusOf(env.SLUICE_CLUSTER_PROMETHEUS || "prometheus", env.PATH ?? "") : "off",
    settings: settingsForServices(env, scope),
    given: settingsSummary(env, scope),
    portOffset,
    kafkaPort: port("SLUICE_KAFKA_PORT", 19_092),
    controllerPort: port("SLUICE_KAFKA_CONTROLLER_PORT", 19_095),
    proxyPorts: portList(env, "SLUICE_TEST_KAFKA_PROXY_PORTS"),
    proxiedPort: 19_098 + portOffset,
    registryPort: port("SLUICE_REGISTRY_PORT", 18_081),
    clickhouseHttpPort: port("SLUICE_CLICKHOUSE_HTTP_PORT", 18_123),
    clickhouseTcpPort: port("SLUICE_CLICKHOUSE_TCP_PORT", 19_000),
    prometheusPort: port("SLUICE_PROMETHEUS_PORT", 19_090),
    kafkaHeap: memorySize(env, "SLUICE_KAFKA_HEAP", "1g"),
    kafkaRetentionHours: integer(env, "SLUICE_KAFKA_RETENTION_HOURS", 168, 1, 24 * 365),
    analyticsNiceness: integer(env, "SLUICE_ANALYTICS_NICENESS", 10, 0, 19),
    clickhouseMemory: integer(env, "SLUICE_CLICKHOUSE_MEMORY_MIB", 2048, 256, 1 << 20) * 1024 * 1024,
    external: externalEndpoints(env),
  });
}

/** @throws ClusterConfigError when a program is named that is not there. */
function prometheusOf(given: string, path: string): string {
  if (given === "off") return given;
  const program = programOf(given, path);
  if (program !== undefined) return program;
  if (given === "prometheus") return "missing";
  throw new ClusterConfigError(`SLUICE_CLUSTER_PROMETHEUS=${given}: expected a program that can be run, or off`);
}

/** SLUICE_CLUSTER_ENGINE. */
export const readEngine = (env: Environment): ClusterEngine =>
  oneOf(env, "SLUICE_CLUSTER_ENGINE", ["auto", "native", "docker"] as const, "auto");

function externalEndpoints(env: Environment): ClusterEndpoints | undefined {
  if (env.SLUICE_CLUSTER_SCOPE !== "services") return undefined;
  const given = (name: string): string => {
    const value = env[name];
    if (!value) throw new ClusterConfigError(`${name} is missing: SLUICE_CLUSTER_SCOPE=services needs it`);
    return value;
  };
  return {
    brokers: given("SLUICE_EXTERNAL_BROKERS").split(","),
    registryUrl: given("SLUICE_EXTERNAL_REGISTRY_URL"),
    clickhouseUrl: given("SLUICE_EXTERNAL_CLICKHOUSE_URL"),
  };
}

/** Where clients reach the cluster's software; Sluice's services get exactly these. */
export interface ClusterEndpoints {
  brokers: string[];
  registryUrl: string;
  clickhouseUrl: string;
}

/** The addresses that follow from the settings. The registry URL is the root of its Confluent-compatible API. */
export function clusterEndpoints(config: ClusterConfig): ClusterEndpoints {
  return (
    config.external ?? {
      brokers: Array.from({ length: config.brokers }, (_, index) => `127.0.0.1:${config.kafkaPort + index}`),
      registryUrl: `http://127.0.0.1:${config.registryPort}/apis/ccompat/v7`,
      clickhouseUrl: `http://127.0.0.1:${config.clickhouseHttpPort}`,
    }
  );
}

/** One data folder per number of brokers: a KRaft quorum cannot simply be started with another set of voters. */
export const dataDir = (config: ClusterConfig, name: string): string =>
  resolve(config.stateDir, "data", `brokers-${config.brokers}`, name);

/** The log file of a supervised process. */
export const logFile = (config: ClusterConfig, name: string): string => resolve(config.stateDir, "logs", `${name}.log`);
