import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { kafkaLibs } from "./artifacts.ts";
import { type ClusterConfig, dataDir, logFile } from "./cluster-config.ts";
import { isBrokerReady } from "./kafka-probe.ts";
import type { ProcessSpec } from "./process-spec.ts";

// A KRaft cluster id is 16 bytes in base64url; all local clusters may share one, they never meet.
const CLUSTER_ID = Buffer.from("SluiceLocalKafka").toString("base64url");
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

/** The settings of broker `nodeId` (1…brokers), which is also a controller, as server.properties lines. */
export function brokerProperties(config: ClusterConfig, nodeId: number, logDir: string): Record<string, string> {
  const { brokers } = config;
  const port = config.kafkaPort + nodeId - 1;
  const controller = (id: number) => `127.0.0.1:${config.controllerPort + id - 1}`;
  const nodes = Array.from({ length: brokers }, (_, index) => index + 1);
  const minInSync = brokers === 1 ? 1 : 2;
  return {
    "process.roles": "broker,controller",
    "node.id": String(nodeId),
    "controller.quorum.voters": nodes.map((id) => `${id}@${controller(id)}`).join(","),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://${controller(nodeId)}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": logDir,
    "auto.create.topics.enable": "false",
    "log.message.timestamp.type": "LogAppendTime",
    "default.replication.factor": String(brokers),
    "min.insync.replicas": String(minInSync),
    "offsets.topic.replication.factor": String(brokers),
    "transaction.state.log.replication.factor": String(brokers),
    "transaction.state.log.min.isr": String(minInSync),
    "share.coordinator.state.topic.replication.factor": String(brokers),
    "share.coordinator.state.topic.min.isr": String(minInSync),
    // Fewer than the default 50 each: a laptop's broker starts and recovers faster.
    "offsets.topic.num.partitions": "12",
    "transaction.state.log.num.partitions": "4",
    // Long enough for members that start together to join in one rebalance, short enough for tests.
    "group.initial.rebalance.delay.ms": "250",
    // Tests of takeover use sessions shorter than the default minimum of 6 s.
    "group.min.session.timeout.ms": "1000",
    // After a crash the controller waits this long for the broker's former self. Alone, nobody could take over from it anyway.
    "broker.session.timeout.ms": brokers === 1 ? "4000" : "9000",
    "broker.heartbeat.interval.ms": brokers === 1 ? "500" : "2000",
    "offset.metadata.max.bytes": "65536",
    "message.max.bytes": String(MAX_MESSAGE_BYTES),
    "replica.fetch.max.bytes": String(MAX_MESSAGE_BYTES),
    "log.retention.hours": String(config.kafkaRetentionHours),
    "log.segment.bytes": String(256 * 1024 * 1024),
    "num.network.threads": "3",
    "num.io.threads": "4",
    "num.replica.fetchers": brokers === 1 ? "1" : "2",
  };
}

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
    ],
    endpoint: `127.0.0.1:${port}`,
    prepare: async () => {
      mkdirSync(resolve(config.stateDir, "run"), { recursive: true });
      await formatStorage(config, nodeId, logDir, classPath);
      writeFileSync(settings, toText(brokerProperties(config, nodeId, logDir)));
    },
    ready: { fn: () => isBrokerReady(port, nodeId) },
    readyTimeoutMs: 90_000,
    dependsOn: [],
    restart: "always",
    // A controlled shutdown that has lost its controllers waits long for them; killed brokers recover by themselves.
    stop: { by: "SIGTERM", graceMs: 10_000 },
  };
}
