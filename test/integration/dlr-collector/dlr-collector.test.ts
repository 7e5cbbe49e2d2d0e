import { createHmac, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { headerText, type OutRecord } from "../../../platform/kafka/record.ts";
import type { Event, MessageState, Receipt } from "../../../schemas/generated/types.ts";
import { CORRELATION_TOPIC, DEAD_LETTER_TOPIC, EVENTS_TOPIC, RECEIPTS_TOPIC } from "../../../schemas/topics.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import * as records from "../../unit/dlr-collector/records.ts";
import { connectionTo, readAll, until } from "../platform/kafka-runtime.ts";
import { AUTH_TOKEN, type CollectorProcess, PUBLIC_URL, prepare, startCollector } from "./collector-process.ts";

const P = 6;
const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers);
const producer = new RecordProducer({ connection });
const running: CollectorProcess[] = [];
let environment: NodeJS.ProcessEnv;
let codecs: SluiceCodecs;

beforeAll(async () => {
  environment = await prepare(cluster);
  codecs = await connectCodecs(cluster.registryUrl);
  await producer.connect();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.end("SIGTERM")));
});
afterAll(async () => {
  await producer.close();
  if (environment?.SLUICE_CATALOG_DIR) rmSync(environment.SLUICE_CATALOG_DIR, { recursive: true });
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<CollectorProcess> {
  const one = await startCollector({ ...environment, ...env });
  running.push(one);
  return one;
}

let next = Math.floor(Math.random() * 90_000) * 100;
/** A message of this test alone, submitted over SMPP a moment ago. */
function message(over: Partial<Event> = {}) {
  const id = newMessageId();
  const to = `49170${String(next++).padStart(7, "0")}`;
  const providerId = randomUUID();
  const event = records.submitted(id, [providerId], {
    at: Date.now(),
    submittedAt: Date.now(),
    provider: "collector-smsc",
    facts: records.facts(id, { to }),
    ...over,
  });
  return { id, to, providerId, event };
}

const sendEvent = ({ event, to, id }: ReturnType<typeof message>): OutRecord => ({
  topic: EVENTS_TOPIC,
  partition: partitionFor(to, P),
  key: to,
  value: codecs.event.encode(event),
  headers: { id: `${id}/${event.attempt}/${event.type}` },
});

function sendReceipt(of: ReturnType<typeof message>, state: MessageState, over: Partial<Receipt> = {}): OutRecord {
  const { to, providerId } = of;
  const value = codecs.receipt.encode(
    records.receipt(providerId, state, { provider: "collector-smsc", to, receivedAt: Date.now(), ...over }),
  );
  return { topic: RECEIPTS_TOPIC, partition: partitionFor(to, P), key: to, value, headers: { id: providerId } };
}

/** The terminal events of these messages as they stand in the log, by message. */
async function finalsOf(messages: readonly { id: string }[]): Promise<Map<string, Event[]>> {
  const wanted = new Set(messages.map(({ id }) => `${id}/final`));
  const finals = new Map<string, Event[]>();
  for (const record of await readAll(connection, EVENTS_TOPIC)) {
    if (!wanted.has(headerText(record, "id") ?? "")) continue;
    const decoded = codecs.event.decode(record.value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    const { messageId } = decoded.value.facts;
    finals.set(messageId, [...(finals.get(messageId) ?? []), decoded.value]);
  }
  return finals;
}

async function ended(messages: readonly { id: string }[]): Promise<Map<string, Event[]>> {
  let finals = new Map<string, Event[]>();
  await until("every message has ended", async () => {
    finals = await finalsOf(messages);
    return finals.size === messages.length;
  });
  return finals;
}

describe("the correlator on real Kafka", () => {
  it("ends without a receipt as unknown, also when it was kept and its owner has gone", async () => {
    const env = { SLUICE_RECEIPT_DEADLINE: "12s", SLUICE_CORRELATION_KEEP_AFTER: "1s" };
    const messages = [message(), message(), message()];
    const answered = message();
    const first = await start(env);
    await producer.send([...messages, answered].map(sendEvent));
    const kept = async () => {
      const open = new Map<string, boolean>();
      for (const { key, value } of await readAll(connection, CORRELATION_TOPIC)) open.set(String(key), value !== null);
      return [...messages, answered].filter(({ id }) => [...open].some(([key, is]) => is && key.startsWith(id))).length;
    };
    await until("all are kept", async () => (await kept()) === 4);
    expect(await first.end("SIGTERM")).toBe(0);
    await start(env);
    await producer.send([sendReceipt(answered, "delivered")]);
    const finals = await ended([...messages, answered]);
    expect([...finals.values()].map((all) => all.map((one) => one.state)).sort()).toEqual([
      ["delivered"],
      ["unknown"],
      ["unknown"],
      ["unknown"],
    ]);
    await until("nothing is kept any more", async () => (await kept()) === 0);
  });

  it("puts an unreadable receipt into the dead letters and goes on behind it", async () => {
    const one = message();
    const key = one.to;
    const value = Buffer.from(`not a receipt ${one.id}`);
    const partition = partitionFor(key, P);
    await start();
    await producer.send([
      { topic: RECEIPTS_TOPIC, partition, key, value },
      sendEvent(one),
      sendReceipt(one, "delivered"),
    ]);
    expect((await ended([one])).get(one.id)).toHaveLength(1);
    const letters = (await readAll(connection, DEAD_LETTER_TOPIC)).map((record) =>
      codecs.deadLetter.decode(record.value!),
    );
    const mine = letters.filter((letter) => letter.ok && letter.value.value?.equals(value));
    expect(mine).toMatchObject([
      { value: { reason: "undecodable", service: "dlr-collector", topic: RECEIPTS_TOPIC, partition } },
    ]);
  });
});

describe("a provider's webhook", () => {
  it("ends its message, once its signature is right", async () => {
    const sid = `SM${randomUUID()}`;
    const one = message({ provider: "collector-http", providerMessageIds: [sid] });
    const collector = await start();
    await producer.send([sendEvent(one)]);
    const path = `/webhooks/twilio/collector-http?m=${one.id}&d=${one.to}`;
    const form = { MessageSid: sid, MessageStatus: "delivered", To: `+${one.to}` };
    const signed = Object.entries(form).reduce((text, [name, value]) => text + name + value, PUBLIC_URL + path);
    const post = (signature: string) =>
      fetch(collector.httpUrl + path, {
        method: "POST",
        headers: { "x-twilio-signature": signature },
        body: new URLSearchParams(form),
      });
    expect((await post("c29tZXRoaW5nIGVsc2U=")).status).toBe(403);
    expect((await post(createHmac("sha1", AUTH_TOKEN).update(signed).digest("base64"))).status).toBe(204);
    const [final] = (await ended([one])).get(one.id)!;
    expect(final).toMatchObject({ state: "delivered", provider: "collector-http", facts: { to: one.to } });
    const metrics = await (await fetch(`${collector.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/webhook_callbacks_total\{[^}]*outcome="receipt"[^}]*\} 1\b/);
    expect(metrics).toMatch(/webhook_callbacks_total\{[^}]*outcome="forged"[^}]*\} 1\b/);
    expect(metrics).toMatch(/correlator_finals_total\{[^}]*state="delivered"[^}]*\} \d/);
    expect(collector.log.join("\n")).not.toContain(one.to);
  });
});
