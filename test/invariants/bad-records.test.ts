/**
 * Promise 9: random bytes, wrong schemas, huge records and hostile strings on every topic. Each is put aside with its reason
 * and its bytes, or passed over and counted where its reader needs nothing of it; no partition stands still, no process
 * restarts, and a new owner that reads them back starts all the same. SLUICE_FAULTS=long: thousands of fuzzed records.
 */
import { zstdCompressSync } from "node:zlib";
import { CompressionCodecs, CompressionTypes, Kafka, logLevel, type Message, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { messageIdOfRequest } from "../../domain/message/message-id.ts";
import { parseDestination } from "../../domain/numbers/destination.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { DeadLetter } from "../../schemas/generated/types.ts";
import { OPT_OUT_GROUP } from "../../schemas/groups.ts";
import {
  ABNORMAL_TOPIC,
  BUDGETS_TOPIC,
  CONSENT_TOPIC,
  CONTROL_TOPIC,
  CORRELATION_TOPIC,
  DEAD_LETTER_TOPIC,
  DISPATCH_QUEUES,
  dispatchTopic,
  EVENTS_TOPIC,
  FREQUENCY_TOPIC,
  HEALTH_TOPIC,
  INBOUND_TOPIC,
  LANES,
  NETWORKS_TOPIC,
  QUALITY_TOPIC,
  RECEIPTS_TOPIC,
  RETRY_DELAYS,
  requestTopic,
  retryTopic,
  USAGE_TOPIC,
} from "../../schemas/topics.ts";
import { auditAll, until } from "../faults/audit.ts";
import {
  type BadRecord,
  flipped,
  goodRecord,
  implausible,
  type RecordKind,
  unreadable,
} from "../faults/bad-records.ts";
import { GroupLag } from "../faults/group-lag.ts";
import { behave, type Installation, PARTITIONS, SERVICES, startInstallation } from "../faults/installation.ts";
import { killAndRestart, schedule } from "../faults/kill.ts";
import { metric } from "../faults/rebalance.ts";
import { figure, LONG } from "../faults/report.ts";
import { Traffic } from "../faults/traffic.ts";

const RATE = LONG ? 100 : 40;
/** Records with bits turned over, on each topic. */
const FLIPPED = LONG ? 150 : 8;
/** How long a partition may take to be past a bad record: with a second or two for its commit. */
const PAST_MS = 20_000;
/** Records of up to 4 KiB in one batch, of which the broker takes 1 MiB. */
const BATCH = 200;
const END_MS = 150_000;
const START_MS = 400_000;

/** A topic, who reads it, and under which consumer group. */
interface Target {
  readonly topic: string;
  readonly kind: RecordKind;
  readonly partitions: number;
  /** Services that must put aside what they cannot read, by the group whose commits show how far they are. */
  readonly readers: Readonly<Record<string, string>>;
}

const PROVIDERS = ["smsc-a", "smsc-b", "http-c"] as const;
const ROUTER = { router: "sluice.router" };
const COLLECTOR = { "dlr-collector": "sluice.correlator" };
const SINK = { "analytics-sink": "sluice.analytics-sink" };
const TARGETS: readonly Target[] = [
  ...LANES.map((lane) => target(requestTopic(lane), "request", PARTITIONS, ROUTER)),
  ...RETRY_DELAYS.map((delay) => target(retryTopic(delay), "retry", PARTITIONS, ROUTER)),
  ...PROVIDERS.flatMap((provider) =>
    DISPATCH_QUEUES.map(({ lane, overflow }) =>
      target(dispatchTopic(provider, lane, overflow), "dispatch", 1, { sender: `sluice.sender.${provider}` }),
    ),
  ),
  target(RECEIPTS_TOPIC, "receipt", PARTITIONS, COLLECTOR),
  target(EVENTS_TOPIC, "event", PARTITIONS, { ...COLLECTOR, ...SINK }),
  // Read for what is of use, and nothing else: who reads them starts and goes on.
  target(HEALTH_TOPIC, "health", 1, {}),
  target(CORRELATION_TOPIC, "event", PARTITIONS, {}),
  target(NETWORKS_TOPIC, "event", PARTITIONS, {}),
  target(DEAD_LETTER_TOPIC, "event", PARTITIONS, {}),
  target(INBOUND_TOPIC, "event", PARTITIONS, { "dlr-collector": OPT_OUT_GROUP }),
  // Routers and senders copy it: what they cannot understand they tell of, and go on.
  ...[CONSENT_TOPIC, FREQUENCY_TOPIC].map((topic) => target(topic, "event", PARTITIONS, {})),
  ...[CONTROL_TOPIC, QUALITY_TOPIC, USAGE_TOPIC, ABNORMAL_TOPIC, BUDGETS_TOPIC].map((topic) =>
    target(topic, "event", 1, {}),
  ),
];
/** Of these a record without a key is refused by the broker. */
const COMPACTED = new Set<string>([
  ...[NETWORKS_TOPIC, HEALTH_TOPIC, CORRELATION_TOPIC, CONSENT_TOPIC, FREQUENCY_TOPIC],
  ...[CONTROL_TOPIC, QUALITY_TOPIC, USAGE_TOPIC, ABNORMAL_TOPIC, BUDGETS_TOPIC],
]);

interface Written extends BadRecord {
  readonly target: Target;
  readonly place: string;
}

let sluice: Installation;
let producer: Producer;
let reader: TopicReader;
let traffic: Traffic;
let pids: string;
const written: Written[] = [];
const { seed, random } = schedule();

beforeAll(async () => {
  // What is in doubt when the sender dies, and never arrived, ends by it.
  sluice = await startInstallation({ env: { SLUICE_RECEIPT_DEADLINE: "15s" } });
  const errors = { permanentShare: 0, temporaryShare: 0 };
  const delay = { kind: "uniform", minMs: 50, maxMs: 500 };
  for (const smsc of ["smsc-a", "smsc-b"] as const)
    await behave(sluice, smsc, { errors, receipts: { delay, lossShare: 0 } });
  await behave(sluice, "http-c", { errors, callbacks: { delay, lossShare: 0 } });
  console.log(`SLUICE_SEED=${seed}`);
  const kafka = new Kafka({ clientId: "hostile", brokers: [...sluice.infra.brokers], logLevel: logLevel.NOTHING });
  producer = kafka.producer();
  await producer.connect();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const connection = { brokers: sluice.infra.brokers, clientId: "look", log };
  reader = new TopicReader({ connection, topics: TARGETS.map(({ topic }) => topic) });
  await reader.start();
  traffic = new Traffic(sluice, { rate: RATE, httpShare: 0.5 });
  await traffic.start();
  await goodMessages(RATE * 5);
  pids = await processes();
}, START_MS);
afterAll(async () => {
  await producer?.disconnect();
  await reader?.stop();
  await sluice?.stop();
});

test("bad records of every kind on every topic: put aside with reason and bytes, none holds up its partition", async () => {
  let worst = 0;
  for (const target of TARGETS) await writeAll(target, badFor(target));
  worst = Math.max(worst, await past());
  for (const target of TARGETS) await writeAll(target, await fuzzed(target));
  worst = Math.max(worst, await past());
  await expectDeadLetters();
  const kinds = new Set(written.map(({ kind }) => kind)).size;
  figure(9, "bad records, kinds, topics", `${written.length}, ${kinds}, ${TARGETS.length}`);
  figure(9, "longest until a partition was past its bad records", `${(worst / 1_000).toFixed(1)} s`);
  expect(await metric(sluice.adminUrls.router!, "router_unreadable_health_total")).toBeGreaterThan(20);
  for (const copies of ["router", "sender", "ingest"] as const)
    expect([copies, (await metric(sluice.adminUrls[copies]!, "consent_unreadable_total")) > 10]).toEqual([
      copies,
      true,
    ]);
  await expectUndisturbed();
}, 300_000);

test("batches that KafkaJS cannot read, and transactions that were taken back", async () => {
  CompressionCodecs[CompressionTypes.Snappy] = codec(snappyOfLiterals);
  CompressionCodecs[CompressionTypes.ZSTD] = codec(zstdCompressSync);
  for (const target of TARGETS)
    for (const compression of [CompressionTypes.Snappy, CompressionTypes.ZSTD])
      await writeAll(target, [{ kind: "compressed", key: "1", value: Buffer.from("\u0001squeezed") }], compression);
  const kafka = new Kafka({ clientId: "hostile", brokers: [...sluice.infra.brokers], logLevel: logLevel.NOTHING });
  const transactional = kafka.producer({
    transactionalId: `hostile-${seed}`,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await transactional.connect();
  const taken = await transactional.transaction();
  for (const { topic, kind } of TARGETS)
    await taken.send({ topic, messages: [{ key: "1", value: goodRecord(sluice.codecs, kind, random) }] });
  await taken.abort();
  await transactional.disconnect();
  figure(
    9,
    "longest until a partition was past batches that KafkaJS cannot read",
    `${((await past()) / 1_000).toFixed(1)} s`,
  );
  await expectDeadLetters();
  await expectUndisturbed();
}, 200_000);

test("new owners start from what bad records have left, and every good message ends", async () => {
  const restarted = ["router", "sender", "dlr-collector", "analytics-sink"];
  await Promise.all(restarted.map((name) => killAndRestart(sluice, name)));
  await goodMessages(RATE * 2); // behind all of it
  await traffic.stop();
  const audit = await auditAll(sluice, END_MS);
  expect({ missing: audit.missingIds, duplicated: audit.duplicatedIds, contradicting: audit.contradicting }).toEqual({
    missing: [],
    duplicated: [],
    contradicting: 0,
  });
  expect(audit.terminal).toBe(audit.accepted);
  const requested = await requestedIds();
  expect([...traffic.accepted].filter((id) => !requested.has(id)).slice(0, 20), "accepted and not in the log").toEqual(
    [],
  );
  expect(traffic.failures).toEqual({});
  for (const name of SERVICES) expect([name, await metric(sluice.adminUrls[name]!, FAILURES)]).toEqual([name, 0]);
  figure(9, "good messages meanwhile, all of them ended", traffic.accepted.size);
}, 300_000);

const FAILURES = "consumer_task_failures_total";

/** Waits until more than so many further good messages have been accepted. */
function goodMessages(more: number): Promise<void> {
  const before = traffic.accepted.size;
  return until(
    () => `${more} more good messages; there are ${traffic.accepted.size - before}`,
    () => traffic.accepted.size - before > more,
    60_000,
  );
}

function target(topic: string, kind: RecordKind, partitions: number, readers: Target["readers"]): Target {
  return { topic, kind, partitions, readers };
}

function badFor({ topic, kind, readers }: Target): BadRecord[] {
  const good = goodRecord(sluice.codecs, kind, random);
  const plausible = Object.keys(readers).length > 0 || kind === "health";
  const all = [
    ...unreadable(sluice.codecs, kind, good, random),
    ...(plausible ? implausible(sluice.codecs, kind, topic, random) : []),
  ];
  return COMPACTED.has(topic) ? all.filter(({ key }) => key !== null) : all;
}

/** Real records of the topic, as far as it has any, with bits turned over. */
async function fuzzed({ topic, kind, readers }: Target): Promise<BadRecord[]> {
  if (Object.keys(readers).length === 0) return [];
  const codec = sluice.codecs[kind];
  const real: Buffer[] = [];
  await readTopic(topic, (_, value) => {
    if (real.length < 500 && value !== null && codec.decode(value).ok) real.push(Buffer.from(value));
  });
  if (real.length === 0) real.push(goodRecord(sluice.codecs, kind, random));
  return flipped(real, FLIPPED, (value) => codec.decode(value).ok, random);
}

/** Every partition gets a share; records of a partition go together as far as a batch has room, so that offsets are known. */
async function writeAll(target: Target, records: readonly BadRecord[], compression = CompressionTypes.None) {
  const { topic, partitions } = target;
  const shares = Array.from({ length: partitions }, (_, p) => records.filter((_, i) => i % partitions === p));
  const batches = shares.flatMap((share, partition) => batchesOf(share).map((batch) => ({ partition, batch })));
  await Promise.all(
    batches.map(async ({ partition, batch }) => {
      const messages = batch.map(
        ({ key, value, headers }): Message => ({
          partition,
          key,
          value,
          ...(headers === undefined ? {} : { headers }),
        }),
      );
      const [stored] = await producer.send({ topic, compression, messages });
      for (const [i, record] of batch.entries())
        written.push({ ...record, target, place: `${topic}/${partition}/${Number(stored!.baseOffset) + i}` });
    }),
  );
}

/** As few as a batch's size allows; what may be large goes alone. */
function batchesOf(records: readonly BadRecord[]): BadRecord[][] {
  const isLarge = ({ key, value, headers = {} }: BadRecord) =>
    (key?.length ?? 0) + (value?.length ?? 0) > 4_096 || Object.keys(headers).length > 100;
  const small = records.filter((record) => !isLarge(record));
  const batches = records.filter(isLarge).map((record) => [record]);
  for (let at = 0; at < small.length; at += BATCH) batches.push(small.slice(at, at + BATCH));
  return batches;
}

/** Waits until every group has committed beyond every bad record; ms since the call. */
async function past(): Promise<number> {
  const began = performance.now();
  const groups = new Map<string, string[]>();
  for (const { topic, readers } of TARGETS)
    for (const group of Object.values(readers)) groups.set(group, [...(groups.get(group) ?? []), topic]);
  for (const [group, topics] of groups)
    for (const topic of topics) {
      const lag = await GroupLag.connect(sluice.infra.brokers, group, topic);
      const last = new Map<number, number>();
      for (const { place, target } of written) {
        if (target.topic !== topic) continue;
        const [partition, offset] = place.split("/").slice(1).map(Number) as [number, number];
        last.set(partition, Math.max(last.get(partition) ?? 0, offset));
      }
      let behind: string[] = [];
      await until(
        () => `${group} past the bad records of ${topic}; it is at ${behind.join(", ")}`,
        async () => {
          const committed = await lag.committed();
          behind = [...last]
            .filter(([p, at]) => (committed.get(p) ?? 0) <= at)
            .map(([p, at]) => `${p}: ${committed.get(p)} of ${at}`);
          return behind.length === 0;
        },
        PAST_MS,
      );
      await lag.close();
    }
  return performance.now() - began;
}

/** Every bad record that a processor has read stands among the dead letters, byte for byte, with a reason. */
async function expectDeadLetters(): Promise<void> {
  const letters = new Map<string, DeadLetter>();
  await readTopic(DEAD_LETTER_TOPIC, (_, value) => {
    const decoded = value === null ? undefined : sluice.codecs.deadLetter.decode(value);
    if (!decoded?.ok) return;
    const { topic, partition, offset, service } = decoded.value;
    letters.set(`${service} ${topic}/${partition}/${offset}`, { ...decoded.value, value: copy(decoded.value.value) });
  });
  const wrong: string[] = [];
  for (const { kind, key, value, place, target, readable } of written) {
    const found = Object.keys(target.readers).map((service) => letters.get(`${service} ${place}`));
    // What can be read and only the correlator cannot use is a row all the same.
    const enough =
      readable && target.kind === "event" ? found.some((one) => one !== undefined) : !found.includes(undefined);
    if (found.length > 0 && !enough) wrong.push(`${place} (${kind}) has no dead letter`);
    for (const letter of found) {
      if (letter === undefined) continue;
      if (letter.reason === "" || letter.detail === "") wrong.push(`${place} (${kind}) without a reason`);
      if (
        !same(letter.value, value) ||
        (key !== null && letter.key?.toString().startsWith(key.toString().slice(0, 64_000)) !== true)
      )
        wrong.push(`${place} (${kind}) with other bytes`);
    }
  }
  expect(wrong.slice(0, 20)).toEqual([]);
  figure(9, "dead letters, with their bytes", letters.size);
}

/** Ids of all requests that can be read. */
async function requestedIds(): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const lane of LANES)
    await readTopic(requestTopic(lane), (place, value) => {
      const decoded = value === null ? undefined : sluice.codecs.request.decode(value);
      if (!decoded?.ok) return;
      const { accountId, messageId, to } = decoded.value;
      const parsed = parseDestination(to);
      const destination = parsed.ok ? parsed.e164 : to.replace(/\D/g, "").slice(0, 15);
      ids.add(messageIdOfRequest({ accountId, messageId, destination, place }));
    });
  return ids;
}

function copy(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

/** No process has restarted, and no task has failed and begun again. */
async function expectUndisturbed(): Promise<void> {
  expect(await processes()).toBe(pids);
  for (const name of SERVICES) expect([name, await metric(sluice.adminUrls[name]!, FAILURES)]).toEqual([name, 0]);
  figure(9, "restarts of processes", 0);
}

async function processes(): Promise<string> {
  const found = (await sluice.control.status()).map(({ name, pid }) => `${name} ${pid}`);
  return found.sort().join(", ");
}

async function readTopic(topic: string, take: (place: string, value: Buffer | null) => void): Promise<void> {
  const marks = await reader.watermarks(topic);
  await Promise.all(
    marks.map(({ high }, p) =>
      reader.readRange(topic, p, 0, high, ({ offset, value }) => take(`${topic}/${p}/${offset}`, value)),
    ),
  );
}

function codec(compress: (bytes: Buffer) => Buffer) {
  return () => ({
    compress: async (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: async (): Promise<Buffer> => {
      throw new Error("not to be read here");
    },
  });
}

/** Snappy's raw format without compression: the length, then literals of up to 60 bytes. */
function snappyOfLiterals(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  const head: number[] = [];
  let rest = bytes.length;
  for (; rest >= 128; rest >>>= 7) head.push((rest & 127) | 128);
  parts.push(Buffer.from([...head, rest]));
  for (let at = 0; at < bytes.length; at += 60) {
    const literal = bytes.subarray(at, at + 60);
    parts.push(Buffer.from([(literal.length - 1) << 2]), literal);
  }
  return Buffer.concat(parts);
}
