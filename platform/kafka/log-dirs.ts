/**
 * How full the brokers' disks are, as each broker says of its log directories: DescribeLogDirs (KIP-113), which tells the size of the file system since version 4
 * (KIP-827, Kafka 3.3). KafkaJS 2.2.4 has the number of this request and not the request, and its admin client asks one broker only; here its cluster is asked,
 * which connects, logs in and reconnects as its clients do. Held by test/unit/platform/kafka/log-dirs.test.ts and test/e2e/metrics.test.ts.
 */
import { createRequire } from "node:module";
import { SluiceError } from "../errors/sluice-error.ts";
import { type KafkaConnection, kafkaClient } from "./connection.ts";
import { clusterOf } from "./kafkajs-cluster.ts";

/** The file system that a broker's log directory is on. Bytes. */
export interface LogDir {
  readonly broker: string;
  readonly dir: string;
  /** What the broker's process may still write. */
  readonly free: number;
  readonly total: number;
}

type DirOfBroker = Omit<LogDir, "broker">;

interface Encoder {
  writeUVarInt(value: number): Encoder;
}
interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
  readBoolean(): boolean;
  readUVarIntString(): string | null;
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[] | null;
  readTaggedFields(): unknown;
}

interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly encode: () => Promise<Encoder>;
}
interface Response {
  readonly decode: (octets: Buffer) => Promise<DirOfBroker[]>;
  readonly parse: (dirs: DirOfBroker[]) => Promise<DirOfBroker[]>;
}
interface ProtocolRequest {
  readonly request: Request;
  readonly response: Response;
}

/** As much of KafkaJS's cluster as is asked here. */
export interface AskedCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  getNodeIds(): string[];
  findBroker(of: { readonly nodeId: string }): Promise<{
    lookupRequest(
      apiKey: number,
      definition: { readonly versions: string[]; protocol(chosen: { version: number }): () => ProtocolRequest },
    ): () => ProtocolRequest;
    readonly connectionPool: { send(request: ProtocolRequest): Promise<DirOfBroker[]> };
  }>;
}

const require = createRequire(import.meta.url);
const EncoderOf = require("kafkajs/src/protocol/encoder") as new () => Encoder;
const DecoderOf = require("kafkajs/src/protocol/decoder") as new (octets: Buffer) => Decoder;
const protocolErrors = require("kafkajs/src/protocol/error") as { createErrorFromCode(code: number): Error };

const DESCRIBE_LOG_DIRS = 35;
const VERSION = 4;

/** DescribeLogDirs, version 4, for no topic: only the directories themselves are told of. */
export const describeLogDirs: ProtocolRequest = {
  request: {
    apiKey: DESCRIBE_LOG_DIRS,
    apiVersion: VERSION,
    apiName: "DescribeLogDirs",
    // Tagged fields of the header, an array of no topics, tagged fields.
    encode: async () => new EncoderOf().writeUVarInt(0).writeUVarInt(1).writeUVarInt(0),
  },
  response: { decode, parse: async (dirs) => dirs },
};

/**
 * DescribeLogDirs Response (Version: 4) => throttle_time_ms error_code [results] TAG_BUFFER
 *   results => error_code log_dir [topics] total_bytes usable_bytes TAG_BUFFER
 *     topics => name [partitions] TAG_BUFFER
 *       partitions => partition_index partition_size offset_lag is_future_key TAG_BUFFER
 *
 * A directory that has failed, or of which the broker does not know the size (-1), is left out.
 */
async function decode(octets: Buffer): Promise<DirOfBroker[]> {
  const from = new DecoderOf(octets);
  from.readTaggedFields();
  from.readInt32();
  const refused = from.readInt16();
  if (refused !== 0) throw protocolErrors.createErrorFromCode(refused);
  const dirs = from.readUVarIntArray((result) => {
    const failed = result.readInt16() !== 0;
    const dir = result.readUVarIntString() ?? "";
    result.readUVarIntArray(passTopic);
    const [total, free] = [Number(result.readInt64()), Number(result.readInt64())];
    result.readTaggedFields();
    return failed || total <= 0 || free < 0 ? [] : [{ dir, free, total }];
  });
  return (dirs ?? []).flat();
}

function passTopic(topic: Decoder): void {
  topic.readUVarIntString();
  topic.readUVarIntArray((partition) => {
    partition.readInt32();
    partition.readInt64();
    partition.readInt64();
    partition.readBoolean();
    partition.readTaggedFields();
  });
  topic.readTaggedFields();
}

/** Asks every broker for its log directories. One question at a time. */
export class LogDirs {
  private readonly open: (turn: number) => AskedCluster;
  private cluster: AskedCluster | undefined;
  private clusters = 0;

  /** `open`: given by tests. */
  constructor(
    connection: KafkaConnection,
    open = (turn: number) => clusterOf<AskedCluster>(kafkaClient(connection, 1, turn)),
  ) {
    this.open = open;
  }

  /**
   * Brokers that do not answer are left out.
   * @throws what KafkaJS throws when no broker answers, or when all refuse (without the right to describe the cluster); SluiceError
   * `KAFKA_TOO_OLD` when all are older than 3.3. Call again later.
   */
  async ask(): Promise<LogDir[]> {
    const cluster = this.cluster ?? this.open(this.clusters++);
    this.cluster = cluster;
    try {
      await cluster.connect();
      await cluster.refreshMetadata();
      const told = await Promise.allSettled(cluster.getNodeIds().map((broker) => dirsOf(cluster, broker)));
      const failed = told.filter((one) => one.status === "rejected");
      if (failed.length > 0 && failed.length === told.length) throw failed[0]!.reason;
      return told.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    } catch (error) {
      // The next question is asked by a client that begins with another broker.
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const { cluster } = this;
    this.cluster = undefined;
    await cluster?.disconnect().catch(() => {});
  }
}

async function dirsOf(cluster: AskedCluster, nodeId: string): Promise<LogDir[]> {
  const broker = await cluster.findBroker({ nodeId });
  const definition = { versions: [String(VERSION)], protocol: requestOf };
  const dirs = await broker.connectionPool.send(broker.lookupRequest(DESCRIBE_LOG_DIRS, definition)());
  return dirs.map((dir) => ({ broker: nodeId, ...dir }));
}

function requestOf({ version }: { version: number }): () => ProtocolRequest {
  if (version < VERSION)
    throw new SluiceError("the broker is older than Kafka 3.3 and does not say how large its disks are", {
      code: "KAFKA_TOO_OLD",
    });
  return () => describeLogDirs;
}
