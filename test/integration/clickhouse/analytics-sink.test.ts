import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SchemaRegistryClient } from "../../../platform/codec/schema-registry.ts";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { connectCodecs, type SluiceCodecs } from "../../../schemas/codecs.ts";
import { registerSchemas } from "../../../schemas/register.ts";
import { DEAD_LETTER_TOPIC, EVENTS_TOPIC, HEALTH_TOPIC } from "../../../schemas/topics.ts";
import { type OwnCluster, startCluster } from "../../fixture/cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

const PARTITIONS = 3;
const MAIN = join(import.meta.dirname, "../../../services/analytics-sink/main.ts");

/** Not the shared cluster: the sink reads everything that is in sms.events. */
let cluster: OwnCluster;
let db: TestDatabase;
let codecs: SluiceCodecs;
let producer: RecordProducer;
let reader: TopicReader;
const sinks: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  const { brokers, registryUrl, clickhouseUrl } = cluster;
  const connection: KafkaConnection = { brokers, clientId: "sink-test", log: silentLog };
  const topics = [EVENTS_TOPIC, DEAD_LETTER_TOPIC].map((name) => ({ name, partitions: PARTITIONS }));
  await ensureTopics(connection, [...topics, { name: HEALTH_TOPIC, partitions: 1 }], -1, 1);
  await registerSchemas(new SchemaRegistryClient(registryUrl));
  db = await testDatabase(clickhouseUrl, "sink");
  codecs = await connectCodecs(registryUrl);
  producer = new RecordProducer({ connection });
  reader = new TopicReader({ connection, topics: [DEAD_LETTER_TOPIC, EVENTS_TOPIC] });
  await reader.start();
});

afterAll(async () => {
  await Promise.all(sinks.map((sink) => ended(sink, "SIGKILL")));
  await Promise.all([producer?.close(), reader?.stop(), db?.drop()]);
  await cluster?.stop();
});

function startSink(): ChildProcess {
  const { brokers, registryUrl, clickhouseUrl } = cluster;
  const sink = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      SLUICE_KAFKA_BROKERS: brokers.join(","),
      SLUICE_REGISTRY_URL: registryUrl,
      SLUICE_CLICKHOUSE_URL: clickhouseUrl,
      SLUICE_CLICKHOUSE_DATABASE: db.name,
      SLUICE_PARTITIONS: String(PARTITIONS),
      SLUICE_SINK_MAX_ROWS: "500",
      SLUICE_SINK_MAX_AGE: "100ms",
      SLUICE_LOG_FORMAT: "json",
      SLUICE_LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  sinks.push(sink);
  return sink;
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.kill(signal);
  });
}

function eventRecord(change: Partial<OutRecord> = {}): OutRecord {
  const to = String(491_700_000_000 + Math.floor(Math.random() * 1e6));
  const said = event({ at: Date.now(), facts: facts({ messageId: randomUUID(), to, acceptedAt: Date.now() }) });
  const id = `${said.facts.messageId}/1/routed`;
  const value = codecs.event.encode(said);
  return { topic: EVENTS_TOPIC, partition: partitionFor(to, PARTITIONS), key: to, value, headers: { id }, ...change };
}

async function rowCount(): Promise<number> {
  const [row] = await db.rows<{ n: string }>("SELECT count() AS n FROM events");
  return Number(row!.n);
}

async function until(done: () => Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`not reached within ${limitMs} ms: ${await rowCount()} rows`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it("stores each event exactly once while its process is killed again and again", async () => {
  const total = 20_000;
  const records = Array.from({ length: total }, () => eventRecord());
  // What a producer repeats after a failure: some records stand in the log twice.
  const repeated = records.filter((_, i) => i % 20 === 0);
  const bad = [0, 1, 2].map((partition) => eventRecord({ partition, value: Buffer.from("rubbish"), headers: {} }));

  let sink = startSink();
  for (let kills = 0; kills < 3; kills++) {
    const part = records.slice((kills * total) / 4, ((kills + 1) * total) / 4);
    await producer.send(part);
    const before = await rowCount();
    await until(async () => (await rowCount()) > before, 60_000);
    await ended(sink, "SIGKILL");
    sink = startSink();
  }
  await producer.send([...bad, ...records.slice((3 * total) / 4), ...repeated]);
  await until(async () => (await rowCount()) >= total, 80_000);
  expect(await ended(sink, "SIGTERM")).toBe(0);

  const [figures] = await db.rows(`
    SELECT count() AS rows, uniqExact(message_id) AS messages, uniqExact(log_partition, log_offset) AS places,
      (SELECT sum(routed) FROM minutes) AS routed, (SELECT count() FROM messages_latest) AS latest FROM events`);
  const wanted = Object.fromEntries(
    ["rows", "messages", "places", "routed", "latest"].map((name) => [name, String(total)]),
  );
  expect(Object.fromEntries(Object.entries(figures as object).map(([k, v]) => [k, String(v)]))).toEqual(wanted);
}, 240_000);

it("puts what it cannot read into the dead letters, with the original bytes", async () => {
  const letters: InRecord[] = [];
  const marks = await reader.watermarks(DEAD_LETTER_TOPIC);
  for (const [partition, { low, high }] of marks.entries())
    await reader.readRange(DEAD_LETTER_TOPIC, partition, low, high, (record) => letters.push(record));
  const decoded = letters.map((letter) => codecs.deadLetter.decode(letter.value!));
  const mine = decoded.flatMap((d) => (d.ok && d.value.service === "analytics-sink" ? [d.value] : []));
  expect(new Set(mine.map((letter) => letter.partition))).toEqual(new Set([0, 1, 2]));
  for (const letter of mine)
    expect(letter).toMatchObject({ reason: "undecodable", topic: EVENTS_TOPIC, value: Buffer.from("rubbish") });
});

it("goes on where it stood after a drain", async () => {
  const before = await rowCount();
  const sink = startSink();
  await producer.send(Array.from({ length: 300 }, () => eventRecord()));
  await until(async () => (await rowCount()) === before + 300, 60_000);
  expect(await ended(sink, "SIGTERM")).toBe(0);
});
