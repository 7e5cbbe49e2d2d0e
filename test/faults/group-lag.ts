import { type Admin, Kafka, logLevel } from "kafkajs";
import { until } from "./until.ts";

/** How far a consumer group is with a topic, by its committed offsets. */
export class GroupLag {
  private readonly admin: Admin;
  private readonly groupId: string;
  private readonly topic: string;

  private constructor(admin: Admin, groupId: string, topic: string) {
    this.admin = admin;
    this.groupId = groupId;
    this.topic = topic;
  }

  static async connect(brokers: readonly string[], groupId: string, topic: string): Promise<GroupLag> {
    const admin = new Kafka({ clientId: "lag", brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    return new GroupLag(admin, groupId, topic);
  }

  close(): Promise<void> {
    return this.admin.disconnect();
  }

  /** `done`: records committed, of all partitions. `waiting`: those in the log and not committed. */
  async read(): Promise<{ done: number; waiting: number }> {
    const committed = await this.committed();
    const ends = await this.admin.fetchTopicOffsets(this.topic);
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    const end = sum(ends.map(({ high }) => Number(high)));
    const done = sum([...committed.values()]);
    return { done, waiting: end - done };
  }

  /** Waits, `ms` at the most, until fewer records than `below` are in the log and not committed. */
  level(below: number, ms: number): Promise<void> {
    let waiting = 0;
    return until(
      () => `${this.groupId} is level with ${this.topic}; it is ${waiting} behind`,
      async () => {
        ({ waiting } = await this.read());
        return waiting < below;
      },
      ms,
    );
  }

  /** First offset not done, by partition. */
  async committed(): Promise<Map<number, number>> {
    const [topic] = await this.admin.fetchOffsets({ groupId: this.groupId, topics: [this.topic] });
    return new Map((topic?.partitions ?? []).map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
  }
}
