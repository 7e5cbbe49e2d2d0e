import { once } from "node:events";
import { connect } from "node:net";
import { type Admin, Kafka, logLevel, type PartitionMetadata } from "kafkajs";
import { until } from "../integration/platform/kafka-runtime.ts";

const ELECT_LEADERS_KEY = 43;
const ELECT_LEADERS_VERSION = 1;
const PREFERRED = 0;
/** A broker that was killed must start, and all must catch up. */
const IN_SYNC_LIMIT_MS = 120_000;

/** An ElectLeaders request (version 1), which KafkaJS does not know: each partition to its preferred replica, the first. */
export function electLeadersRequest(topic: string, partitions: readonly number[]): Buffer {
  const name = Buffer.from(topic);
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 1 + 4 + 2 + name.length + 4 + 4 * partitions.length + 4);
  let at = request.writeInt32BE(request.length - 4, 0);
  at = request.writeInt16BE(ELECT_LEADERS_KEY, at);
  at = request.writeInt16BE(ELECT_LEADERS_VERSION, at);
  at = request.writeInt32BE(1, at); // correlation id
  at = request.writeInt16BE(-1, at); // no client id
  at = request.writeInt8(PREFERRED, at);
  at = request.writeInt32BE(1, at); // topics
  at = request.writeInt16BE(name.length, at);
  at += name.copy(request, at);
  at = request.writeInt32BE(partitions.length, at);
  for (const partition of partitions) at = request.writeInt32BE(partition, at);
  request.writeInt32BE(10_000, at); // time-out, ms
  return request;
}

/** Which broker leads what, asked of the brokers themselves, and changed. Brokers are counted from 0, as everywhere in tests. */
export class Leaders {
  private readonly brokers: readonly string[];
  private readonly admin: Admin;

  private constructor(brokers: readonly string[], admin: Admin) {
    this.brokers = brokers;
    this.admin = admin;
  }

  static async connect(brokers: readonly string[]): Promise<Leaders> {
    const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
    const admin = kafka.admin();
    await admin.connect();
    return new Leaders(brokers, admin);
  }

  disconnect(): Promise<void> {
    return this.admin.disconnect();
  }

  /** The leader of each partition. */
  async of(topic: string): Promise<number[]> {
    return (await this.partitions(topic)).map(({ leader }) => leader - 1);
  }

  /**
   * Resolves when every partition has all its replicas in sync and is led by the first of them: then one broker may fail
   * again, and every broker leads something. A broker that was away comes back without its leaderships.
   */
  async restored(...topics: string[]): Promise<void> {
    for (const topic of topics) {
      await until(
        `all replicas of ${topic} are in sync`,
        async () =>
          (await this.partitions(topic)).every(
            ({ leader, isr, replicas }) => leader > 0 && isr.length === replicas.length,
          ),
        IN_SYNC_LIMIT_MS,
      );
      await this.prefer(topic);
    }
  }

  /** Gives every partition another leader, or the one named only; resolves when all have it. All brokers must be up. */
  async move(topic: string, only?: number): Promise<void> {
    const all = await this.partitions(topic);
    const before = all.filter(({ partitionId }) => only === undefined || partitionId === only);
    await this.reassign(topic, before, ({ replicas, leader }) => {
      const turn = (replicas.indexOf(leader) + 1) % replicas.length;
      return [...replicas.slice(turn), ...replicas.slice(0, turn)];
    });
  }

  /** Moves every partition of a topic with one copy to the next broker: the old one does not know it any more. */
  async relocate(topic: string): Promise<void> {
    const next = ({ replicas }: PartitionMetadata) => [(replicas[0]! % this.brokers.length) + 1];
    await this.reassign(topic, await this.partitions(topic), next);
  }

  /** Leaves one partition on one broker alone: while that is away, it has no leader. */
  async leaveTo(topic: string, partition: number, broker: number): Promise<void> {
    const all = await this.partitions(topic);
    const one = all.filter(({ partitionId }) => partitionId === partition);
    await this.reassign(topic, one, () => [broker + 1]);
  }

  /** Gives partitions other replicas, or the same in another order; resolves when the first of them lead. */
  private async reassign(
    topic: string,
    partitions: readonly PartitionMetadata[],
    to: (partition: PartitionMetadata) => number[],
  ): Promise<void> {
    const wanted = new Map(partitions.map((partition) => [partition.partitionId, to(partition)]));
    const partitionAssignment = [...wanted].map(([partition, replicas]) => ({ partition, replicas }));
    await this.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    await until(`the replicas of ${topic} are as wanted`, async () =>
      (await this.partitions(topic)).every(
        ({ partitionId, replicas }) => String(replicas) === String(wanted.get(partitionId) ?? replicas),
      ),
    );
    await this.prefer(topic);
  }

  /** Every partition is led by its first replica. */
  private async prefer(topic: string): Promise<void> {
    await until(`the first replicas of ${topic} lead`, async () => {
      const led = await this.partitions(topic);
      const others = led.filter(({ leader, replicas }) => leader !== replicas[0]);
      if (others.length === 0) return true;
      await this.elect(
        topic,
        others.map(({ partitionId }) => partitionId),
      );
      return false;
    });
  }

  private async elect(topic: string, partitions: readonly number[]): Promise<void> {
    const [host, port] = this.brokers[0]!.split(":");
    const socket = connect({ host: host!, port: Number(port) });
    socket.write(electLeadersRequest(topic, partitions));
    await once(socket, "data");
    socket.destroy();
  }

  private async partitions(topic: string): Promise<PartitionMetadata[]> {
    let found: PartitionMetadata[] = [];
    await until(`the brokers say who leads ${topic}`, async () => {
      const metadata = await this.admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
      found = metadata.topics[0]?.partitions ?? [];
      return found.length > 0;
    });
    return found.sort((a, b) => a.partitionId - b.partitionId);
  }
}
