import { afterAll, beforeAll, expect, test } from "vitest";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import { SchemaRegistryClient } from "../../../platform/codec/schema-registry.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";
import type { Event, SendRequest } from "../../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC, EVENTS_TOPIC, requestTopic, topicSpecs } from "../../../schemas/topics.ts";
import type { AuditReport } from "../../../services/cli/audit-report.ts";
import { AuditTopics, placeOf } from "../../../services/cli/audit-topics.ts";
import { type AuditOptions, runAudit } from "../../../services/cli/run-audit.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { connectionTo, recordingLog } from "../platform/kafka-runtime.ts";

const P = 6;
const TO = "491711234567";
const HOME = partitionFor(TO, P);
const ELSEWHERE = (HOME + 1) % P;
const RUN = `audit-test-${Date.now()}`;

const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers, recordingLog());
const producer = new RecordProducer({ connection });
let codecs: SluiceCodecs;

beforeAll(async () => {
  await registerSchemas(new SchemaRegistryClient(cluster.registryUrl));
  await ensureTopics(connection, topicSpecs({ partitions: P, providers: [] }), 1, 1);
  codecs = await connectCodecs(cluster.registryUrl);
  await producer.connect();
});
afterAll(() => producer.close());

const audit = (more: Partial<AuditOptions> = {}) =>
  runAudit({ connection, registry: cluster.registryUrl, partitions: P, labels: { run: RUN }, ...more });

function request(messageId: string | null, partition = HOME, more: Partial<SendRequest> = {}): OutRecord {
  const fields = {
    from: null,
    text: "hi",
    validitySeconds: null,
    reference: null,
    callbackUrl: null,
    transliterate: false,
    sendAt: null,
    receiptTo: null,
    acceptedAt: null,
  };
  const value = { messageId, accountId: "acme", to: TO, metadata: { run: RUN }, ...fields, ...more };
  return { topic: requestTopic("otp"), partition, key: TO, value: codecs.request.encode(value) };
}

function final(messageId: string, state: Event["state"], partition = HOME): OutRecord {
  const facts = {
    messageId,
    accountId: "acme",
    lane: "otp",
    to: TO,
    from: null,
    country: "DE",
    network: null,
    networkSource: null,
  } as const;
  const more = {
    encoding: "gsm7",
    segments: 1,
    reference: null,
    callbackUrl: null,
    transliterate: false,
    sendAt: null,
    metadata: {},
  } as const;
  const event: Event = {
    ...BLANK_EVENT,
    type: "final",
    at: Date.now(),
    facts: { ...facts, ...more, acceptedAt: 0, expiresAt: 1, sentAs: null, segmentsSaved: 0, receiptTo: null },
    attempt: 1,
    state,
  };
  const value = codecs.event.encode(event);
  return { topic: EVENTS_TOPIC, partition, key: TO, value, headers: { id: `${messageId}/final` } };
}

/** What the router would write for every request that has no decision yet; `refused` where they stand, though they belong elsewhere. */
const decided = new Set<string>();
async function decide(refused: readonly string[] = []): Promise<void> {
  const topics = await AuditTopics.open({ connection, registry: cluster.registryUrl, partitions: P }, {});
  const events: OutRecord[] = [];
  const ends = await topics.scopeEnds();
  for (const partition of [HOME, ELSEWHERE])
    await topics.requests(
      partition,
      ends,
      () => true,
      (request, record) => {
        const id = request?.messageId;
        if (id == null || (partition !== HOME && !refused.includes(id)) || decided.has(`${partition} ${id}`)) return;
        decided.add(`${partition} ${id}`);
        const headers = { id: `${id}/1/routed`, src: placeOf(record) };
        events.push({ topic: EVENTS_TOPIC, partition, key: TO, value: Buffer.from("not read"), headers });
      },
    );
  await topics.close();
  await producer.send(events);
}

test("the audit finds what ended, what is missing, and what was never moved to its partition", async () => {
  const [ended, open, moved, refused, lost] = Array.from({ length: 5 }, () => newMessageId());
  await producer.send([
    ...[request(ended!), request(ended!), final(ended!, "delivered"), final(ended!, "delivered")],
    request(open!),
    // Moved: once where it was put, once where it belongs, and it ended there.
    ...[request(moved!, ELSEWHERE), request(moved!), final(moved!, "unknown")],
    // Refused where it was put.
    request(refused!, ELSEWHERE),
    request(lost!, ELSEWHERE),
  ]);
  await decide([refused!]);
  await producer.send([final(refused!, "rejected", ELSEWHERE)]);
  const report = await audit();
  const counts = { accepted: 5, terminal: 3, missing: 2, repeats: 1, misplaced: 3, duplicated: 0, unreadable: 0 };
  expect(report).toMatchObject(counts);
  expect(report.byState).toMatchObject({ delivered: 1, unknown: 1, rejected: 1 });
  expect([...report.missingIds].sort()).toEqual([open, `${lost} (not moved to partition ${HOME})`].sort());

  // What is still under way may end while the audit waits.
  const waiting = audit({ waitMs: 60_000 });
  await producer.send([request(lost!)]);
  await decide();
  await producer.send([final(open!, "failed"), final(lost!, "expired")]);
  expect(await waiting).toMatchObject({ accepted: 5, terminal: 5, missing: 0 });
});

test("in slices it finds the same", async () => {
  const told: string[] = [];
  // The topics hold what other tests have requested as well: about three slices, however many that is.
  const topics = await AuditTopics.open({ connection, registry: cluster.registryUrl, partitions: P }, {});
  const ends = await topics.scopeEnds();
  const most = Math.max(...Array.from({ length: P }, (_, partition) => topics.requestCount(partition, ends)));
  await topics.close();
  const slicing = { maxMessages: Math.ceil(most / 3), progress: (line: string) => void told.push(line) };
  const [whole, sliced] = [await audit(), await audit(slicing)];
  const sorted = (report: AuditReport) => ({ ...report, missingIds: [...report.missingIds].sort() });
  expect(sorted(sliced)).toEqual(sorted(whole));
  expect(whole.accepted).toBe(5);
  expect(told.some((line) => /^slice 3 of \d+, partition \d of 6: /.test(line))).toBe(true);
});

test("a time limits what is counted, and what is read", async () => {
  const [before, within, after] = Array.from({ length: 3 }, () => newMessageId());
  const times: number[] = [];
  for (const id of [before, within, after]) {
    await producer.send([request(id!)]);
    await decide();
    await producer.send([final(id!, "delivered")]);
    // Kafka's clock is this machine's: the next one is later by whole milliseconds.
    await new Promise((resolve) => setTimeout(resolve, 5));
    times.push(Date.now());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const [since, until] = times as [number, number];
  expect(await audit({ since, until })).toMatchObject({ accepted: 1, terminal: 1, missing: 0, whole: false });
  expect(await audit({ since })).toMatchObject({ accepted: 2, terminal: 2 });
  const topics = await AuditTopics.open({ connection, registry: cluster.registryUrl, partitions: P }, { since });
  try {
    expect(topics.requestCount(HOME, await topics.scopeEnds())).toBe(2);
  } finally {
    await topics.close();
  }
});

test("a request that nobody can read needs its dead letter", async () => {
  const since = Date.now();
  const value = Buffer.from([0, 0, 0, 255, 255, 1, 2, 3]);
  await producer.send([{ topic: requestTopic("otp"), partition: HOME, key: TO, value }]);
  const whole = { since, labels: undefined };
  const report = await audit(whole);
  expect(report).toMatchObject({ unreadable: 1, missing: 1 });
  const place = report.missingIds[0]!.split(" ")[0]!;
  expect(place).toMatch(new RegExp(`^sms\\.requests\\.otp/${HOME}/\\d+$`));
  const deadLetter = { topic: DEAD_LETTER_TOPIC, partition: HOME, key: TO, value: Buffer.from("x") };
  await producer.send([{ ...deadLetter, headers: { id: `router/${place}` } }]);
  expect(await audit(whole)).toMatchObject({ unreadable: 1, missing: 0 });
});

test("a request that was dropped although it repeats nothing is named by its place", async () => {
  const label = { run: `${RUN}-dropped` };
  const constant = newMessageId();
  const texts = ["first", "second"].map((text) => request(constant, HOME, { text, metadata: label }));
  await producer.send(texts);
  // The router takes the second for a repeat of the first.
  await decide();
  await producer.send([final(constant, "delivered")]);
  const report = await audit({ labels: label });
  expect(report).toMatchObject({ accepted: 1, terminal: 1, repeats: 0, missing: 1 });
  expect(report.missingIds[0]).toMatch(new RegExp(`^sms\\.requests\\.otp/${HOME}/\\d+ \\(no decision`));
});

test("another number of partitions is refused, naming the topic", async () => {
  await expect(audit({ partitions: 3 })).rejects.toThrow("sms.requests.otp has 6 partitions");
});
