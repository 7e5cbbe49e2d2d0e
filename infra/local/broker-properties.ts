import type { ClusterConfig } from "./cluster-config.ts";

/** A KRaft cluster id is 16 bytes in base64url; all local clusters may share one, they never meet. */
export const CLUSTER_ID = Buffer.from("SluiceLocalKafka").toString("base64url");

const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

/** What Sluice needs of every broker, whatever its addresses: the same natively, in Compose and in test containers. */
export function brokerSettings(brokers: 1 | 3, retentionHours: number): Record<string, string> {
  const minInSync = String(brokers === 1 ? 1 : 2);
  return {
    "auto.create.topics.enable": "false",
    "log.message.timestamp.type": "LogAppendTime",
    "default.replication.factor": String(brokers),
    "min.insync.replicas": minInSync,
    "offsets.topic.replication.factor": String(brokers),
    "transaction.state.log.replication.factor": String(brokers),
    "transaction.state.log.min.isr": minInSync,
    "share.coordinator.state.topic.replication.factor": String(brokers),
    "share.coordinator.state.topic.min.isr": minInSync,
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
    "log.retention.hours": String(retentionHours),
    "log.segment.bytes": String(256 * 1024 * 1024),
    "num.network.threads": "3",
    "num.io.threads": "4",
    "num.replica.fetchers": brokers === 1 ? "1" : "2",
  };
}

/** The complete server.properties of native broker `nodeId` (1…brokers), which is also a controller. */
export function brokerProperties(config: ClusterConfig, nodeId: number, logDir: string): Record<string, string> {
  const { brokers } = config;
  const address = `PLAINTEXT://127.0.0.1:${config.kafkaPort + nodeId - 1}`;
  const proxyPort = config.proxyPorts[nodeId - 1];
  const [proxied, proxy, proxiedProtocol] =
    proxyPort === undefined
      ? ["", "", ""]
      : [
          `,PROXIED://127.0.0.1:${config.proxiedPort + nodeId - 1}`,
          `,PROXIED://127.0.0.1:${proxyPort}`,
          ",PROXIED:PLAINTEXT",
        ];
  const controller = (id: number) => `127.0.0.1:${config.controllerPort + id - 1}`;
  const nodes = Array.from({ length: brokers }, (_, index) => index + 1);
  return {
    "process.roles": "broker,controller",
    "node.id": String(nodeId),
    "controller.quorum.voters": nodes.map((id) => `${id}@${controller(id)}`).join(","),
    listeners: `${address}${proxied},CONTROLLER://${controller(nodeId)}`,
    "advertised.listeners": `${address}${proxy}`,
    "listener.security.protocol.map": `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${proxiedProtocol}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": logDir,
    ...brokerSettings(brokers, config.kafkaRetentionHours),
  };
}

/** Settings as the variables of the apache/kafka image: `log.dirs` is KAFKA_LOG_DIRS (no name here has a dash or underscore). */
export const imageEnvironment = (settings: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll(".", "_")}`, value]),
  );
