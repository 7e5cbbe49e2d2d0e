import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import type { LetterFilter } from "../../../pipeline/dead-letters/letter-search.ts";
import { LogHistory } from "../../../pipeline/dead-letters/message-history.ts";
import { type JudgedLetter, Replayer, type ReplayOptions } from "../../../pipeline/dead-letters/replay.ts";
import { DEAD_AFTER_MS, type LetterPlace, markRecord, REPLAY_OF } from "../../../pipeline/dead-letters/replay-mark.ts";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../../pipeline/records/dead-letter.ts";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import { SchemaRegistryClient } from "../../../platform/codec/schema-registry.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { headerText, type InRecord, type OutRecord } from "../../../platform/kafka/record.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";
import type { Event, EventType, MessageFacts, SendRequest } from "../../../schemas/generated/types.ts";
import { groupOf } from "../../../schemas/groups.ts";
import {
  DEAD_LETTER_TOPIC,
  dispatchTopic,
  EVENTS_TOPIC,
  RECEIPTS_TOPIC,
  requestTopic,
  retryTopic,
  topicSpecs,
} from "../../../schemas/topics.ts";
import { judgedLine } from "../../../services/cli/dead-letters/report.ts";
import { runCli } from "../../../services/cli/sluice.ts";
import { clickhouseVariables } from "../../fixture/cluster-handle.ts";
import { LateSchema } from "../../fixture/late-schema.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { type TestDatabase, testDatabase } from "../clickhouse/database.ts";
import { connectionTo, recordingLog, until } from "../platform/kafka-runtime.ts";

const P = 6;
const TO = "491711234568";
const HOME = partitionFor(TO, P);
const DISPATCH = dispatchTopic("letters-a", "otp");
const REQUESTS = requestTopic("marketing");

const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers, recordingLog());
const producer = new RecordProducer({ connection });
const reader = new TopicReader({
  connection,
  topics: [DEAD_LETTER_TOPIC, REQUESTS, DISPATCH, RECEIPTS_TOPIC, EVENTS_TOPIC, retryTopic("5s")],
});
const admin = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).admin();
let codecs: SluiceCodecs;
let database: TestDatabase;
let clickhouse: ClickhouseReader;
let box: DeadLetterBox;
let since = "";

beforeAll(async () => {
  await registerSchemas(new SchemaRegistryClient(cluster.registryUrl));
  const specs = topicSpecs({ partitions: P, providers: [{ id: "letters-a", partitions: 1 }] });
  await ensureTopics(connection, specs, 1, 1);
  codecs = await connectCodecs(cluster.registryUrl);
  database = await testDatabase(cluster, "letters");
  clickhouse = new ClickhouseReader(database.target);
  await producer.connect();
  await admin.connect();
  await reader.start();
  // A leader that does not know of its new partition yet refuses.
  for (const { name } of specs)
    await until(`${name} has leaders`, () =>
      reader.watermarks(name).then(
        () => true,
        () => false,
      ),
    );
  box = new DeadLetterBox({ reader, codecs });
});
afterAll(() => Promise.all([producer.close(), reader.stop(), clickhouse.close(), admin.disconnect(), database.drop()]));
beforeEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  since = new Date().toISOString();
});

async function sluice(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const env = {
    ...clickhouseVariables(cluster),
    SLUICE_CLICKHOUSE_DATABASE: database.name,
    SLUICE_KAFKA_BROKERS: cluster.brokers.join(","),
    SLUICE_REGISTRY_URL: cluster.registryUrl,
    SLUICE_PARTITIONS: String(P),
  };
  const host = { env, print: (line: string) => void out.push(line), tell: (line: string) => void err.push(line) };
  const code = await runCli(["dead-letters", ...args], host);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** As the command does it, without the command's own connections. The text has a line a letter. */
async function replay(
  filter: LetterFilter = {},
  more: Partial<ReplayOptions> & { at?: LetterPlace; clockMs?: number } = {},
) {
  const { at, clockMs = 0, ...options } = more;
  const history = new LogHistory({ clickhouse, reader: readers, codecs });
  const clock = { now: () => producer.clock.now() + clockMs };
  const readTopic = (_: string, read: (of: TopicReader) => Promise<void>) => read(reader);
  const replayer = new Replayer({
    box,
    history,
    codecs,
    reader: readers,
    readTopic,
    producer: { clock, send: (of) => producer.send(of) },
  });
  const search = { most: 1_000, which: "oldest", unreplayed: options.again !== true } as const;
  const found = at === undefined ? (await box.find({ from: Date.parse(since), ...filter }, search)).letters : [at];
  const lines: string[] = [];
  const onJudged = (judged: JudgedLetter) => void lines.push(judgedLine(judged).text);
  const result = await replayer.replay(found, { carryOut: true, rate: 1_000, most: 100, onJudged, ...options });
  return { ...result, refused: Object.fromEntries(result.refused), text: lines.join("\n") };
}

async function endOf(topic: string, partition: number): Promise<number> {
  return (await reader.watermarks(topic))[partition]?.high ?? 0;
}

/** All that stands in a partition from an offset on. */
async function recordsFrom(topic: string, partition: number, from: number): Promise<InRecord[]> {
  const records: InRecord[] = [];
  await reader.readRange(topic, partition, from, await endOf(topic, partition), (record) => records.push(record));
  return records;
}

/** Puts a record into its topic and aside again, as its reader would; the reader has dealt with it. */
async function putAside(record: OutRecord, reason: string, service: string, messageId: string | null = null) {
  const offset = await endOf(record.topic, record.partition);
  await producer.send([record]);
  const { topic, partition, value, headers = {} } = record;
  const key = record.key === null ? null : Buffer.from(record.key);
  const source: InRecord = { topic, partition, offset, key, value, headers, timestamp: Date.now() };
  const why = { reason, detail: "as a test says", service, messageId, now: Date.now() };
  const place: LetterPlace = { partition, offset: await endOf(DEAD_LETTER_TOPIC, partition) };
  await producer.send([deadLetterRecord(codecs.deadLetter, source, why)]);
  return { place, name: `${place.partition}/${place.offset}`, end: offset + 1 };
}

/** How far the readers of topics have come: to the end, unless a test says otherwise. */
const reached = new Map<string, number>();
const dealtWith = (topic: string, partition: number, offset: number) => reached.set(`${topic}/${partition}`, offset);
const readers: Pick<TopicReader, "watermarks" | "committed" | "topics" | "readRange"> = {
  watermarks: (topic) => reader.watermarks(topic),
  topics: () => reader.topics(),
  readRange: (...stretch) => reader.readRange(...stretch),
  committed: async (group, topic) => {
    if (topic === EVENTS_TOPIC) return reader.committed(group, topic);
    const marks = await reader.watermarks(topic);
    return marks.map(({ high }, partition) => reached.get(`${topic}/${partition}`) ?? high);
  },
};

function request(messageId: string | null, more: Partial<SendRequest> = {}): SendRequest {
  const none = {
    from: null,
    validitySeconds: null,
    reference: null,
    callbackUrl: null,
    transliterate: false,
    sendAt: null,
    receiptTo: null,
    acceptedAt: Date.now(),
  };
  return {
    messageId,
    accountId: "acme",
    to: TO,
    text: "a secret text",
    metadata: { run: "letters" },
    ...none,
    ...more,
  };
}

function requestRecord(of: SendRequest, value = codecs.request.encode(of)): OutRecord {
  return { topic: REQUESTS, partition: HOME, key: TO, value, headers: { id: String(of.messageId) } };
}

const factsOf = (messageId: string): MessageFacts => ({
  ...{ messageId, accountId: "acme", lane: "otp", to: TO, from: null, country: "DE", network: null },
  ...{
    networkSource: null,
    encoding: "gsm7",
    segments: 1,
    reference: null,
    callbackUrl: null,
    transliterate: false,
    sendAt: null,
    metadata: {},
  },
  ...{ acceptedAt: Date.now(), expiresAt: Date.now() + 3_600_000, sentAs: null, segmentsSaved: 0, receiptTo: null },
});

/** What services write of a message. */
function say(messageId: string, type: EventType, more: Partial<Event> = {}): Promise<void> {
  const event: Event = { ...BLANK_EVENT, type, at: Date.now(), facts: factsOf(messageId), attempt: 1, ...more };
  const headers = { id: `${messageId}/${event.attempt}/${type}` };
  return producer.send([{ topic: EVENTS_TOPIC, partition: HOME, key: TO, value: codecs.event.encode(event), headers }]);
}

function dispatchRecord(messageId: string): OutRecord {
  const value = codecs.dispatch.encode({
    ...{
      facts: factsOf(messageId),
      text: "hello",
      attempt: 1,
      provider: "letters-a",
      route: "r",
      price: 1,
      currency: "EUR",
    },
    ...{
      onDelivery: false,
      tariff: null,
      tried: [],
      inDoubt: null,
      spendLeft: null,
      spendCurrency: null,
      charge: null,
    },
  });
  const headers = { id: `${messageId}/1`, src: `sms.requests.otp/${HOME}/7` };
  return { topic: DISPATCH, partition: 0, key: TO, value, headers };
}

test("a request is put back as it was, once; the letter and what was done stay", async () => {
  const id = newMessageId();
  const original = requestRecord(request(id));
  const { name, place, end } = await putAside(original, "undecodable", "router");

  const dry = await replay({ reason: "undecodable" }, { carryOut: false });
  expect(dry).toMatchObject({ replayed: 1, refused: {} });
  expect(await recordsFrom(REQUESTS, HOME, end)).toHaveLength(0);

  const partitions = [{ partition: HOME, offset: String(end) }];
  await admin.setOffsets({ groupId: groupOf(REQUESTS)!, topic: REQUESTS, partitions });
  const done = await sluice("replay", "--from", since, "--yes", "--account", "acme", "--label", "run=letters");
  expect(done.out).toContain("1 replayed by");
  const [back, ...more] = await recordsFrom(REQUESTS, HOME, end);
  expect(more).toHaveLength(0);
  expect(back).toMatchObject({ key: Buffer.from(TO), value: original.value });
  expect(headerText(back!, "id")).toBe(id);
  expect(headerText(back!, REPLAY_OF)).toMatch(new RegExp(`^${name}/`));

  // A second time: not found among what has not been replayed, refused by name, and by --again while it waits and once it is under way.
  expect(await replay()).toMatchObject({ replayed: 0, refused: {}, text: "" });
  const again = () => replay({}, { at: place, again: true });
  expect((await replay({}, { at: place })).text).toMatch(/refused, replayed: replayed at 20/);
  dealtWith(REQUESTS, HOME, end);
  expect((await again()).text).toContain("refused, waiting");
  reached.clear();
  await say(id, "routed");
  expect((await again()).text).toContain("refused, under-way");
  await say(id, "final", { state: "delivered" });
  expect((await again()).text).toContain("refused, ended: the message ended as delivered");
  expect(await recordsFrom(REQUESTS, HOME, end)).toHaveLength(1);

  const list = await sluice("list", "--from", since);
  expect(list.out).toMatch(new RegExp(`^${name} .*undecodable \\(router\\) ${REQUESTS} .*\\(replayed 20`));
  const shown = await sluice("show", name);
  expect(shown.out).toContain(id);
  for (const secret of [TO, "a secret text"]) expect(shown.out).not.toContain(secret);
  expect((await sluice("show", name, "--reveal")).out).toContain("a secret text");
});

test("what would be put aside again is refused until it would not", async () => {
  const reused = await putAside(requestRecord(request(newMessageId())), "id-reused", "router");
  const plain = { topic: REQUESTS, partition: HOME, key: TO };
  const garbage = await putAside({ ...plain, value: Buffer.from("{}") }, "undecodable", "router");
  const cut = await putAside(
    { topic: REQUESTS, partition: HOME, key: "x".repeat(70_000), value: Buffer.from("{}") },
    "undecodable",
    "router",
  );
  const long = requestRecord(request(newMessageId(), { text: "x".repeat(2_000) }));
  const oversize = await putAside(long, "text-too-long", "router");
  const expired = await putAside(
    requestRecord(request(newMessageId(), { validitySeconds: 30, acceptedAt: Date.now() - 40_000 })),
    "undecodable",
    "router",
  );
  // Of a schema that is registered later: no id is given, so the record's place makes it.
  const late = await LateSchema.announce(cluster.registryUrl);
  const value = late.written(codecs.request.encode(request(null, { acceptedAt: null })));
  const unknown = await putAside(requestRecord(request(null), value), "undecodable", "router");

  const first = await replay();
  const lineOf = (name: string, text = first.text) => text.split("\n").find((line) => line.startsWith(`${name} `));
  expect(lineOf(reused.name)).toContain("refused, id-reused");
  expect(lineOf(garbage.name)).toContain("refused, undecodable");
  expect(lineOf(cut.name)).toContain("refused, cut");
  expect(lineOf(oversize.name)).toContain("refused, invalid: text: ");
  expect(lineOf(expired.name)).toContain("refused, expired");
  expect(lineOf(unknown.name)).toContain("refused, undecodable");
  expect(await recordsFrom(REQUESTS, HOME, unknown.end)).toHaveLength(0);

  await late.register();
  // As another run of the command: this one remembers for half a minute that there was none.
  codecs = await connectCodecs(cluster.registryUrl);
  const second = await replay();
  expect(lineOf(unknown.name, second.text)).toContain("replayed: sent as the message that it was");
  const [back] = await recordsFrom(REQUESTS, HOME, unknown.end);
  const decoded = codecs.request.decode(back!.value!);
  expect(decoded).toMatchObject({
    ok: true,
    value: { to: TO, text: "a secret text", messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });

  // Its own id is another message's: under a new one it may go.
  const renamed = await replay({ reason: "id-reused" }, { asNew: true });
  expect(renamed.text).toContain("sent as the new message");
  expect(await recordsFrom(REQUESTS, HOME, unknown.end)).toHaveLength(2);
});

test("a sender's letter goes back without the position by which it would be dropped, and never beside its like", async () => {
  const id = newMessageId();
  const record = dispatchRecord(id);
  const { end } = await putAside(record, "undecodable", "sender", id);
  // The router had written it twice, and the sender could read neither.
  const twin = await putAside(record, "undecodable", "sender", id);
  dealtWith(DISPATCH, 0, twin.end);
  expect(await replay()).toMatchObject({ replayed: 0, refused: { "unknown-message": 2 } });
  await say(id, "routed", { provider: "letters-a" });
  expect(await replay({ provider: "letters-a" })).toMatchObject({ replayed: 1, refused: { waiting: 1 } });
  const back = (await recordsFrom(DISPATCH, 0, twin.end)).filter((one) => headerText(one, REPLAY_OF) !== undefined);
  expect(back).toHaveLength(1);
  expect(headerText(back[0]!, "src")).toBeUndefined();
  expect(headerText(back[0]!, "replayed-src")).toBe(`sms.requests.otp/${HOME}/7`);
  expect(await replay()).toMatchObject({ replayed: 0, refused: { waiting: 1 } });
  await say(id, "submitted", { provider: "letters-a", providerMessageIds: ["7f"] });
  reached.clear();
  expect(await replay({}, { again: true })).toMatchObject({ replayed: 0, refused: { "under-way": 2 } });
  expect((await recordsFrom(DISPATCH, 0, end)).filter((one) => headerText(one, REPLAY_OF))).toHaveLength(1);
});

test("a receipt that nobody claimed goes back when its submission is known and open", async () => {
  const id = newMessageId();
  const value = codecs.receipt.encode({
    ...{
      provider: "letters-a",
      providerMessageId: "00AB",
      to: TO,
      messageId: null,
      state: "delivered",
      errorCode: null,
    },
    ...{ doneAt: null, receivedAt: Date.now(), inbound: null, parts: null, network: null },
  });
  const { end } = await putAside(
    { topic: RECEIPTS_TOPIC, partition: HOME, key: TO, value },
    "unclaimed-receipt",
    "dlr-collector",
  );
  expect(await replay()).toMatchObject({ replayed: 0, refused: { "unknown-message": 1 } });
  // In ClickHouse, and not in the log any more.
  const submitted: Event = {
    ...BLANK_EVENT,
    type: "submitted",
    at: Date.now(),
    facts: factsOf(id),
    attempt: 1,
    provider: "letters-a",
    providerMessageIds: ["ab"],
  };
  await database.insert([submitted], "letters-1");
  expect((await replay()).text).toContain(`replayed: the receipt of ${id}`);
  expect(await recordsFrom(RECEIPTS_TOPIC, HOME, end)).toHaveLength(1);
});

test("a retry goes back only while it is what comes next", async () => {
  const id = newMessageId();
  const value = codecs.retry.encode({
    ...{
      facts: factsOf(id),
      text: "hello",
      attempt: 2,
      tried: [],
      inDoubt: null,
      spendLeft: null,
      spendCurrency: null,
      charge: null,
    },
  });
  const topic = retryTopic("5s");
  const { end } = await putAside({ topic, partition: HOME, key: TO, value }, "unprocessable", "router", id);
  await say(id, "routed", { provider: "letters-a" });
  expect(await replay()).toMatchObject({ replayed: 0, refused: { "under-way": 1 } });
  await say(id, "returned", { provider: "letters-a" });
  expect(await replay()).toMatchObject({ replayed: 1, refused: {} });
  expect(await recordsFrom(topic, HOME, end)).toHaveLength(1);
});

test("what an interrupted replay has written is seen, and what it has not is written", async () => {
  const ids = [newMessageId(), newMessageId()];
  const letters = [];
  for (const id of ids) letters.push(await putAside(requestRecord(request(id)), "undecodable", "router"));
  const [written, unwritten] = await box.read(letters.map(({ place }) => place));
  const at = letters[1]!.end;
  const begun = (run: string) => ({ state: "begun" as const, run, at });
  // It marked both, wrote the first, and was killed.
  await producer.send(
    [written!, unwritten!].map((letter) => markRecord(codecs.deadLetter, letter, begun("killed"), 1)),
  );
  const copy = requestRecord(request(ids[0]!));
  await producer.send([{ ...copy, headers: { ...copy.headers, [REPLAY_OF]: `${letters[0]!.name}/killed` } }]);
  expect(await replay()).toMatchObject({ replayed: 0, refused: { replaying: 2 } });
  expect(await recordsFrom(REQUESTS, HOME, at)).toHaveLength(1);

  // Later: nobody takes the run for alive any more.
  const later = await replay({}, { clockMs: DEAD_AFTER_MS });
  expect(later).toMatchObject({ replayed: 1, refused: { replayed: 1 }, notLookedAt: 0 });
  const backOf = async () => (await recordsFrom(REQUESTS, HOME, at)).map((record) => headerText(record, "id"));
  expect((await backOf()).sort()).toEqual([...ids].sort());
  expect(await replay()).toMatchObject({ replayed: 0, text: "" });
  expect(await backOf()).toHaveLength(2);
});

test("--most and --rate bound a replay, and the rest is named", async () => {
  for (let i = 0; i < 5; i++) await putAside(requestRecord(request(newMessageId())), "undecodable", "router");
  const began = performance.now();
  expect(await replay({}, { most: 3, rate: 2 })).toMatchObject({ replayed: 3, notLookedAt: 2 });
  expect(performance.now() - began).toBeGreaterThan(1_000);
  expect((await sluice("list", "--from", since, "--most", "2")).out).toContain("3 older ones are not shown");
  expect(await replay()).toMatchObject({ replayed: 2, notLookedAt: 0 });
});
