import { join, resolve } from "node:path";
import { makeOneTimeLogin, oneTimeAddress } from "../../services/console/access/one-time-login.ts";
import { passwordFile, secretsDir } from "./clickhouse-access.ts";
import { type ClusterConfig, clusterEndpoints, logFile } from "./cluster-config.ts";
import { writeCatalog } from "./local-catalog.ts";
import type { ProcessSpec } from "./process-spec.ts";

/** Of dlr-collector's server for callbacks. */
const WEBHOOK_PORT = 18_090;

/** Of the console's page. */
const CONSOLE_PORT = 18_100;

/** Of ingest's door for SMPP clients. */
const SMPP_PORT = 12_770;

/** Default ports; SLUICE_PORT_OFFSET moves them all. Further instances of a service count up from its `admin` and `http`. */
const SERVICES = [
  { name: "ingest", admin: 18_200, http: 18_080, moreHttp: 18_150, smpp: SMPP_PORT },
  { name: "router", admin: 18_220 },
  { name: "sender", admin: 18_240 },
  { name: "dlr-collector", admin: 18_260, http: WEBHOOK_PORT, moreHttp: 18_170 },
  { name: "analytics-sink", admin: 18_280 },
  { name: "callbacks", admin: 18_320 },
  { name: "console", admin: 18_300, http: CONSOLE_PORT, moreHttp: 18_190 },
] as const;

/** What messages do not wait for. */
const STANDING_BACK: ReadonlySet<string> = new Set(["analytics-sink", "callbacks"]);

/** Where customers' addresses are on this machine. */
const LOOPBACK = "127.0.0.0/8,::1/128";

const SIMULATORS = [
  { name: "smsc-a", kind: "smsc", port: 12_775, control: 12_785 },
  { name: "smsc-b", kind: "smsc", port: 12_776, control: 12_786 },
  { name: "http-c", kind: "http-provider", port: 12_777, control: 12_787 },
] as const;

/** Where the local cluster's services are, for programs that use it (demo, bench, tests). */
export interface SluiceEndpoints {
  readonly ingestUrl: string;
  readonly webhookUrl: string;
  readonly consoleUrl: string;
  /** Of the first instance of ingest, for SMPP clients. */
  readonly smppPort: number;
  /** Control port of each provider simulator, by provider id. */
  readonly simulators: Readonly<Record<string, string>>;
  /** Admin port of the first instance of each service. */
  readonly adminUrls: Readonly<Record<string, string>>;
  /** The catalog that the services read: the source's, with this cluster's ports. */
  readonly catalogDir: string;
}

/** The addresses that follow from the settings. */
export function sluiceEndpoints(config: ClusterConfig): SluiceEndpoints {
  const at = (port: number) => `http://127.0.0.1:${port + config.portOffset}`;
  return {
    ingestUrl: at(18_080),
    webhookUrl: at(WEBHOOK_PORT),
    consoleUrl: at(CONSOLE_PORT),
    smppPort: SMPP_PORT + config.portOffset,
    simulators: Object.fromEntries(SIMULATORS.map((s) => [s.name, at(s.control)])),
    adminUrls: Object.fromEntries(SERVICES.map((s) => [s.name, at(s.admin)])),
    catalogDir: resolve(config.stateDir, "run", "catalog"),
  };
}

/** Sluice's own services and the provider simulators, as processes of the local cluster; they start after `migrate`. */
export function sluiceProcesses(config: ClusterConfig): ProcessSpec[] {
  const simulators = SIMULATORS.map((simulator) => simulatorProcess(config, simulator));
  const names = simulators.map((spec) => spec.name);
  const services = SERVICES.filter(({ name }) => name !== "console" || config.console);
  return [...simulators, ...services.map((service) => serviceProcess(config, service, 1, names))];
}

function serviceProcess(
  config: ClusterConfig,
  service: (typeof SERVICES)[number],
  index: number,
  dependsOn: string[],
): ProcessSpec {
  const name = index === 1 ? service.name : `${service.name}-${index}`;
  const admin = service.admin + config.portOffset + index - 1;
  const http =
    "http" in service ? (index === 1 ? service.http : service.moreHttp + index) + config.portOffset : undefined;
  // Further instances count down from it: the providers' simulators come behind.
  const smpp = "smpp" in service ? service.smpp + config.portOffset - index + 1 : undefined;
  return {
    name,
    command: process.execPath,
    args: ["--max-old-space-size=768", `services/${service.name}/main.ts`],
    cwd: config.projectDir,
    ...(STANDING_BACK.has(service.name) ? { niceness: config.analyticsNiceness } : {}),
    env: {
      ...sluiceEnvironment(config),
      SLUICE_INSTANCE: name,
      SLUICE_ADMIN_PORT: String(admin),
      ...(http === undefined ? {} : { SLUICE_HTTP_PORT: String(http) }),
      ...(smpp === undefined ? {} : { SLUICE_SMPP_PORT: String(smpp) }),
    },
    logFile: logFile(config, name),
    ready: { http: `http://127.0.0.1:${admin}/readyz` },
    readyTimeoutMs: 90_000,
    alive: { http: `http://127.0.0.1:${admin}/healthz` },
    dependsOn,
    restart: "always",
    stop: { by: "SIGTERM", graceMs: 15_000 },
    ports: [
      { port: admin, env: "SLUICE_PORT_OFFSET" },
      ...(http === undefined ? [] : [{ port: http, env: "SLUICE_PORT_OFFSET" }]),
      ...(smpp === undefined ? [] : [{ port: smpp, env: "SLUICE_PORT_OFFSET" }]),
    ],
    endpoint: http === undefined ? `http://127.0.0.1:${admin}/metrics` : `http://127.0.0.1:${http}`,
    replica: (next) => serviceProcess(config, service, next, dependsOn),
  };
}

function simulatorProcess(config: ClusterConfig, simulator: (typeof SIMULATORS)[number]): ProcessSpec {
  const { name, kind } = simulator;
  const port = simulator.port + config.portOffset;
  const control = simulator.control + config.portOffset;
  return {
    name,
    command: process.execPath,
    args: [`infra/simulators/${kind}/main.ts`],
    cwd: config.projectDir,
    env: {
      SLUICE_SIMULATOR_NAME: name,
      SLUICE_SIMULATOR_PORT: String(port),
      SLUICE_SIMULATOR_CONTROL_PORT: String(control),
      SLUICE_SIMULATOR_SETTINGS: join(
        sourceDir("SLUICE_SIMULATORS_DIR", config, "infra/local/simulators"),
        `${name}.yaml`,
      ),
    },
    logFile: logFile(config, name),
    ready: { http: `http://127.0.0.1:${control}/healthz` },
    dependsOn: [],
    restart: "always",
    ports: [
      { port, env: "SLUICE_PORT_OFFSET" },
      { port: control, env: "SLUICE_PORT_OFFSET" },
    ],
    endpoint: `http://127.0.0.1:${control}`,
  };
}

/** Environment of every Sluice process of this cluster; also right for a tool that wants to act on it. */
export function sluiceEnvironment(config: ClusterConfig): Record<string, string> {
  const { brokers, registryUrl, clickhouseUrl } = clusterEndpoints(config);
  return {
    SLUICE_KAFKA_BROKERS: brokers.join(","),
    SLUICE_REGISTRY_URL: registryUrl,
    SLUICE_CLICKHOUSE_URL: clickhouseUrl,
    ...(config.scope === "services"
      ? {}
      : { SLUICE_CLICKHOUSE_USER: "sluice", SLUICE_CLICKHOUSE_PASSWORD_FILE: passwordFile(config, "sluice") }),
    SLUICE_CATALOG_DIR: sluiceEndpoints(config).catalogDir,
    SLUICE_SENDER_JOURNAL_DIR: resolve(config.stateDir, "run", "journal"),
    SLUICE_STORE_DIR: resolve(config.stateDir, "run", "store"),
    SLUICE_CALLBACK_ALLOW: LOOPBACK,
    SLUICE_CONSOLE_LOGIN_FILE: consoleLoginFile(config),
    SLUICE_CONSOLE_METRICS: Object.entries(sluiceEndpoints(config).adminUrls)
      .map(([service, url]) => `${service}=${url}/metrics`)
      .join(","),
    SLUICE_LOG_FORMAT: "json",
    ...config.settings,
  };
}

/** Where the one-time login of the console stands that `make up` prints. */
export const consoleLoginFile = (config: ClusterConfig): string => resolve(secretsDir(config), "console-login");

/** The page's address with a new one-time login; undefined where this cluster has no console. */
export function consoleAddress(config: ClusterConfig): string | undefined {
  if (!config.console || (config.scope !== "all" && config.scope !== "services")) return undefined;
  return oneTimeAddress(sluiceEndpoints(config).consoleUrl, makeOneTimeLogin(consoleLoginFile(config)));
}

/** Writes the catalog that this cluster's services read: the source catalog with the ports of its simulators moved. */
export function writeLocalCatalog(config: ClusterConfig): void {
  const source = sourceDir("SLUICE_CATALOG_DIR", config, "infra/local/catalog");
  writeCatalog(source, sluiceEndpoints(config).catalogDir, {
    offset: config.portOffset,
    simulators: SIMULATORS.map(({ port }) => port),
    webhooks: WEBHOOK_PORT,
  });
}

/** A folder of settings: the project's own, or the one that the variable names. */
function sourceDir(variable: string, config: ClusterConfig, fallback: string): string {
  return resolve(config.projectDir, process.env[variable] || fallback);
}
