import "../../platform/kafka/kafkajs-idle-timer.ts";
import { execFile } from "node:child_process";
import { randomInt, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { createClient } from "@clickhouse/client";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { CompressionCodecs, CompressionTypes, Kafka, logLevel, type Producer } from "kafkajs";
import { inject } from "vitest";
import { clickhouseOptions } from "../fixture/cluster-handle.ts";

/** One message as ClickHouse has it (view messages_latest). */
export interface MessageRow {
  message_id: string;
  state: string;
  final: number;
  finals: number;
  provider: string;
  lane: string;
  segments: number;
  submissions: number;
  resubmitted: string;
  attempts: number;
  error_code: string;
}

/** A request as an upstream system writes it. */
export interface UpstreamRequest {
  messageId: string;
  to: string;
  text: string;
  lane?: "otp" | "transactional" | "marketing";
  accountId?: string;
  /** Epoch ms. */
  sendAt?: number;
  /** Partition to put it in, against the key; default: by the key. */
  partition?: number;
}

const installation = inject("sluice");
const clickhouse = createClient({ ...clickhouseOptions(installation.infra), database: "sluice" });

/** Sends JSON to ingest with the demo account's key. */
export async function post(
  path: string,
  body: unknown,
  key = "acme-demo-key",
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${installation.ingestUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

export async function getMessage(
  id: string,
  key = "acme-demo-key",
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${installation.ingestUrl}/v1/messages/${id}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Asks for a message not to be sent. */
export async function cancel(
  id: string,
  key = "acme-demo-key",
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${installation.ingestUrl}/v1/messages/${id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** A German mobile number nobody else in this run has. */
export function freshNumber(): string {
  return `49151${String(randomInt(10_000_000, 99_999_999))}`;
}

/** What an upstream system would use: any UUID. */
export function freshId(): string {
  return randomUUID();
}

let upstream: Promise<{ producer: Producer; registry: SchemaRegistry; schemaId: number }> | undefined;

function connectUpstream(): NonNullable<typeof upstream> {
  upstream ??= (async () => {
    const producer = new Kafka({
      clientId: "upstream",
      brokers: installation.infra.brokers,
      logLevel: logLevel.NOTHING,
    }).producer();
    await producer.connect();
    const registry = new SchemaRegistry({ host: installation.infra.registryUrl });
    return { producer, registry, schemaId: await registry.getLatestSchemaId("sluice.SendRequest") };
  })();
  return upstream;
}

/** Produces requests the way an upstream system does: plain KafkaJS and the registry's own client. */
export async function produce(requests: readonly UpstreamRequest[]): Promise<void> {
  const { producer, registry, schemaId } = await connectUpstream();
  const lanes = Map.groupBy(requests, (request) => request.lane ?? "transactional");
  const topicMessages = await Promise.all(
    [...lanes].map(async ([lane, group]) => ({
      topic: `sms.requests.${lane}`,
      messages: await Promise.all(
        group.map(async ({ messageId, to, text, accountId = "acme", sendAt = null, partition }) => ({
          key: to,
          value: await registry.encode(schemaId, { messageId, accountId, to, text, metadata: {}, sendAt }),
          ...(partition === undefined ? {} : { partition }),
        })),
      ),
    })),
  );
  await producer.sendBatch({ topicMessages });
}

/** As `produce`, in batches compressed by zstd, which KafkaJS itself cannot read. */
export async function produceZstd(requests: readonly UpstreamRequest[]): Promise<void> {
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async (encoder: { buffer: Buffer }) => zstdCompressSync(encoder.buffer),
    decompress: async (buffer: Buffer) => zstdDecompressSync(buffer),
  });
  const { producer, registry, schemaId } = await connectUpstream();
  for (const { messageId, to, text, lane = "transactional" } of requests) {
    const value = await registry.encode(schemaId, { messageId, accountId: "acme", to, text, metadata: {} });
    await producer.send({
      topic: `sms.requests.${lane}`,
      compression: CompressionTypes.ZSTD,
      messages: [{ key: to, value }],
    });
  }
}

/** Writes raw bytes to a topic. */
export async function produceRaw(topic: string, value: Buffer, key = freshNumber()): Promise<void> {
  const { producer } = await connectUpstream();
  await producer.send({ topic, messages: [{ key, value }] });
}

export async function disconnect(): Promise<void> {
  if (upstream !== undefined) await (await upstream).producer.disconnect();
  await clickhouse.close();
}

/** Changes how a provider's simulator behaves from now on. */
export async function behave(provider: string, settings: object): Promise<void> {
  const response = await fetch(`${installation.simulators[provider]}/settings`, {
    method: "PUT",
    body: JSON.stringify(settings),
  });
  if (!response.ok) throw new Error(`${provider}: ${response.status} ${await response.text()}`);
}

/** An SMSC that refuses and loses nothing by chance: for what must end as delivered. */
export const CALM = {
  errors: { permanentShare: 0, temporaryShare: 0 },
  receipts: { delay: { kind: "constant", ms: 300 }, states: { DELIVRD: 1, UNDELIV: 0, EXPIRED: 0 }, lossShare: 0 },
};

/** Changes how providers' simulators behave, until what it gives is called. */
export async function behaveAs(settings: Readonly<Record<string, object>>): Promise<() => Promise<void>> {
  const before = new Map<string, object>();
  for (const [provider, behaviour] of Object.entries(settings)) {
    const now = await fetch(`${installation.simulators[provider]}/settings`);
    before.set(provider, (await now.json()) as object);
    await behave(provider, behaviour);
  }
  return async () => {
    for (const [provider, behaviour] of before) await behave(provider, behaviour);
  };
}

export async function query<Row>(sql: string): Promise<Row[]> {
  const result = await clickhouse.query({ query: sql, format: "JSONEachRow" });
  return result.json<Row>();
}

/** The rows of these messages, by id. */
export async function messages(ids: readonly string[]): Promise<Map<string, MessageRow>> {
  const found = new Map<string, MessageRow>();
  for (let at = 0; at < ids.length; at += 2_000) {
    const list = ids
      .slice(at, at + 2_000)
      .map((id) => `'${id}'`)
      .join(",");
    const rows = await query<MessageRow>(
      `SELECT toString(message_id) AS message_id, state, final, toUInt32(finals) AS finals, provider, lane, segments, toUInt32(submissions) AS submissions, resubmitted, attempts, error_code FROM messages_latest WHERE message_id IN (${list})`,
    );
    for (const row of rows) found.set(row.message_id, row);
  }
  return found;
}

/** Waits until ClickHouse has a terminal state for every one of these messages, and gives the rows. */
export async function untilFinal(ids: readonly string[], ms = 90_000): Promise<Map<string, MessageRow>> {
  let rows = new Map<string, MessageRow>();
  let open = ids;
  await until(
    () => `all ${ids.length} messages final; open: ${summary(open, rows)}`,
    async () => {
      rows = await messages(open);
      open = open.filter((id) => rows.get(id)?.final !== 1);
      return open.length === 0;
    },
    ms,
  );
  return messages(ids);
}

function summary(ids: readonly string[], rows: ReadonlyMap<string, MessageRow>): string {
  const open = ids.filter((id) => rows.get(id)?.final !== 1);
  const states = open
    .slice(0, 10)
    .map((id) => `${id} ${rows.get(id)?.state ?? "absent"} ${rows.get(id)?.provider ?? ""}`);
  return `${open.length} (${states.join("; ")})`;
}

/** Waits for a condition, asking again every 200 ms. */
export async function until(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`Not within ${ms} ms: ${typeof what === "string" ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** What the audit says over everything so far, with the providers' own counts: its last line taken apart, and all of it. */
export async function audit(): Promise<{ counts: Record<string, number>; text: string }> {
  const ledgers = Object.values(installation.simulators).flatMap((url) => ["--ledger", url]);
  const { stdout: text } = await promisify(execFile)(
    process.execPath,
    ["services/cli/sluice.ts", "audit", "--wait", "60s", ...ledgers],
    { env: { ...process.env, ...installation.environment }, maxBuffer: 1 << 24 },
  ).catch((error: { stdout?: string; stderr?: string }) => ({ stdout: `${error.stderr}\n${error.stdout}` }));
  const line = text.trim().split("\n").at(-1) ?? "";
  if (!line.startsWith("audit: ")) throw new Error(`No audit line:\n${text}`);
  return {
    counts: Object.fromEntries([...line.matchAll(/(\w+)=(\d+)/g)].map((match) => [match[1]!, Number(match[2])])),
    text,
  };
}
