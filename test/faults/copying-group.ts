/**
 * The smallest thing that takes over by reading the log: copies its inputs to `decisions`, deciding each record by lot, and
 * carries the decisions out in `effects`. Deciding one record twice would show, and so would a skipped or repeated one.
 */
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import { sourceHeader } from "../../platform/kafka/positions.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { ReadBackMarks } from "../../platform/kafka/read-back-mark.ts";
import { headerText, type InRecord, type KafkaLog } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { ensureTopics } from "../../platform/kafka/topics.ts";
import { runTransform } from "../../platform/kafka/transform.ts";
import { until } from "./audit.ts";

export interface Member {
  readonly group: TaskGroup;
  /** Errors that were logged. */
  readonly errors: string[];
  stop(): Promise<void>;
}

/** Topics with names of their own, and members that copy them. */
export class CopyingGroup {
  readonly inputs: string[];
  readonly decisions: string;
  readonly effects: string;
  readonly groupId: string;
  /** While set, members process nothing more: their queues fill. */
  held: Promise<void> | undefined;
  private readonly brokers: readonly string[];
  private readonly partitions: number;
  private readonly kafka: Kafka;
  private producer: RecordProducer | undefined;

  /** `inputs` may be extended before a new member starts. */
  constructor(brokers: readonly string[], inputs: readonly string[], partitions: number) {
    const suffix = randomUUID().slice(0, 8);
    this.inputs = inputs.map((name) => `${name}-${suffix}`);
    this.decisions = `decisions-${suffix}`;
    this.effects = `effects-${suffix}`;
    this.groupId = `copying-${suffix}`;
    this.brokers = brokers;
    this.partitions = partitions;
    this.kafka = new Kafka({ clientId: "copying", brokers: [...brokers], logLevel: logLevel.NOTHING });
  }

  /** Creates the topics that are missing, and waits until their leaders answer. */
  async createTopics(): Promise<void> {
    const names = [...this.inputs, this.decisions, this.effects];
    const specs = names.map((name) => ({ name, partitions: this.partitions }));
    await ensureTopics(this.connection([]), specs, -1, 1);
    await this.admin((admin) =>
      until(
        () => "leaders answer",
        () =>
          Promise.all(names.map((name) => admin.fetchTopicOffsets(name))).then(
            () => true,
            () => false,
          ),
        60_000,
      ),
    );
  }

  /** Appends numbered records to an input, over all partitions. */
  async fill(topic: string, from: number, to: number): Promise<void> {
    this.producer ??= new RecordProducer({ connection: this.connection([]) });
    await this.producer.send(
      Array.from({ length: to - from }, (_, i) => ({
        topic,
        partition: (from + i) % this.partitions,
        key: null,
        value: Buffer.from(`${topic}/${from + i}`),
      })),
    );
  }

  async start(): Promise<Member> {
    const errors: string[] = [];
    const connection = this.connection(errors);
    const reader = new TopicReader({ connection, topics: [this.decisions] });
    const producer = new RecordProducer({ connection });
    await reader.start();
    const group = new TaskGroup({
      connection,
      groupId: this.groupId,
      topics: [...this.inputs],
      partitions: this.partitions,
      run: (task) => runTransform(task, this.copier(reader), { producer, maxBatchPerInput: 50 }),
    });
    await group.start();
    const stop = async () => {
      await group.stop();
      await producer.close();
      await reader.stop();
    };
    return { group, errors, stop };
  }

  /** What stands in a topic: the records' texts with what was decided, in order. */
  async read(topic: string): Promise<string[]> {
    const reader = new TopicReader({ connection: this.connection([]), topics: [topic] });
    await reader.start();
    const found: string[] = [];
    const marks = await reader.watermarks(topic);
    for (const [partition, { low, high }] of marks.entries())
      await reader.readRange(topic, partition, low, high, (record) => found.push(record.value!.toString()));
    await reader.stop();
    return found;
  }

  async admin<T>(act: (admin: ReturnType<Kafka["admin"]>) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await act(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** Deletes what lies below an offset, as retention does. */
  expire(topic: string, offset: number): Promise<void> {
    const partitions = Array.from({ length: this.partitions }, (_, partition) => ({ partition, offset: `${offset}` }));
    return this.admin(async (admin) => {
      await admin.fetchTopicOffsets(topic); // which tells KafkaJS of the topic: without it the deletion is refused
      await admin.deleteTopicRecords({ topic, partitions });
    });
  }

  async close(): Promise<void> {
    await this.producer?.close();
  }

  private copier(reader: TopicReader) {
    const recorded = new Map<string, string>();
    let next: number[] = [];
    let marks = new ReadBackMarks(0, [0], []);
    return {
      restore: async ({ partition, restored: { offsets, state } }: Task) => {
        const from = state === "" ? 0 : Number(state);
        const { high } = (await reader.watermarks(this.decisions))[partition]!;
        await reader.readRange(this.decisions, partition, from, high, (record) => {
          const src = headerText(record, "src")!;
          if (!recorded.has(src)) recorded.set(src, record.value!.toString());
        });
        next = [...offsets];
        marks = new ReadBackMarks(0, [from], offsets);
      },
      prepare: () => this.held,
      process: (record: InRecord, input: number, out: { decide(r: object): void; effect(r: object): void }) => {
        next[input] = record.offset + 1;
        const { topic, partition, offset } = record;
        const src = sourceHeader(topic, partition, offset);
        const before = recorded.get(src);
        const value = Buffer.from(before ?? `${record.value} ${randomUUID().slice(0, 8)}`);
        const output = { partition, key: null, value, headers: { src } };
        if (before === undefined) out.decide({ ...output, topic: this.decisions });
        out.effect({ ...output, topic: this.effects });
      },
      state: (offsets: readonly number[]) => String(marks.pick(performance.now(), offsets)[0]),
    };
  }

  private connection(errors: string[]) {
    const log: KafkaLog = {
      debug() {},
      info() {},
      warn() {},
      error: (fields, message) => void errors.push(`${message} ${String((fields as { err?: Error }).err ?? "")}`),
    };
    return { brokers: this.brokers, clientId: "copying", log };
  }
}
