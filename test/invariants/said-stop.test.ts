/**
 * Promise 14: nothing to who said stop. Messages wait at slow providers while their recipients say stop, and start again, and routers, senders and
 * whoever reads what recipients say are killed and hand over. SLUICE_FAULTS=long: two minutes; the short form some seconds.
 */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WHOLE_TEXT } from "../../pipeline/records/delivered-records.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { CONSENT_TOPIC, EVENTS_TOPIC, INBOUND_TOPIC, requestTopic } from "../../schemas/topics.ts";
import { until } from "../faults/audit.ts";
import { changedCatalog } from "../faults/catalog.ts";
import { behave, type Installation, startInstallation } from "../faults/installation.ts";
import { killAndRestart, schedule } from "../faults/kill.ts";
import { figure, LONG } from "../faults/report.ts";

/** Messages a second, over all recipients; the providers take two thirds of it, so that a backlog grows. */
const RATE = 90;
const PROVIDER_RATE = 20;
const RECIPIENTS = 60;
/** Seconds of traffic. Every other recipient says stop, one after the other, and half of them say start some seconds later. */
const SECONDS = LONG ? 120 : 10;
const SILENT_MS = LONG ? 20_000 : 3_000;
const KILLS = LONG ? 24 : 2;
/** How old a copy of what recipients have said may be (SLUICE_CONSENT_STALE), and a request's time at a provider. */
const STALE_MS = 3_000;
const ANSWER_MS = 500;
/** All that the providers have not taken meanwhile goes at their rate, and senders are killed to the end. */
const END_MS = LONG ? 240_000 : 120_000;

interface Said {
  readonly state: "opted_in" | "opted_out";
  readonly at: number;
}

let sluice: Installation;
let catalog: string;
let producer: Producer;
let reader: TopicReader;
const { seed, random } = schedule();
const sent = new Map<string, { readonly to: string }>();
const submissions: { readonly id: string; readonly at: number }[] = [];
let proven = 0;
const ended = new Map<string, string>();
const endedBySender = new Set<string>();
/** Of each message that has not ended: what was said of it last. */
const lately = new Map<string, string>();
/** As sms.consent has it, by when the broker stored it. */
const said = new Map<string, Said[]>();

beforeAll(async () => {
  catalog = changedCatalog((provider) => {
    provider.rate = PROVIDER_RATE;
  });
  sluice = await startInstallation({
    env: { SLUICE_CATALOG_DIR: catalog, SLUICE_CONSENT_STALE: `${STALE_MS}ms`, SLUICE_KAFKA_SESSION_TIMEOUT: "6s" },
  });
  const errors = { permanentShare: 0, temporaryShare: 0 };
  const receipts = { delay: { kind: "constant", ms: 100 }, lossShare: 0 };
  for (const smsc of ["smsc-a", "smsc-b"] as const) await behave(sluice, smsc, { errors, receipts });
  await behave(sluice, "http-c", { errors, callbacks: receipts });
  await Promise.all(["router", "sender", "dlr-collector"].map((name) => sluice.control.scale(name, 2)));
  const { brokers } = sluice.infra;
  producer = new Kafka({ clientId: "recipients", brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  reader = new TopicReader({ connection: { brokers, clientId: "look", log }, topics: [EVENTS_TOPIC, CONSENT_TOPIC] });
  await reader.start();
  await follow();
  console.log(`SLUICE_SEED=${seed}`);
}, 420_000);
afterAll(async () => {
  await producer?.disconnect();
  await reader?.stop();
  await sluice?.stop();
  rmSync(catalog, { recursive: true, force: true });
});

test("who said stop gets nothing more, whoever is killed and hands over; who said start again does", async () => {
  const numbers = Array.from(
    { length: RECIPIENTS },
    (_, n) => `49151${10_000_000 + Math.floor(random() * 89_000) * 1_000 + n}`,
  );
  const stopping = numbers.filter((_, n) => n % 2 === 0);
  const starting = stopping.filter((_, n) => n % 2 === 0);
  const flow = traffic(numbers);
  const words = Promise.all(
    stopping.map(async (number, n) => {
      await pause(SECONDS * 1_000 * (0.25 + (0.25 * n) / stopping.length));
      await say(number, n % 3 === 0 ? "Stop." : "STOP");
      if (!starting.includes(number)) return;
      await pause(SILENT_MS);
      await say(number, "START");
    }),
  );
  const kills = async () => {
    const services = ["sender", "router", "dlr-collector", "sender", "router"];
    for (let n = 0; n < KILLS; n++) {
      await pause((SECONDS * 1_000 * (n === 0 ? 0.35 : 0.5)) / KILLS);
      const service = services[n % services.length]!;
      await killAndRestart(sluice, n % 2 === 0 ? service : `${service}-2`);
    }
  };
  await Promise.all([flow, words, kills()]);
  const open = () => [...sent.keys()].filter((id) => !ended.has(id));
  await until(
    () =>
      `${open().length} messages to end, of which was said last: ${counted(open().map((id) => lately.get(id) ?? "nothing"))}`,
    () => open().length === 0,
    END_MS,
  );

  const bound = STALE_MS + ANSWER_MS;
  let latest = 0;
  const late = submissions.filter(({ id, at }) => {
    const { to } = sent.get(id)!;
    const words = (said.get(to) ?? []).filter((word) => word.at < at);
    const last = words.at(-1);
    if (last?.state !== "opted_out") return false;
    const stop = words.slice(words.findLastIndex(({ state }) => state === "opted_in") + 1)[0]!;
    latest = Math.max(latest, at - stop.at);
    return at - stop.at > bound;
  });
  const stops = [...said.values()].flat().filter(({ state }) => state === "opted_out").length;
  const closed = [...ended.values()].filter((code) => code === "opted-out").length;
  figure(14, "messages, stops, starts", `${sent.size}, ${stops}, ${[...said.values()].flat().length - stops}`);
  figure(14, "ended as opted-out, given back by a sender for it", `${closed}, ${endedBySender.size}`);
  figure(14, "latest submission behind a stop", `${latest} ms`);
  figure(14, "in doubt at a kill, shown by a receipt to have gone", String(proven));
  expect(late.map(({ id, at }) => `${id} to ${sent.get(id)!.to} at ${at}`)).toEqual([]);
  // That it is not nothing at all that went, and that both have looked.
  expect(closed).toBeGreaterThan(stopping.length);
  expect(endedBySender.size).toBeGreaterThan(0);
  const again = starting.filter((number) => {
    const start = said.get(number)!.find(({ state }) => state === "opted_in")!;
    return submissions.some(({ id, at }) => sent.get(id)!.to === number && at > start.at);
  });
  expect(again.length, "who got something again after start").toBe(starting.length);
  const others = [...sent].filter(([id, { to }]) => !stopping.includes(to) && ended.get(id) === "opted-out");
  expect(others, "of those who never said stop").toEqual([]);
}, 600_000);

/** A message to each recipient in turn, at the rate, in all lanes. */
async function traffic(numbers: readonly string[]): Promise<void> {
  const began = performance.now();
  for (let n = 0; n < RATE * SECONDS; n++) {
    await pause(Math.max(0, (n / RATE) * 1_000 - (performance.now() - began)));
    const to = numbers[n % numbers.length]!;
    const id = randomUUID();
    const value = sluice.codecs.request.encode({
      messageId: id,
      accountId: "acme",
      to,
      from: null,
      text: `number ${n}`,
      validitySeconds: null,
      reference: id,
      callbackUrl: null,
      transliterate: false,
      sendAt: null,
      receiptTo: null,
      metadata: {},
      acceptedAt: null,
    });
    sent.set(id, { to });
    const lane = (["otp", "transactional", "marketing"] as const)[n % 3]!;
    await producer.send({ topic: requestTopic(lane), messages: [{ key: to, value }] });
  }
}

/** As a bind or a webhook writes down what a handset sends; resolves when it stands in sms.consent. */
async function say(number: string, text: string): Promise<void> {
  const before = said.get(number)?.length ?? 0;
  const inbound = { provider: "smsc-a", from: number, to: "", text, receivedAt: Date.now(), ...WHOLE_TEXT };
  const value = sluice.codecs.inbound.encode(inbound);
  await producer.send({ topic: INBOUND_TOPIC, messages: [{ key: number, value }] });
  await until(
    () => `${text} to be written down`,
    () => (said.get(number)?.length ?? 0) > before,
    60_000,
  );
}

async function follow(): Promise<void> {
  await reader.follow(CONSENT_TOPIC, ({ value, timestamp }) => {
    const decoded = sluice.codecs.consent.decode(value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    const { destination, state } = decoded.value;
    const known = said.get(destination) ?? [];
    // A word that is read again after a kill is written again.
    if (known.at(-1)?.state !== state) said.set(destination, [...known, { state, at: timestamp }]);
  });
  await reader.follow(EVENTS_TOPIC, ({ value }) => {
    const decoded = sluice.codecs.event.decode(value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    const { facts, type, at, errorCode, errorClass, reason, attempt, provider } = decoded.value;
    const id = facts.messageId;
    const minute = new Date(at).toISOString().slice(14, 16);
    lately.set(
      id,
      `${facts.lane} ${type} ${attempt} ${provider} ${errorClass} ${errorCode} ${reason} in minute ${minute}`,
    );
    // What only a receipt has shown left before its sender was killed; when, nobody knows.
    if (type === "submitted" && reason === "receipt") proven++;
    else if (type === "submitted") submissions.push({ id, at });
    else if (type === "returned" && errorClass === "opted-out") endedBySender.add(id);
    else if (type === "closed" || type === "final") {
      ended.set(id, errorCode ?? "");
      lately.delete(id);
    }
  });
}

function counted(texts: readonly string[]): string {
  const most = [...Map.groupBy(texts, (text) => text)].map(([text, same]) => `${same.length} × ${text}`);
  return most.slice(0, 12).join("; ");
}
