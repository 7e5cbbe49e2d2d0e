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
    const partitionAssignment = before.map(({ partitionId, replicas, leader }) => {
      const turn = (replicas.indexOf(leader) + 1) % replicas.length;
      return { partition: partitionId, replicas: [...replicas.slice(turn), ...replicas.slice(0, turn)] };
    });
    await this.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    const wanted = new Map(partitionAssignment.map(({ partition, replicas }) => [partition, replicas[0]!]));
    await until("the replicas are in their new order", async () =>
      (await this.partitions(topic)).every(
        ({ partitionId, replicas }) => replicas[0] === (wanted.get(partitionId) ?? replicas[0]),
      ),
    );
    await this.prefer(topic);
  }

  /** Moves every partition of a topic with one copy to the next broker: the old one does not know it any more. */
  async relocate(topic: string): Promise<void> {
    const before = await this.partitions(topic);
    const next = (replica: number) => (replica % this.brokers.length) + 1;
    const wanted = new Map(before.map(({ partitionId, replicas }) => [partitionId, next(replicas[0]!)]));
    const partitionAssignment = [...wanted].map(([partition, replica]) => ({ partition, replicas: [replica] }));
    await this.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    await until(`${topic} has moved`, async () =>
      (await this.partitions(topic)).every(
        ({ partitionId, replicas, leader }) => replicas.length === 1 && leader === wanted.get(partitionId),
      ),
    );
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
