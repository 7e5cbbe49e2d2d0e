/**
 * A program of somebody else's that hands messages to Sluice over Kafka: what your own system could look like. It stands
 * on plain KafkaJS and a Confluent-compatible schema registry, and on nothing of Sluice.
 *
 *   node infra/demo/upstream.ts --count 1000 --rate 500 --label my-run
 *
 * What matters:
 *  - the topic is the lane: sms.requests.otp, sms.requests.transactional or sms.requests.marketing;
 *  - the key is the destination in E.164 digits without the plus, and the partitioner is the Java clients' murmur2 (KafkaJS's
 *    default; with librdkafka set partitioner=murmur2_random). Sluice moves what stands in the wrong partition, at a cost;
 *  - the value is Avro in Confluent's wire format, with the schema of the subject `sluice.SendRequest`;
 *  - every message has an id (a UUIDv7) of the sender's own. A batch whose acknowledgement did not arrive is sent
 *    again with the same ids, and Sluice drops what it has already.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel, Partitioners, type TopicMessages } from "kafkajs";
import { type DemoMessage, demoMessages } from "./demo-messages.ts";

const { values } = parseArgs({
  options: {
    brokers: { type: "string", default: process.env.KAFKA_BROKERS ?? "127.0.0.1:19092" },
    registry: { type: "string", default: process.env.SCHEMA_REGISTRY ?? "http://127.0.0.1:18081/apis/ccompat/v7" },
    count: { type: "string", default: "1000" },
    /** Messages a second. */
    rate: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
    /** Put into the metadata of every message, to find them again in analytics. */
    label: { type: "string", default: `upstream-${Date.now()}` },
  },
});

const kafka = new Kafka({
  clientId: "shop-backend",
  brokers: values.brokers.split(","),
  logLevel: logLevel.ERROR,
  retry: { retries: 5 },
});
const registry = new SchemaRegistry({ host: values.registry });
const producer = kafka.producer({
  createPartitioner: Partitioners.DefaultPartitioner,
  allowAutoTopicCreation: false,
});

/** Milliseconds between two batches. */
const BATCH_EVERY_MS = 100;
/** How long to try one batch before giving up. */
const GIVE_UP_MS = 60_000;

/** Time first (48 bits, milliseconds), then version 7 and random bits: RFC 9562, 5.7. */
function uuidV7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

async function toRecord(message: DemoMessage, schemaId: number) {
  const value = await registry.encode(schemaId, {
    messageId: uuidV7(),
    accountId: message.account,
    to: message.to,
    from: message.from,
    text: message.text,
    validitySeconds: null,
    reference: message.reference,
    callbackUrl: null,
    metadata: { run: values.label, source: "kafka" },
    acceptedAt: null,
  });
  return { topic: `sms.requests.${message.lane}`, key: message.to.slice(1), value };
}

/** Sends a batch until all in-sync replicas have it; the ids in it make a repeat harmless. */
async function deliver(batch: readonly DemoMessage[], schemaId: number): Promise<void> {
  const topics = new Map<string, TopicMessages["messages"]>();
  for (const record of await Promise.all(batch.map((message) => toRecord(message, schemaId)))) {
    const messages = topics.get(record.topic) ?? [];
    messages.push({ key: record.key, value: record.value });
    topics.set(record.topic, messages);
  }
  const topicMessages = [...topics].map(([topic, messages]) => ({ topic, messages }));
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      await producer.sendBatch({ acks: -1, topicMessages });
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      process.stderr.write(`upstream: ${(error as Error).message}; sending the batch again\n`);
      await pause(1_000);
    }
  }
}

/** Tells the parent process, one JSON object a line. */
function report(acknowledged: number): void {
  process.stdout.write(`${JSON.stringify({ acknowledged })}\n`);
}

const count = Number(values.count);
const batchSize = Math.max(1, Math.round((Number(values.rate) * BATCH_EVERY_MS) / 1_000));
const schemaId = await registry.getLatestSchemaId("sluice.SendRequest");
await producer.connect();

const startedAt = performance.now();
const messages = [...demoMessages(Number(values.seed), count)];
for (let sent = 0; sent < count; sent += batchSize) {
  await deliver(messages.slice(sent, sent + batchSize), schemaId);
  report(Math.min(sent + batchSize, count));
  const dueAt = startedAt + ((sent + batchSize) / batchSize) * BATCH_EVERY_MS;
  await pause(Math.max(0, dueAt - performance.now()));
}
await producer.disconnect();
