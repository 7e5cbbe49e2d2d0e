import { randomUUID } from "node:crypto";
import { type EachBatchPayload, Kafka, logLevel } from "kafkajs";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import { headerText, type InRecord, type KafkaLog, toRecord } from "../../../platform/kafka/record.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";

/** Warnings and errors of the runtime, kept so that a failing test can show them. */
export function recordingLog(): KafkaLog & { lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields, (_, v) => (v instanceof Error ? v.stack : v))}`);
  return { lines, debug: () => {}, info: at("info"), warn: at("warn"), error: at("error") };
}

export function connectionTo(brokers: readonly string[], log: KafkaLog = recordingLog()): KafkaConnection {
  return { brokers, clientId: "runtime-test", log };
}

/** Fresh topics with one partition count, whose leaders answer already; names are unique to the call. */
export async function freshTopics(
  connection: KafkaConnection,
  names: readonly string[],
  partitions: number,
): Promise<string[]> {
  const suffix = randomUUID().slice(0, 8);
  const topics = names.map((name) => `${name}-${suffix}`);
  await ensureTopics(
    connection,
    topics.map((name) => ({ name, partitions })),
    -1,
    1,
  );
  const admin = new Kafka({ brokers: [...connection.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  // A leader that does not know of its partition yet fails a whole request, and the rest of it is then written twice.
  for (const topic of topics)
    await until(`${topic} has leaders`, () =>
      admin.fetchTopicOffsets(topic).then(
        () => true,
        () => false,
      ),
    );
  await admin.disconnect();
  return topics;
}

/** Everything in a topic, by partition and offset. */
export async function readAll(connection: KafkaConnection, topic: string): Promise<InRecord[]> {
  const records: InRecord[] = [];
  await readEach(connection, topic, (record) => records.push(record));
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** Gives every record of a topic, in order by partition, read by a plain client that shares no code with the runtime. */
export async function readEach(
  connection: KafkaConnection,
  topic: string,
  onRecord: (record: InRecord) => void,
): Promise<void> {
  const kafka = new Kafka({ brokers: [...connection.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  let ends: Awaited<ReturnType<typeof admin.fetchTopicOffsets>> = [];
  // A topic just created, or moved, has leaders that do not know of it yet.
  await until(`the ends of ${topic} are known`, async () => {
    ends = await admin.fetchTopicOffsets(topic).catch(() => []);
    return ends.length > 0;
  });
  await admin.disconnect();
  const left = new Set(ends.filter((p) => Number(p.high) > Number(p.low)).map((p) => p.partition));
  if (left.size === 0) return;
  const consumer = kafka.consumer({ groupId: `read-all-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  /** The next offset of each partition: whatever is fetched twice counts once. */
  const next = new Map<number, number>();
  try {
    await new Promise<void>((resolve, reject) => {
      consumer.on("consumer.crash", ({ payload }) => reject(payload.error));
      const eachBatch = async ({ batch }: EachBatchPayload) => {
        for (const m of batch.messages) {
          const offset = Number(m.offset);
          if (offset < (next.get(batch.partition) ?? 0)) continue;
          next.set(batch.partition, offset + 1);
          onRecord(toRecord(topic, batch.partition, offset, m));
        }
        const high = Number(ends.find((p) => p.partition === batch.partition)!.high);
        if (Number(batch.lastOffset()) + 1 >= high) left.delete(batch.partition);
        if (left.size === 0) resolve();
      };
      consumer.run({ autoCommit: false, eachBatch }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}

/** Drops repeats the way a reader does, by header. */
export function firstOccurrences(records: readonly InRecord[], header: string): InRecord[] {
  const seen = new Set<string>();
  return records.filter((record) => {
    const id = headerText(record, header)!;
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

/** Waits for a condition, asking again every 50 ms. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
