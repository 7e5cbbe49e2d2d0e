/**
 * `make bench-archive`: a day of ARCHIVE_MESSAGES (1,000,000) messages, three events each, archived, dropped and restored, with times and
 * sizes; then AUDIT_EVENTS (300,000) events in Kafka compared with their rows. On a cluster of its own, which it removes.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { Kafka, logLevel } from "kafkajs";
import { connectCodecs } from "../../pipeline/records/codecs.ts";
import { EVENT_COLUMNS, writeEventRow } from "../../pipeline/records/event-row.ts";
import { registerSchemas } from "../../pipeline/records/register.ts";
import { BlockInserter } from "../../platform/clickhouse/block-inserter.ts";
import { RowBinary } from "../../platform/clickhouse/row-binary.ts";
import { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import { Secret } from "../../platform/config/secret.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { ensureTopics } from "../../platform/kafka/topics.ts";
import { EVENT_SINK_GROUP } from "../../schemas/groups.ts";
import { EVENTS_TOPIC, topicSpecs } from "../../schemas/topics.ts";
import { auditRows } from "../../services/cli/rows/audit-rows.ts";
import { rowAuditLine, rowAuditTable, rowsHold } from "../../services/cli/rows/report.ts";
import { runCli } from "../../services/cli/sluice.ts";
import { type OwnCluster, startCluster } from "../fixture/cluster.ts";
import { clickhouseOptions, clickhouseVariables } from "../fixture/cluster-handle.ts";
import { type TestDatabase, testDatabase } from "../integration/clickhouse/database.ts";
import { event, facts } from "../unit/analytics-sink/events.ts";

const MESSAGES = Number(process.env.ARCHIVE_MESSAGES ?? 1_000_000);
const EVENTS = Number(process.env.AUDIT_EVENTS ?? 300_000);
const DAY_MS = 86_400_000;
const DAY = new Date(Date.now() - 40 * DAY_MS).toISOString().slice(0, 10);
const P = 6;
const BATCH = 5_000;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const cluster = await startCluster();
const db = await testDatabase(cluster, "bench");
/** For what takes long on a machine that has much else to do. */
const patient = createClient({
  ...{ ...clickhouseOptions(cluster), database: db.name },
  request_timeout: 600_000,
  log: { level: ClickHouseLogLevel.OFF },
});
const folder = mkdtempSync(join(tmpdir(), "sluice-archive-"));
try {
  const held = [await archiveAndRestore(), await audit(cluster, db)];
  process.exitCode = held.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
  await patient.close();
  await db.drop();
  await cluster.stop();
}

async function archiveAndRestore(): Promise<boolean> {
  for (let hour = 0; hour < 24; hour++) await fill(hour, Math.ceil(MESSAGES / 24));
  const before = await contents();
  console.log(`${DAY}: ${JSON.stringify(before)}`);
  const codes = [
    await timed("archived and dropped", () =>
      sluice("archive", "--day", DAY, "--table", "events", "--to", folder, "--drop"),
    ),
    await timed("restored", () => sluice("restore", "--day", DAY, "--table", "events", "--from", folder)),
    await timed("restored again", () => sluice("restore", "--day", DAY, "--table", "events", "--from", folder)),
  ];
  const after = await contents();
  const same = JSON.stringify(after) === JSON.stringify(before);
  console.log(`${DAY}: ${JSON.stringify(after)}`);
  console.log(`archive: rows=${after.rows} equal=${same} codes=${codes.join(",")}`);
  return same && codes.every((code) => code === 0);
}

/** Messages that are routed, submitted and delivered. */
async function fill(hour: number, messages: number): Promise<void> {
  const query = `INSERT INTO events (at, type, message_id, attempt, account, lane, country, network, destination, sender, encoding, segments,
      reference, metadata, accepted_at, expires_at, provider, route, reason, price, cost, currency, submitted_at, provider_message_ids, state,
      receipt_at, log_partition, log_offset)
    WITH intDiv(number, 3) AS m, number % 3 AS step, addMilliseconds(toDateTime64('${DAY}', 3, 'UTC'), ${hour} * 3600000 + intDiv(m * 3600000, ${messages})) AS accepted
    SELECT addMilliseconds(accepted, step * 700), ['routed', 'submitted', 'final'][step + 1], reinterpretAsUUID(sipHash128(${hour}, m)), 1, concat('account-', toString(m % 20)),
      ['otp', 'transactional', 'marketing'][m % 3 + 1], ['DE', 'FR', 'SE'][m % 3 + 1], '26201', concat('49171', leftPad(toString(cityHash64(m) % 10000000), 7, '0')),
      'Sluice', 'gsm7', 1 + m % 3, concat('order-', toString(m)), map('campaign', toString(m % 100)), accepted, addSeconds(accepted, 3600),
      ['alpha', 'beta'][m % 2 + 1], 'default', 'priority', 0.0075, if(step = 1, 0.0075, 0), 'EUR', if(step > 0, addMilliseconds(accepted, 700), NULL),
      if(step = 1, [hex(cityHash64(m))], []), if(step = 2, 'delivered', ''), if(step = 2, addMilliseconds(accepted, 1300), NULL), m % 6, ${hour} * 100000000 + number
    FROM numbers(${messages * 3})`;
  await patient.command({ query, clickhouse_settings: { max_insert_threads: "1" } });
}

async function contents() {
  const query = `SELECT toString(count()) AS rows, toString(sum(sipHash64(formatRow('JSONEachRow', ${EVENT_COLUMNS.join(", ")})))) AS hash,
    (SELECT toString(sum(sipHash64(formatRow('JSONEachRow', * EXCEPT (submit_ms, receipt_ms))))) FROM minutes FINAL) AS roll_ups FROM events`;
  const found = await patient.query({ query, format: "JSONEachRow" });
  const [row] = await found.json<{ rows: string; hash: string; roll_ups: string }>();
  return row!;
}

async function timed(what: string, work: () => Promise<number>): Promise<number> {
  const began = performance.now();
  const code = await work();
  const peak = process.memoryUsage.rss();
  console.log(`${what}: ${((performance.now() - began) / 1_000).toFixed(1)} s, this process ${peak >> 20} MiB`);
  return code;
}

function sluice(...args: string[]): Promise<number> {
  const env = { ...clickhouseVariables(cluster), SLUICE_CLICKHOUSE_DATABASE: db.name };
  return runCli(args, { env, print: (line) => console.log(line), tell: (line) => console.error(line) });
}

async function audit({ brokers, registryUrl }: OwnCluster, { target }: TestDatabase): Promise<boolean> {
  const connection = { brokers, clientId: "bench", log: quiet };
  await registerSchemas(new SchemaRegistryClient(registryUrl));
  await ensureTopics(connection, topicSpecs({ partitions: P, providers: [] }), 1, 1);
  const codecs = await connectCodecs(registryUrl);
  const config = {
    clickhouseUrl: target.url,
    clickhouseUser: target.user,
    clickhousePassword: target.password === "" ? undefined : new Secret(target.password),
    clickhouseDatabase: target.database,
  };
  await db.client.command({ query: "TRUNCATE TABLE events SETTINGS max_table_size_to_drop = 0" });
  for (const table of ["minutes", "deliveries"])
    await db.client.command({ query: `TRUNCATE TABLE ${table} SETTINGS max_table_size_to_drop = 0` });
  const producer = new RecordProducer({ connection });
  const inserter = new BlockInserter(config, {
    table: "events",
    columns: EVENT_COLUMNS,
    connections: 1,
    timeoutMs: 60_000,
  });
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await Promise.all([producer.connect(), admin.connect()]);
  const next = new Array<number>(P).fill(0);
  const start = Date.now() - 3_600_000;
  for (let done = 0; done < EVENTS; done += BATCH) {
    const rows = new RowBinary(4 << 20);
    const partition = (done / BATCH) % P;
    const records = Array.from({ length: BATCH }, (_, i) => {
      const messageId = randomUUID();
      const at = start + Math.floor((done + i) / 10);
      const more = { provider: "alpha", route: "r", currency: "EUR", price: 7_500, cost: 7_500, submittedAt: at };
      const one = event({
        ...more,
        type: "submitted",
        at,
        facts: facts({ messageId, acceptedAt: at - 9, expiresAt: at + 9 }),
      });
      writeEventRow(rows, one, partition, next[partition]!++);
      const headers = { id: `${messageId}/1/submitted` };
      return { topic: EVENTS_TOPIC, partition, key: one.facts.to, value: codecs.event.encode(one), headers };
    });
    await producer.send(records);
    await inserter.insert(rows.bytes(), `bench-${done}`);
  }
  const partitions = next.map((offset, partition) => ({ partition, offset: String(offset) }));
  await admin.setOffsets({ groupId: EVENT_SINK_GROUP, topic: EVENTS_TOPIC, partitions });
  const began = performance.now();
  const options = { connection, registry: registryUrl, partitions: P, repeatSpan: 50_000, clickhouse: config };
  const report = await auditRows(options);
  console.log(rowAuditTable(report));
  console.log(`with the roll-ups ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  console.log(rowAuditLine(report));
  await Promise.allSettled([producer.close(), inserter.close(), admin.disconnect()]);
  return rowsHold(report) && report.events === EVENTS;
}
