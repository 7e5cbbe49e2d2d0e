import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@clickhouse/client";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { newMessageId } from "../../domain/message/message-id.ts";
import { clickhouseOptions, type TestCluster } from "../fixture/cluster-handle.ts";

type Lane = "otp" | "marketing";
type Encode = (messageId: string, to: string) => Buffer;

const CHUNK = 5_000;
const TICK_MS = 50;
const LOOK_MS = 250;

/** An otp stream that runs. */
export interface OtpStream {
  /** No more of them. Resolves when Kafka has all that were sent. */
  stop(): Promise<void>;
  /** Ids of those that Kafka acknowledged between two moments, epoch ms. */
  acceptedBetween(from: number, to: number): string[];
}

/**
 * Requests in the lanes of one installation, produced as upstream systems do, and what ClickHouse says of them. Nothing of today's
 * schemas is needed: the installation may be of an earlier version.
 */
export class LaneTraffic {
  private readonly infra: Pick<TestCluster, "brokers" | "registryUrl" | "clickhouseUrl" | "clickhouseLogin">;
  private readonly producer: Producer;
  private connected = false;
  private encode: Encode | undefined;
  private readonly clickhouse;

  constructor(infra: Pick<TestCluster, "brokers" | "registryUrl" | "clickhouseUrl" | "clickhouseLogin">) {
    this.infra = infra;
    const kafka = new Kafka({ clientId: "lanes", brokers: infra.brokers, logLevel: logLevel.NOTHING });
    this.producer = kafka.producer();
    this.clickhouse = createClient({ ...clickhouseOptions(infra), database: "sluice" });
  }

  /** Whether the installation has been set up: its registry knows requests. */
  async ready(): Promise<boolean> {
    if (this.encode !== undefined) return true;
    const registry = new SchemaRegistry({ host: this.infra.registryUrl });
    const id = await registry.getLatestSchemaId("sluice.SendRequest").catch(() => undefined);
    if (id === undefined) return false;
    const schema = (await registry.getSchema(id)) as unknown as { toBuffer(value: object): Buffer };
    const head = Buffer.alloc(5);
    head.writeInt32BE(id, 1);
    this.encode = (messageId, to) => {
      const text = "Two for one until Sunday, at all our shops";
      return Buffer.concat([
        head,
        schema.toBuffer({ messageId, accountId: "bench", to, from: "ACME", text, metadata: {} }),
      ]);
    };
    return true;
  }

  /** Writes so many marketing requests, to as many numbers. */
  async fill(count: number): Promise<void> {
    for (let left = count; left > 0; left -= CHUNK) await this.send("marketing", Math.min(CHUNK, left));
  }

  /** Sends otp requests from now on, so many a second. */
  otp(perSecond: number): OtpStream {
    const accepted: { readonly at: number; readonly ids: readonly string[] }[] = [];
    let goesOn = true;
    const running = (async () => {
      const began = performance.now();
      for (let sent = 0; goesOn; await pause(TICK_MS)) {
        const due = Math.floor(((performance.now() - began) / 1_000) * perSecond) - sent;
        if (due <= 0) continue;
        sent += due;
        const ids = await this.send("otp", due);
        accepted.push({ at: Date.now(), ids });
      }
    })();
    return {
      async stop() {
        goesOn = false;
        await running;
      },
      acceptedBetween: (from, to) => accepted.filter(({ at }) => at >= from && at < to).flatMap(({ ids }) => ids),
    };
  }

  /**
   * From acceptance to submission, ms, of these messages: waits until all of them are submitted, for `patienceMs` at most. What is not
   * by then counts as infinitely long.
   */
  async otpLatency(ids: readonly string[], patienceMs: number): Promise<{ count: number; p50: number; p99: number }> {
    const until = performance.now() + patienceMs;
    let waits: number[] = [];
    for (;;) {
      waits = [];
      for (let from = 0; from < ids.length; from += CHUNK)
        waits.push(...(await this.waits(ids.slice(from, from + CHUNK))));
      waits.sort((a, b) => a - b);
      if (waits.length >= ids.length || performance.now() > until) break;
      await pause(LOOK_MS);
    }
    const at = (share: number) => waits[Math.ceil(ids.length * share) - 1] ?? Number.POSITIVE_INFINITY;
    return { count: ids.length, p50: at(0.5), p99: at(0.99) };
  }

  async close(): Promise<void> {
    if (this.connected) await this.producer.disconnect();
    await this.clickhouse.close();
  }

  private async send(lane: Lane, count: number): Promise<string[]> {
    if (!this.connected) await this.producer.connect();
    this.connected = true;
    const { encode } = this;
    if (encode === undefined) throw new Error("the installation is not set up");
    const ids = Array.from({ length: count }, () => newMessageId());
    const messages = ids.map((id) => {
      const to = `49151${randomInt(10_000_000, 99_999_999)}`;
      return { key: to, value: encode(id, to) };
    });
    await this.producer.send({ topic: `sms.requests.${lane}`, messages });
    return ids;
  }

  private async waits(ids: readonly string[]): Promise<number[]> {
    const rows = await this.query<{ ms: string }>(
      `SELECT min(dateDiff('millisecond', accepted_at, submitted_at)) AS ms FROM events WHERE type = 'submitted'
       AND lane = 'otp' AND message_id IN (${ids.map((id) => `'${id}'`).join(",")}) GROUP BY message_id`,
    );
    return rows.map(({ ms }) => Number(ms));
  }

  private async query<Row>(sql: string): Promise<Row[]> {
    const result = await this.clickhouse.query({ query: sql, format: "JSONEachRow" });
    return result.json<Row>();
  }
}
