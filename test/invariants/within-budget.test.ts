/**
 * Promise 15: never over budget. An account asks for twice its budget as fast as three routers decide, which are killed meanwhile. SLUICE_FAULTS=long:
 * ten times as much, and more kills.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { headerText } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { EVENTS_TOPIC, requestTopic } from "../../schemas/topics.ts";
import { until } from "../faults/audit.ts";
import { largerCatalog } from "../faults/catalog.ts";
import { behave, type Installation, startInstallation } from "../faults/installation.ts";
import { killAndRestart, schedule } from "../faults/kill.ts";
import { figure, LONG } from "../faults/report.ts";

/** Of the month, micro-units of EUR. A message costs 0.05 EUR or so. */
const BUDGET = (LONG ? 1_000 : 60) * 1_000_000;
const MESSAGES = LONG ? 40_000 : 2_400;
const A_BATCH = 200;
const KILLS = LONG ? 12 : 2;
const END_MS = LONG ? 600_000 : 120_000;
/** What kills may leave unused: decisions that were being written when a router died count twice. A share of the budget for each. */
const UNUSED = 0.02;

let sluice: Installation;
let catalog: string;
let producer: Producer;
let reader: TopicReader;
const { seed, random } = schedule();
const sent = new Set<string>();
const ended = new Map<string, string>();
/** By event id: a decision may stand in the log twice. */
const costs = new Map<string, { readonly cost: number; readonly currency: string }>();
const charged = new Map<string, number>();
let held = 0;

beforeAll(async () => {
  catalog = largerCatalog(20);
  const file = join(catalog, "accounts.yaml");
  const budget = { currency: "EUR", monthly: String(BUDGET / 1_000_000), whenReached: "refuse" };
  writeFileSync(file, stringify([...parse(readFileSync(file, "utf8")), { id: "spender", name: "Spender", budget }]));
  sluice = await startInstallation({ env: { SLUICE_CATALOG_DIR: catalog, SLUICE_KAFKA_SESSION_TIMEOUT: "6s" } });
  const errors = { permanentShare: 0, temporaryShare: 0.02 };
  const receipts = { delay: { kind: "constant", ms: 100 }, lossShare: 0 };
  for (const smsc of ["smsc-a", "smsc-b"] as const) await behave(sluice, smsc, { errors, receipts });
  await behave(sluice, "http-c", { errors, callbacks: receipts });
  await sluice.control.scale("router", 3);
  const { brokers } = sluice.infra;
  producer = new Kafka({ clientId: "spender", brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  reader = new TopicReader({ connection: { brokers, clientId: "look", log }, topics: [EVENTS_TOPIC] });
  await reader.start();
  await reader.follow(EVENTS_TOPIC, (record) => {
    const decoded = sluice.codecs.event.decode(record.value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    const { type, facts, cost, currency, charge, errorCode } = decoded.value;
    const id = headerText(record, "id")!;
    if (type === "submitted" && cost !== null) costs.set(id, { cost, currency: currency! });
    if (charge !== null && !charged.has(id)) charged.set(id, charge.added);
    if (type === "postponed" && errorCode === "budget-held") held++;
    if (type === "closed" || type === "final") ended.set(facts.messageId, errorCode ?? "");
  });
  console.log(`SLUICE_SEED=${seed}`);
}, 420_000);
afterAll(async () => {
  await producer?.disconnect();
  await reader?.stop();
  await sluice?.stop();
  rmSync(catalog, { recursive: true, force: true });
});

test("three routers under full load, some of them killed, never spend more than the budget, and leave hardly anything of it", async () => {
  const kills = async () => {
    for (let n = 0; n < KILLS; n++) {
      await until(
        () => `the load to be at kill ${n + 1}`,
        () => sent.size >= ((n + 0.5) * MESSAGES * 0.6) / KILLS,
        END_MS,
      );
      await killAndRestart(sluice, ["router", "router-2", "router-3"][Math.floor(random() * 3)]!);
    }
  };
  const began = performance.now();
  await Promise.all([load(), kills()]);
  await until(
    () => `${[...sent].filter((id) => !ended.has(id)).length} messages to end`,
    () => [...sent].every((id) => ended.has(id)),
    END_MS,
  );
  const refused = [...ended.values()].filter((code) => code === "budget-reached").length;
  const spent = sum([...costs.values()].map(({ cost }) => cost));
  expect([...new Set([...costs.values()].map(({ currency }) => currency))]).toEqual(["EUR"]);
  figure(15, "messages, of which over budget", `${sent.size}, ${refused}`);
  figure(15, "budget, spent, counted (EUR)", [BUDGET, spent, sum(charged.values())].map((one) => one / 1e6).join(", "));
  figure(15, "kills, waits for a part of the rest", `${KILLS}, ${held}`);
  figure(15, "seconds", Math.round((performance.now() - began) / 1_000));
  expect(spent).toBeLessThanOrEqual(BUDGET);
  expect(spent).toBeGreaterThan(BUDGET * (1 - KILLS * UNUSED));
}, 900_000);

async function load(): Promise<void> {
  while (sent.size < MESSAGES) {
    const messages = Array.from({ length: A_BATCH }, () => {
      const messageId = randomUUID();
      sent.add(messageId);
      const to = `49151${10_000_000 + Math.floor(random() * 89_999_999)}`;
      const value = sluice.codecs.request.encode({
        ...{ messageId, accountId: "spender", to, from: null, text: "how much is left", validitySeconds: null },
        ...{
          reference: null,
          callbackUrl: null,
          transliterate: false,
          sendAt: null,
          receiptTo: null,
          metadata: {},
          acceptedAt: null,
        },
      });
      return { key: to, value };
    });
    await producer.send({ topic: requestTopic("transactional"), messages });
    await pause(LONG ? 100 : 300);
  }
}

function sum(amounts: Iterable<number>): number {
  let all = 0;
  for (const one of amounts) all += one;
  return all;
}
