/** What stands in the environment of `make up`: what the cluster reads, what its services get, and what has no effect. */
import { misspeltVariables, withoutServiceLinks } from "../../platform/config/parse-config.ts";
import { KNOWN_VARIABLES, SERVICE_VARIABLES } from "../../schemas/generated/variables.ts";
import { CLUSTER_VARIABLES } from "../docs/cluster-variables.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Which processes a cluster consists of: everything, only Kafka + registry + ClickHouse, only the brokers, or only
 * Sluice's own on Kafka, registry and ClickHouse that run elsewhere (SLUICE_EXTERNAL_…).
 */
export type ClusterScope = "all" | "infra" | "kafka" | "services";

/** Settings of services that follow from the cluster: from its ports, or one for each process. */
const THE_CLUSTERS_OWN: readonly string[] = [
  "SLUICE_KAFKA_BROKERS",
  "SLUICE_REGISTRY_URL",
  "SLUICE_CLICKHOUSE_URL",
  "SLUICE_INSTANCE",
  "SLUICE_ADMIN_HOST",
  "SLUICE_ADMIN_PORT",
  "SLUICE_HTTP_PORT",
  "SLUICE_EXIT_WITH_PARENT",
  "SLUICE_CONSOLE_LOGIN_FILE",
];
/** These too, unless ClickHouse is another's. */
const OF_ITS_CLICKHOUSE: readonly string[] = [
  "SLUICE_CLICKHOUSE_USER",
  "SLUICE_CLICKHOUSE_PASSWORD",
  "SLUICE_CLICKHOUSE_PASSWORD_FILE",
  "SLUICE_CLICKHOUSE_DATABASE",
];
/** Read by the cluster itself, though a service has a setting of this name. */
const READ_BY_THE_CLUSTER: readonly string[] = ["SLUICE_CATALOG_DIR"];

const CLUSTER_NAMES: ReadonlySet<string> = new Set(CLUSTER_VARIABLES.map(({ name }) => name));

/** The environment without what Kubernetes and Docker write into it under names that begin like ours. */
export const ownEnvironment = (env: Environment): Environment =>
  withoutServiceLinks(env, new Set([...CLUSTER_NAMES, ...KNOWN_VARIABLES]));

/** One line for each variable that begins like ours and is none, with the name that was meant. */
export const misspelt = (env: Environment): string[] =>
  misspeltVariables(ownEnvironment(env), new Set(KNOWN_VARIABLES)).map(({ name, reason }) => `${name} ${reason}`);

/** The settings of services that are given, for all of them: each takes what is its own. */
export function settingsForServices(env: Environment, scope: ClusterScope): Record<string, string> {
  const kept = keptBack(scope);
  const own = ownEnvironment(env);
  return Object.fromEntries(
    SERVICE_VARIABLES.filter((name) => own[name] && !kept.has(name)).map((name) => [name, own[name]!]),
  );
}

/** One line for each variable that is given and has no effect on this cluster, saying why. */
export function withoutEffect(env: Environment, scope: ClusterScope, engine: "native" | "docker"): string[] {
  const own = ownEnvironment(env);
  const kept = keptBack(scope);
  const reasonFor = (name: string): string | undefined => {
    const only = CLUSTER_VARIABLES.find((variable) => variable.name === name)?.only;
    if (only !== undefined && only !== engine)
      return only === "docker" ? "Docker Compose alone reads it" : "the native cluster alone reads it";
    if (name === "SLUICE_CATALOG_DIR" && engine === "docker") return "docker-compose.yml mounts the catalog";
    if (name.startsWith("SLUICE_EXTERNAL_") && scope !== "services")
      return "only SLUICE_CLUSTER_SCOPE=services reads it";
    if (name === "SLUICE_HTTP_HOST" && engine === "docker") return "docker-compose.yml publishes ports on 127.0.0.1";
    if (kept.has(name) && !READ_BY_THE_CLUSTER.includes(name)) return "the services get what this cluster has";
    if (name === "SLUICE_CONFIG_FILE") return "the services of this cluster are configured by variables";
    if (name.startsWith("SLUICE_SIMULATOR_")) return "the simulators get what this cluster has";
    if ((scope === "infra" || scope === "kafka") && SERVICE_VARIABLES.includes(name) && !CLUSTER_NAMES.has(name))
      return `SLUICE_CLUSTER_SCOPE=${scope} starts no service`;
    return undefined;
  };
  return Object.keys(own)
    .filter((name) => own[name] && KNOWN_VARIABLES.includes(name))
    .flatMap((name) => {
      const reason = reasonFor(name);
      return reason === undefined ? [] : [`${name} is set and has no effect: ${reason}`];
    })
    .sort();
}

function keptBack(scope: ClusterScope): ReadonlySet<string> {
  return new Set([...THE_CLUSTERS_OWN, ...READ_BY_THE_CLUSTER, ...(scope === "services" ? [] : OF_ITS_CLICKHOUSE)]);
}

/** What tells two clusters apart beside their ports: every setting that is given, secrets unread. */
export function settingsSummary(env: Environment, scope: ClusterScope): string[] {
  const own = ownEnvironment(env);
  const more = ["SLUICE_CATALOG_DIR", "SLUICE_SIMULATORS_DIR", "SLUICE_KAFKA_HEAP", "SLUICE_KAFKA_RETENTION_HOURS"];
  const names = [...Object.keys(settingsForServices(env, scope)), ...more, "SLUICE_CLICKHOUSE_MEMORY_MIB"];
  return names
    .filter((name) => own[name])
    .sort()
    .map((name) => `${name}=${SERVICE_VARIABLES.includes(`${name}_FILE`) ? "[secret]" : own[name]}`);
}
