import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { afterAll, beforeAll, expect, it } from "vitest";
import { validateSendRequest } from "../../../domain/message/validation.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { headerText } from "../../../platform/kafka/record.ts";
import { LANES, REQUEST_KEYS_TOPIC, requestTopic } from "../../../schemas/topics.ts";
import { fingerprintOf } from "../../../services/ingest/acceptance/idempotency/fingerprint.ts";
import { keyNamed, partitionOfName } from "../../../services/ingest/acceptance/idempotency/key-name.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { type Answer, call } from "../../unit/ingest/ingest-harness.ts";
import { connectionTo, readAll } from "../platform/kafka-runtime.ts";
import { API_KEY, type IngestProcess, prepare, startIngestProcess } from "./ingest-process.ts";

const cluster = sharedCluster();
const connection = connectionTo(cluster.brokers);
const folders: string[] = [];
let environment: NodeJS.ProcessEnv;
let one: IngestProcess;
let other: IngestProcess;
/** Its ClickHouse does not answer. */
let alone: IngestProcess;
let disk: string;

const PATIENT = { timeout: 40_000, interval: 200 };

/** An instance on a disk of its own. */
function start(folder: string, more: NodeJS.ProcessEnv = {}): Promise<IngestProcess> {
  return startIngestProcess({ ...environment, SLUICE_STORE_DIR: folder, ...more });
}

function freshDisk(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-keys-"));
  folders.push(folder);
  return folder;
}

beforeAll(async () => {
  environment = await prepare(cluster);
  disk = freshDisk();
  one = await start(disk);
  other = await start(freshDisk());
  alone = await start(freshDisk(), { SLUICE_CLICKHOUSE_URL: "http://127.0.0.1:9" });
});
afterAll(async () => {
  for (const instance of [one, other, alone]) await instance?.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  if (environment?.SLUICE_CATALOG_DIR) rmSync(environment.SLUICE_CATALOG_DIR, { recursive: true });
});

let next = Math.floor(Math.random() * 90_000) * 100;
const number = () => `+49171${String(next++).padStart(7, "0")}`;
const fresh = () => ({ to: number(), text: `The text of ${next}`, lane: "otp" });
const KEY = () => `key of ${next++} ${Date.now()}`;

const post = ({ port }: IngestProcess, key: string, body: object): Promise<Answer> =>
  call(port, "messages" in body ? "/v1/messages/batch" : "/v1/messages", {
    ...{ key: API_KEY, body, headers: { "idempotency-key": key } },
  });

/** The answer that is no more "wait": a reader may still be joining, or the first be under way. */
async function settled(instance: IngestProcess, key: string, body: object): Promise<Answer> {
  let answer: Answer;
  await expect
    .poll(async () => {
      answer = await post(instance, key, body);
      return answer.status;
    }, PATIENT)
    .not.toSatisfy((status: number) => status === 409 || status === 503);
  return answer!;
}

/** How many records of requests each message has. */
async function writtenOf(ids: readonly string[]): Promise<number[]> {
  const counts = new Map(ids.map((id) => [id, 0]));
  for (const lane of LANES)
    for (const record of await readAll(connection, requestTopic(lane))) {
      const id = headerText(record, "id") ?? "";
      const count = counts.get(id);
      if (count !== undefined) counts.set(id, count + 1);
    }
  return [...counts.values()];
}

it("the same answer on another instance, also without ClickHouse, and nothing is written for it; 422 for another body", async () => {
  const single = { key: KEY(), body: fresh() };
  const batch = { key: KEY(), body: { messages: [fresh(), { to: "1" }, fresh()] } };
  for (const { key, body } of [single, batch]) {
    const first = await settled(one, key, body);
    expect([202, 207]).toContain(first.status);
    for (const instance of [one, other, alone]) {
      const repeat = await settled(instance, key, body);
      expect(repeat.body).toEqual(first.body);
      expect(repeat.status).toBe(first.status);
    }
    const changed = "messages" in body ? { messages: [fresh(), ...body.messages.slice(1)] } : { ...body, to: number() };
    for (const instance of [one, other, alone]) {
      const conflict = await post(instance, key, changed);
      expect(conflict.body).toMatchObject({ status: 422, code: "IDEMPOTENCY_CONFLICT" });
    }
    const ids = (first.body.messages ?? [first.body]).flatMap(({ id }: { id?: string }) => (id ? [id] : []));
    expect(await writtenOf(ids)).toEqual(ids.map(() => 1));
  }
});

it("the same answer after a kill -9, from another instance and from the next one on the same disk", async () => {
  const [early, last] = [
    { key: KEY(), body: fresh() },
    { key: KEY(), body: fresh() },
  ];
  const first = await settled(one, early.key, early.body);
  // One that has not heard of it yet writes it again, under the same id.
  await untilHeard(other, early.key);
  await settled(other, early.key, early.body);
  const second = await settled(one, last.key, last.body);
  // What it had to say of the last key may not be said.
  await one.kill();
  expect((await settled(other, last.key, last.body)).body).toEqual(second.body);
  one = await start(disk);
  for (const instance of [one, alone]) {
    expect((await settled(instance, early.key, early.body)).body).toEqual(first.body);
    expect((await settled(instance, last.key, last.body)).body).toEqual(second.body);
    expect((await post(instance, early.key, fresh())).status).toBe(422);
    expect((await post(instance, last.key, fresh())).status).toBe(422);
  }
  expect(await writtenOf([first.body.id])).toEqual([1]);
});

/** What an instance leaves that was killed before it could say that the message is stored, which it may be or not. */
async function leave(key: string, body: object, at: number): Promise<void> {
  const valid = validateSendRequest(body, { acceptedAt: at });
  if (!valid.ok) throw new Error("no valid message");
  const { name } = keyNamed("acme", key);
  const fingerprints = Buffer.from(fingerprintOf(valid.request), "base64");
  const registry = new SchemaRegistry({ host: cluster.registryUrl });
  const schema = await registry.getLatestSchemaId("sluice.RequestKeys");
  const value = await registry.encode(schema, {
    stored: false,
    at,
    names: name,
    fingerprints,
    rejected: Buffer.alloc(0),
  });
  const producer = new RecordProducer({ connection });
  await producer.send([{ topic: REQUEST_KEYS_TOPIC, partition: partitionOfName(name, 6), key: null, value }]);
  await producer.close();
}

/** Until an instance has heard of what another one takes in the same partition from now on, and so of all before. */
async function untilHeard(instance: IngestProcess, key: string): Promise<void> {
  const place = (of: string) => partitionOfName(keyNamed("acme", of).name, 6);
  const heard = async () => {
    let marker = KEY();
    while (place(marker) !== place(key)) marker = KEY();
    const body = fresh();
    const [first, repeat] = [await post(one, marker, body), await post(instance, marker, body)];
    return repeat.status === 409 || (first.status === 202 && repeat.body.acceptedAt === first.body.acceptedAt);
  };
  await expect.poll(heard, PATIENT).toBe(true);
}

it("a late repeat of what nobody knows the end of waits for ClickHouse, and is sent; new keys do not wait", async () => {
  const { key, body } = { key: KEY(), body: fresh() };
  const at = Date.now() - 60_000;
  await leave(key, body, at);
  for (const instance of [other, alone]) {
    await untilHeard(instance, key);
    expect((await post(instance, key, fresh())).status).toBe(422);
  }
  expect((await post(alone, key, body)).body).toMatchObject({ status: 503, code: "UNAVAILABLE" });
  expect((await post(alone, KEY(), fresh())).status).toBe(202);
  const sent = await post(other, key, body);
  expect(sent.body).toMatchObject({ status: "accepted", acceptedAt: new Date(at).toISOString() });
  expect((await settled(alone, key, body)).body).toEqual(sent.body);
  expect(await writtenOf([sent.body.id])).toEqual([1]);
});
