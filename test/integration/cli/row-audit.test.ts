import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { EVENT_COLUMNS, writeEventRow } from "../../../pipeline/records/event-row.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import { BlockInserter } from "../../../platform/clickhouse/block-inserter.ts";
import { RowBinary } from "../../../platform/clickhouse/row-binary.ts";
import { SchemaRegistryClient } from "../../../platform/codec/schema-registry.ts";
import { Secret } from "../../../platform/config/secret.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { EVENT_SINK_GROUP } from "../../../schemas/groups.ts";
import { EVENTS_TOPIC, topicSpecs } from "../../../schemas/topics.ts";
import { auditRows } from "../../../services/cli/rows/audit-rows.ts";
import { rowsHold } from "../../../services/cli/rows/report.ts";
import { runCli } from "../../../services/cli/sluice.ts";
import { clickhouseVariables } from "../../fixture/cluster-handle.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "../clickhouse/database.ts";
import { connectionTo, recordingLog, until } from "../platform/kafka-runtime.ts";

const P = 6;
const HOME = 5;
const MESSAGES = 120;

const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers, recordingLog());
const producer = new RecordProducer({ connection });
const admin = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).admin();
let codecs: SluiceCodecs;
let database: TestDatabase;
let inserter: BlockInserter;
let first = 0;
let since = 0;

beforeAll(async () => {
  await registerSchemas(new SchemaRegistryClient(cluster.registryUrl));
  await ensureTopics(connection, topicSpecs({ partitions: P, providers: [] }), 1, 1);
  codecs = await connectCodecs(cluster.registryUrl);
  database = await testDatabase(cluster, "row_audit");
  inserter = new BlockInserter(config(), {
    table: "events",
    columns: EVENT_COLUMNS,
    connections: 1,
    timeoutMs: 30_000,
  });
  await producer.connect();
  await admin.connect();
  await until("sms.events has leaders", () =>
    admin.fetchTopicOffsets(EVENTS_TOPIC).then(
      () => true,
      () => false,
    ),
  );
  first = await end();
  since = Date.now();
});
afterAll(async () => {
  // Other files take what this group has committed for what they have themselves.
  await admin.deleteGroups([EVENT_SINK_GROUP]).catch(() => {});
  await Promise.allSettled([producer.close(), admin.disconnect(), inserter?.close(), database?.drop()]);
});

const config = () => {
  const { url, user, password, database: name } = database.target;
  return {
    clickhouseUrl: url,
    clickhouseUser: user,
    clickhousePassword: password === "" ? undefined : new Secret(password),
    clickhouseDatabase: name,
  };
};

const end = async (partition = HOME): Promise<number> =>
  Number((await admin.fetchTopicOffsets(EVENTS_TOPIC)).find((p) => p.partition === partition)!.high);

/** What the sink has confirmed: everything, or all but `less` of HOME. */
async function confirm(less = 0): Promise<void> {
  const ends = await admin.fetchTopicOffsets(EVENTS_TOPIC);
  const partitions = ends.map(({ partition, high }) => ({
    partition,
    offset: String(Number(high) - (partition === HOME ? less : 0)),
  }));
  await admin.setOffsets({ groupId: EVENT_SINK_GROUP, topic: EVENTS_TOPIC, partitions });
}

/** A message charged on delivery, or for its submission, in a number of ways. */
function story(index: number): Event[] {
  const at = since + index * 700;
  const about = facts({
    messageId: newMessageId(),
    acceptedAt: at - 400,
    expiresAt: at + 60_000,
    country: index % 3 === 0 ? "FR" : "DE",
    from: index % 2 === 0 ? "Grüße" : null,
    metadata: index % 5 === 0 ? { "7": "seven", campaign: "autumn ✓", a: "" } : {},
  });
  const provider = { provider: index % 2 === 0 ? "alpha" : "beta", route: "r", currency: "EUR", price: 7_500 };
  const onDelivery = index % 4 === 0;
  const submitted = { submittedAt: at + 20, providerMessageIds: [`${index}`, "x"], ...provider };
  const state = index % 7 === 0 ? "failed" : "delivered";
  const owed = onDelivery ? { onDelivery, cost: state === "delivered" ? 15_000 : 0 } : {};
  return [
    event({ ...provider, facts: about, type: "routed", at }),
    event({ ...submitted, facts: about, type: "submitted", at: at + 20, cost: onDelivery ? 0 : 15_000, onDelivery }),
    event({ ...submitted, ...owed, facts: about, type: "final", at: at + 90_000, state, receiptAt: at + 89_000 }),
  ];
}

const audit = (repeatSpan = 50_000) =>
  auditRows({
    connection,
    registry: cluster.registryUrl,
    partitions: P,
    repeatSpan,
    clickhouse: config(),
    since,
    // Of minutes that are still filling nothing is compared.
    now: () => Date.now() + 3_600_000,
    againMs: 10,
  });

const store = async (events: readonly (readonly [number, Event])[], token: string) => {
  const rows = new RowBinary();
  for (const [offset, one] of events) expect(writeEventRow(rows, one, HOME, offset)).toBeUndefined();
  await inserter.insert(rows.bytes(), token);
};

const events = new Map<number, Event>();

test("rows that are what the log says, and roll-ups that are what the rows say, hold", async () => {
  const all = Array.from({ length: MESSAGES }, (_, index) => story(index)).flat();
  const record = (one: Event, id: string, value = codecs.event.encode(one)) => ({
    ...{ topic: EVENTS_TOPIC, partition: HOME, key: one.facts.to, value, headers: { id } },
  });
  const idOf = (one: Event) => `${one.facts.messageId}/${one.type}`;
  await producer.send(all.map((one) => record(one, idOf(one))));
  for (const [i, one] of all.entries()) events.set(first + i, one);
  // A writer repeats one, and another writes what nobody can read.
  await producer.send([record(all[0]!, idOf(all[0]!)), record(all[0]!, `garbage ${since}`, Buffer.from("nothing"))]);
  await store([...events], "all");
  await confirm();
  const report = await audit();
  expect(report).toMatchObject({ events: 3 * MESSAGES, rows: 3 * MESSAGES, repeats: 1, refused: 1, arriving: 0 });
  expect(report.named).toEqual([]);
  expect(report.rollUps.differing).toEqual([]);
  expect(report.rollUps.figures).toBeGreaterThan(2_000);
  expect(rowsHold(report)).toBe(true);
});

test("what the sink has not confirmed is arriving, and not compared", async () => {
  await confirm(12);
  expect(await audit()).toMatchObject({ events: 3 * MESSAGES - 10, rows: 3 * MESSAGES - 10, arriving: 12 });
  await confirm();
});

test("a repeat of what stands before the time asked for is no missing row", async () => {
  const later = Date.now() + 5;
  await until("a later millisecond", async () => Date.now() > later);
  const [, one] = [...events][3]!;
  const id = `${one.facts.messageId}/${one.type}`;
  const value = codecs.event.encode(one);
  await producer.send([{ topic: EVENTS_TOPIC, partition: HOME, key: one.facts.to, value, headers: { id } }]);
  await confirm();
  const report = await auditRows({
    ...{ connection, registry: cluster.registryUrl, partitions: P, repeatSpan: 50_000, clickhouse: config() },
    since: later,
  });
  expect(report).toMatchObject({ events: 0, repeats: 1, counts: { missing: 0 } });
  expect(rowsHold(report)).toBe(true);
});

test("each row that is missing, doubled, differing or of no event is named; the command ends with 1", async () => {
  const db = database.client;
  const [missing, doubled, differing] = [first + 10, first + 20, first + 31];
  const unexpected = (await end()) - 2;
  const remove = (offset: number) =>
    db.command({
      query: `ALTER TABLE events DELETE WHERE log_partition = ${HOME} AND log_offset = ${offset} SETTINGS mutations_sync = 2`,
    });
  await remove(missing);
  await remove(differing);
  const changed = events.get(differing)!;
  await store([[differing, { ...changed, errorCode: "99" }]], "changed");
  await store([[doubled, events.get(doubled)!]], "doubled");
  await store([[unexpected, { ...events.get(doubled)!, at: since + 1 }]], "unexpected");
  const report = await audit();
  expect(report.counts).toEqual({ missing: 1, doubled: 1, differing: 1, unexpected: 1 });
  expect(report.named.map(({ kind, offset }) => [kind, offset])).toEqual([
    ["missing", missing],
    ["doubled", doubled],
    ["differing", differing],
    ["unexpected", unexpected],
  ]);
  // The roll-ups still have the row that was deleted.
  expect(report.rollUps.differing).toContainEqual(expect.stringMatching(/^minutes\.\w+: \d+ groups on 20/));

  const lines: string[] = [];
  const variables = {
    ...clickhouseVariables(cluster),
    SLUICE_CLICKHOUSE_DATABASE: database.name,
    SLUICE_KAFKA_BROKERS: cluster.brokers.join(","),
    SLUICE_REGISTRY_URL: cluster.registryUrl,
  };
  const host = { env: variables, print: (line: string) => void lines.push(line), tell: () => {} };
  const args = ["audit", "--clickhouse", "--from", new Date(since).toISOString()];
  expect(await runCli(args, host)).toBe(1);
  expect(lines.at(-1)).toContain(" missing=1 doubled=1 differing=1 unexpected=1 arriving=0 ");
});

test("where the log begins later than was asked for, it says so and compares what both have", async () => {
  await admin.deleteTopicRecords({
    topic: EVENTS_TOPIC,
    partitions: [{ partition: HOME, offset: String(first + 40) }],
  });
  const report = await audit();
  expect(report.logBegins).toBeGreaterThanOrEqual(since);
  // Two events repeat deleted ones, of which there are rows.
  expect(report.counts).toEqual({ missing: 0, doubled: 0, differing: 0, unexpected: 1 });
  expect(report).toMatchObject({ events: 3 * MESSAGES - 40, repeats: 2 });
});
