import { join } from "node:path";
import { clickhouse } from "./clickhouse-process.ts";
import { type ClusterConfig, logFile } from "./cluster-config.ts";
import { kafkaBroker } from "./kafka-process.ts";
import type { ProcessSpec } from "./process-spec.ts";
import { prometheus } from "./prometheus-process.ts";
import { schemaRegistry } from "./registry-process.ts";
import { sluiceEnvironment, sluiceProcesses, writeLocalCatalog } from "./sluice-processes.ts";

/** The one-shot step that creates topics, registers schemas and creates tables. */
function migrate(config: ClusterConfig, script: string, dependsOn: string[]): ProcessSpec {
  return {
    name: "migrate",
    command: process.execPath,
    args: [script],
    cwd: config.projectDir,
    env: sluiceEnvironment(config),
    prepare: async () => writeLocalCatalog(config),
    logFile: logFile(config, "migrate"),
    ready: { exit: 0 },
    readyTimeoutMs: 120_000,
    dependsOn,
    restart: "never",
  };
}

/** Everything the cluster of this configuration consists of, in the order in which `status` shows it. */
export function clusterProcesses(config: ClusterConfig): ProcessSpec[] {
  if (config.scope === "services") return withMigration(config, []);
  const kafka = Array.from({ length: config.brokers }, (_, index) => kafkaBroker(config, index + 1));
  if (config.scope === "kafka") return kafka;
  const infra = [...kafka, schemaRegistry(config), clickhouse(config)];
  return config.scope === "infra" ? infra : withMigration(config, infra);
}

/** What there is already, then the migration, then everything of Sluice's own. */
function withMigration(config: ClusterConfig, infra: ProcessSpec[]): ProcessSpec[] {
  const names = infra.map((spec) => spec.name);
  const migration = migrate(config, join(config.projectDir, "infra", "migrate.ts"), names);
  // The simulators stand on nothing: they start meanwhile.
  const services = sluiceProcesses(config).map((spec) =>
    spec.dependsOn.length === 0 ? spec : { ...spec, dependsOn: [...spec.dependsOn, migration.name] },
  );
  return [...infra, migration, ...services, ...prometheus(config, services)];
}
