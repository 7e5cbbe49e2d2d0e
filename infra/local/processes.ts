import { existsSync } from "node:fs";
import { join } from "node:path";
import { CLICKHOUSE_DATABASE, clickhouse } from "./clickhouse-process.ts";
import { type ClusterConfig, clusterEndpoints, logFile } from "./cluster-config.ts";
import { kafkaBroker } from "./kafka-process.ts";
import type { ProcessSpec } from "./process-spec.ts";
import { schemaRegistry } from "./registry-process.ts";
import { sluiceProcesses } from "./sluice-processes.ts";

/** Environment with which Sluice's own processes find the cluster's software. */
export function endpointEnvironment(config: ClusterConfig): Record<string, string> {
  const { brokers, registryUrl, clickhouseUrl } = clusterEndpoints(config);
  return {
    SLUICE_KAFKA_BROKERS: brokers.join(","),
    SLUICE_REGISTRY_URL: registryUrl,
    SLUICE_CLICKHOUSE_URL: clickhouseUrl,
    SLUICE_CLICKHOUSE_DATABASE: CLICKHOUSE_DATABASE,
    KAFKAJS_NO_PARTITIONER_WARNING: "1",
  };
}

/** The one-shot step that creates topics, registers schemas and creates tables. */
function migrate(config: ClusterConfig, script: string, dependsOn: string[]): ProcessSpec {
  return {
    name: "migrate",
    command: process.execPath,
    args: [script],
    cwd: config.projectDir,
    env: endpointEnvironment(config),
    logFile: logFile(config, "migrate"),
    ready: { exit: 0 },
    readyTimeoutMs: 120_000,
    dependsOn,
    restart: "never",
  };
}

/** Everything the cluster of this configuration consists of, in the order in which `status` shows it. */
export function clusterProcesses(config: ClusterConfig): ProcessSpec[] {
  const kafka = Array.from({ length: config.brokers }, (_, index) => kafkaBroker(config, index + 1));
  if (config.scope === "kafka") return kafka;
  const infra = [...kafka, schemaRegistry(config), clickhouse(config)];
  const script = join(config.projectDir, "infra", "migrate.ts");
  if (config.scope === "infra" || !existsSync(script)) return infra;
  const migration = migrate(
    config,
    script,
    infra.map((spec) => spec.name),
  );
  const services = sluiceProcesses(config).map((spec) => ({ ...spec, dependsOn: [...spec.dependsOn, migration.name] }));
  return [...infra, migration, ...services];
}
