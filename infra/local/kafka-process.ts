import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { kafkaLibs } from "./artifacts.ts";
import { brokerProperties, CLUSTER_ID } from "./broker-properties.ts";
import { type ClusterConfig, dataDir, logFile } from "./cluster-config.ts";
import { isBrokerReady } from "./kafka-probe.ts";
import { LONGEST_READY_MS, type ProcessSpec } from "./process-spec.ts";

const toText = (properties: Record<string, string>): string =>
  `${Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n")}\n`;

const execute = promisify(execFile);

/** Formats the storage once. It is formatted beside its place and renamed: a killed format leaves nothing half-done. */
async function formatStorage(config: ClusterConfig, nodeId: number, logDir: string, classPath: string): Promise<void> {
  if (existsSync(join(logDir, "meta.properties"))) return;
  const draft = `${logDir}.draft`;
  rmSync(draft, { recursive: true, force: true });
  rmSync(logDir, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const settings = join(draft, "format.properties");
  writeFileSync(settings, toText(brokerProperties(config, nodeId, draft)));
  const java = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", classPath, "kafka.tools.StorageTool"];
  await execute("java", [...java, "format", "-t", CLUSTER_ID, "-c", settings]);
  rmSync(settings);
  renameSync(draft, logDir);
}

/** Broker `nodeId` of the cluster: a JVM that is broker and controller in one. */
export function kafkaBroker(config: ClusterConfig, nodeId: number): ProcessSpec {
  const name = `kafka-${nodeId}`;
  const port = config.kafkaPort + nodeId - 1;
  const logDir = dataDir(config, name);
  const settings = resolve(config.stateDir, "run", `${name}.properties`);
  const classPath = join(kafkaLibs(config), "*");
  const log4j = join(import.meta.dirname, "kafka-log4j2.properties");
  return {
    name,
    command: "java",
    args: [
      `-Xms${config.kafkaHeap}`,
      `-Xmx${config.kafkaHeap}`,
      "-XX:+UseG1GC",
      "-XX:MaxGCPauseMillis=20",
      "-Djava.awt.headless=true",
      `-Dlog4j2.configurationFile=file:${log4j}`,
      "-cp",
      classPath,
      "kafka.Kafka",
      settings,
    ],
    logFile: logFile(config, name),
    ports: [
      { port, env: "SLUICE_KAFKA_PORT" },
      { port: config.controllerPort + nodeId - 1, env: "SLUICE_KAFKA_CONTROLLER_PORT" },
      ...(config.proxyPorts.length > 0 ? [{ port: config.proxiedPort + nodeId - 1, env: "SLUICE_PORT_OFFSET" }] : []),
    ],
    endpoint: `127.0.0.1:${port}`,
    prepare: async () => {
      mkdirSync(resolve(config.stateDir, "run"), { recursive: true });
      await formatStorage(config, nodeId, logDir, classPath);
      writeFileSync(settings, toText(brokerProperties(config, nodeId, logDir)));
    },
    ready: { fn: () => isBrokerReady(port, nodeId) },
    readyTimeoutMs: LONGEST_READY_MS,
    dependsOn: [],
    restart: "always",
    // A controlled shutdown that has lost its controllers waits long for them; killed brokers recover by themselves.
    stop: { by: "SIGTERM", graceMs: 10_000 },
  };
}
