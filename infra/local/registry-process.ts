import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { registryHome, registryJar } from "./artifacts.ts";
import { type ClusterConfig, clusterEndpoints, dataDir, logFile } from "./cluster-config.ts";
import { LONGEST_READY_MS, type ProcessSpec } from "./process-spec.ts";

/** The Apicurio schema registry with its H2 file storage (it starts in seconds; its Kafka storage takes 20). */
export function schemaRegistry(config: ClusterConfig): ProcessSpec {
  const folder = dataDir(config, "registry");
  const { registryUrl } = clusterEndpoints(config);
  return {
    name: "registry",
    command: "java",
    args: ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx384m", "-jar", registryJar(config)],
    cwd: registryHome(config),
    env: {
      QUARKUS_HTTP_HOST: "127.0.0.1",
      QUARKUS_HTTP_PORT: String(config.registryPort),
      QUARKUS_HTTP_ACCESS_LOG_ENABLED: "false",
      APICURIO_STORAGE_KIND: "sql",
      APICURIO_STORAGE_SQL_KIND: "h2",
      APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(folder, "registry")}`,
    },
    logFile: logFile(config, "registry"),
    ports: [{ port: config.registryPort, env: "SLUICE_REGISTRY_PORT" }],
    endpoint: registryUrl,
    prepare: async () => {
      mkdirSync(folder, { recursive: true });
    },
    ready: { http: `${registryUrl}/subjects` },
    // It answers in seconds; a machine that does much else has taken a minute, and a restart then begins from nothing.
    readyTimeoutMs: LONGEST_READY_MS,
    dependsOn: [],
    restart: "always",
  };
}
