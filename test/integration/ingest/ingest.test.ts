import { rmSync } from "node:fs";
import { createClient } from "@clickhouse/client";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Partitioners } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { headerText, type InRecord } from "../../../platform/kafka/record.ts";
import type { SendRequest } from "../../../schemas/generated/types.ts";
import { LANES, requestTopic } from "../../../schemas/topics.ts";
import { clickhouseOptions } from "../../fixture/cluster-handle.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { type Answer, type CallOptions, call } from "../../unit/ingest/ingest-harness.ts";
import { connectionTo, readAll } from "../platform/kafka-runtime.ts";
import { API_KEY, DATABASE, type IngestProcess, OTHER_API_KEY, prepare, startIngestProcess } from "./ingest-process.ts";

const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers);
let ingest: IngestProcess;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  environment = await prepare(cluster);
  ingest = await startIngestProcess(environment);
});
afterAll(async () => {
  await ingest?.stop();
  if (environment?.SLUICE_CATALOG_DIR) rmSync(environment.SLUICE_CATALOG_DIR, { recursive: true });
});

const PATIENT = { timeout: 40_000, interval: 100 };
const ask = (path: string, options: CallOptions = {}, key = API_KEY) => call(ingest.port, path, { key, ...options });
const post = (body: object, path = "/v1/messages"): Promise<Answer> => ask(path, { body });
/** Numbers of this run, so that other tests of the shared cluster do not matter. */
let next = Math.floor(Math.random() * 90_000) * 100;
const message = (lane: string) => ({
  to: `+49170${String(next++).padStart(7, "0")}`,
  text: `The text of ${next}`,
  lane,
});

/** What the topics hold, by message id. */
async function stored(): Promise<Map<string, InRecord[]>> {
  const byId = new Map<string, InRecord[]>();
  for (const lane of LANES) {
    // The group coordinator of a broker that has just started refuses for a moment, and this plain reader gives up then.
    const records = await vi.waitFor(() => readAll(connection, requestTopic(lane)), PATIENT);
    for (const record of records) {
      const id = headerText(record, "id") as string;
      byId.set(id, [...(byId.get(id) ?? []), record]);
    }
  }
  return byId;
}

describe("accepted means kept", () => {
  it("puts singles and batches where any client finds them: topic, key, partition, schema", async () => {
    const items = LANES.flatMap((lane) => Array.from({ length: 40 }, () => message(lane)));
    const batch = await post({ messages: items.slice(0, 60) }, "/v1/messages/batch");
    expect(batch.status, batch.text).toBe(202);
    const singles = await Promise.all(items.slice(60).map((item) => post(item)));
    for (const answer of singles) expect(answer.status, answer.text).toBe(202);
    const ids: string[] = [...batch.body.messages, ...singles.map((answer) => answer.body)].map(
      (m: { id: string }) => m.id,
    );

    const records = await stored();
    const registry = new SchemaRegistry({ host: cluster.registryUrl });
    const partition = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 6 }, (_, i) => ({ partitionId: i, leader: 0 })) as never;
    for (const [i, item] of items.entries()) {
      const [record, ...repeats] = records.get(ids[i] as string) ?? [];
      expect(repeats).toEqual([]);
      expect(record?.topic).toBe(requestTopic(item.lane as (typeof LANES)[number]));
      const key = item.to.slice(1);
      expect(record?.key?.toString()).toBe(key);
      const expected = partition({ topic: "any", partitionMetadata, message: { key, value: null } });
      expect(record?.partition).toBe(expected);
      const request = (await registry.decode(record?.value as Buffer)) as SendRequest;
      expect(request).toMatchObject({ messageId: ids[i], accountId: "acme", to: key, text: item.text });
    }
  });

  it("lets singles of many connections share Kafka requests", async () => {
    const requests = async () => {
      const metrics = await call(ingest.adminPort, "/metrics", { key: undefined });
      return Number(/^producer_requests_total (\d+)/m.exec(metrics.text)?.[1]);
    };
    const before = await requests();
    const answers = await Promise.all(Array.from({ length: 300 }, () => post(message("otp"))));
    expect(answers.map((answer) => answer.status)).toEqual(Array(300).fill(202));
    expect((await requests()) - before).toBeLessThan(150);
  });

  it("says that it does not know while Kafka is silent, and takes the repeat under the same id", async () => {
    const own = await startIngestProcess({ ...environment, SLUICE_ACCEPT_TIMEOUT: "1s" });
    const item = message("transactional");
    const hand = (body: object) => call(own.port, "/v1/messages", { key: API_KEY, body });
    await cluster.freezeBroker(0);
    let late: Answer;
    try {
      late = await hand(item);
    } finally {
      await cluster.thawBroker(0);
    }
    expect(late.status, late.text).toBe(503);
    expect(late.body.code).toBe("ACCEPTANCE_UNKNOWN");
    const { id } = late.body;
    await expect.poll(async () => (await hand({ ...item, id })).status, PATIENT).toBe(202);
    expect(await own.stop()).toBe(0);
    const records = (await stored()).get(id) ?? [];
    expect(records.length).toBeGreaterThan(0);
    expect(new Set(records.map((record) => record.partition)).size).toBe(1);
  });

  it("answers what it has taken when it is told to stop, and loses nothing of it", async () => {
    const own = await startIngestProcess(environment);
    const accepted: string[] = [];
    const refused: string[] = [];
    let going = true;
    const clients = Array.from({ length: 20 }, async () => {
      while (going) {
        try {
          const answer = await call(own.port, "/v1/messages", { key: API_KEY, body: message("marketing") });
          if (answer.status === 202) accepted.push(answer.body.id);
          else refused.push(answer.text);
        } catch (error) {
          // A connection that was refused or never served is an honest "no".
          expect(String(error)).toMatch(/ECONNREFUSED|ECONNRESET|socket hang up/);
          going = false;
        }
      }
    });
    await expect.poll(() => accepted.length, PATIENT).toBeGreaterThan(200);
    expect(await own.stop()).toBe(0);
    going = false;
    await Promise.all(clients);
    expect(refused).toEqual([]);
    const records = await stored();
    expect(accepted.filter((id) => !records.has(id))).toEqual([]);
  });
});

describe("status", () => {
  it("comes from analytics with its history, for the account's own messages only", async () => {
    const sent = message("otp");
    const { id } = (await post(sent)).body;
    expect((await ask(`/v1/messages/${id}`)).body.status).toBe("accepted");
    await insertEvents(id, sent.to.slice(1));
    const answer = await ask(`/v1/messages/${id}`);
    expect(answer.body).toMatchObject({
      id,
      status: "delivered",
      final: true,
      provider: "smsc-a",
      cost: "0.0075",
      currency: "EUR",
    });
    expect(answer.body.history).toMatchObject([
      { type: "routed", attempt: 1, provider: "smsc-a", reason: "priority" },
      { type: "submitted", cost: "0.0075" },
      { type: "final", state: "delivered" },
    ]);
    expect(answer.body.history[0].at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((await ask(`/v1/messages/${id}`, {}, OTHER_API_KEY)).status).toBe(404);
  });
});

describe("operation", () => {
  it("is ready, alive, and never logs a text, a number or a key", async () => {
    const admin = (path: string) => call(ingest.adminPort, path, { key: undefined });
    await expect.poll(async () => (await admin("/readyz")).status, PATIENT).toBe(200);
    expect((await admin("/healthz")).status).toBe(200);
    expect((await admin("/metrics")).text).toMatch(/^ingest_messages_total\{[^}]*lane="otp"[^}]*\} \d+/m);
    const lines = ingest.log.join("\n");
    for (const secret of ["The text of", "49170", API_KEY]) expect(lines).not.toContain(secret);
  });
});

/** A message's way from routing to delivery, as the sink would have written it. */
async function insertEvents(id: string, destination: string): Promise<void> {
  const client = createClient({ ...clickhouseOptions(cluster), database: DATABASE });
  const now = Date.now();
  const time = (after: number) => new Date(now + after).toISOString();
  const facts = {
    message_id: id,
    account: "acme",
    lane: "otp",
    destination,
    encoding: "gsm7",
    segments: 1,
  };
  const event = (type: string, n: number, more: object) => ({
    ...{
      ...facts,
      type,
      attempt: 1,
      provider: "smsc-a",
      currency: "EUR",
      accepted_at: time(0),
      expires_at: time(86_400_000),
    },
    ...{ at: time(n), log_partition: 1, log_offset: n, ...more },
  });
  await client.insert({
    table: "events",
    format: "JSONEachRow",
    clickhouse_settings: { date_time_input_format: "best_effort" },
    values: [
      event("final", 3, { state: "delivered", submitted_at: time(2), receipt_at: time(3), done_at: time(3) }),
      event("routed", 1, { reason: "priority", route: "default", price: "0.0075" }),
      event("submitted", 2, { cost: "0.0075", submitted_at: time(2), provider_message_ids: ["1"] }),
    ],
  });
  await client.close();
}

describe("what was just accepted", () => {
  it("is known to another instance, which reads the log for it, with a key or without, and to no other account", async () => {
    const other = await startIngestProcess(environment);
    try {
      const at = (path: string, key = API_KEY) => call(other.port, path, { key });
      for (const headers of [{}, { "idempotency-key": `k-${next}` }] as Record<string, string>[]) {
        const item = message("transactional");
        const accepted = await ask("/v1/messages", { body: item, headers });
        expect(accepted.status, accepted.text).toBe(202);
        const path = `/v1/messages/${accepted.body.id}`;
        // Its reader may still be joining Kafka when it has just started.
        await expect.poll(async () => (await at(path)).status, PATIENT).toBe(200);
        const { history, updatedAt, attempts, final, ...said } = (await at(path)).body;
        expect(said).toEqual(accepted.body);
        expect((await at(path, OTHER_API_KEY)).status).toBe(404);
      }
    } finally {
      await other.stop();
    }
  });
});
