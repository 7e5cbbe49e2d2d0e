/**
 * The load of the benchmark, a process of its own: half through the HTTP batch interface, half straight to Kafka.
 * The parent says over the IPC channel how many messages may have been started in all, which closes the loop; this
 * process says how many were accepted.
 */
import { randomUUID } from "node:crypto";
import { Agent, request } from "undici";
import { newMessageId } from "../../domain/message/message-id.ts";
import { demoMessages } from "../../infra/demo/demo-messages.ts";
import { connectCodecs } from "../../pipeline/records/codecs.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { requestTopic } from "../../schemas/topics.ts";

/** From the parent. */
export interface LoadPlan {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly ingestUrl: string;
  readonly partitions: number;
  readonly run: string;
  /** Share of the messages that goes through HTTP. */
  readonly httpShare: number;
}
export type ToLoad = { readonly plan: LoadPlan } | { readonly limit: number } | { readonly stop: true };
export type FromLoad = { readonly ready: true } | { readonly accepted: number } | { readonly done: number };

/** Texts and destinations that are used again and again, with new ids. */
const POOL = 20_000;
const CHUNK = 200;
const KAFKA_STREAMS = 4;
const HTTP_CLIENTS = 4;
const REPORT_MS = 20;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

class Load {
  private readonly plan: LoadPlan;
  private readonly pool = [...demoMessages(17, POOL)];
  private readonly producer: RecordProducer;
  private readonly agent = new Agent({ connections: HTTP_CLIENTS, pipelining: 1 });
  private limit = 0;
  private started = 0;
  private startedByHttp = 0;
  private accepted = 0;
  private stopped = false;
  private waiting: (() => void)[] = [];

  constructor(plan: LoadPlan) {
    this.plan = plan;
    const connection = { brokers: plan.brokers, clientId: "sluice-bench-load", log: quiet };
    this.producer = new RecordProducer({ connection });
  }

  async run(): Promise<void> {
    const codecs = await connectCodecs(this.plan.registryUrl);
    await this.producer.connect();
    const report = setInterval(() => send({ accepted: this.accepted }), REPORT_MS);
    send({ ready: true });
    const kafka = Array.from({ length: KAFKA_STREAMS }, () => this.stream(false, (at) => this.toKafka(codecs, at)));
    const http = Array.from({ length: HTTP_CLIENTS }, () => this.stream(true, (at) => this.toHttp(at)));
    await Promise.all([...kafka, ...http]);
    clearInterval(report);
    send({ done: this.accepted });
    await Promise.all([this.producer.close(), this.agent.close()]);
  }

  raise(limit: number): void {
    this.limit = limit;
    this.wake();
  }

  stop(): void {
    this.stopped = true;
    this.wake();
  }

  /** Hands over chunk after chunk while the limit allows it and its side is not ahead of its share. */
  private async stream(http: boolean, hand: (at: number) => Promise<void>): Promise<void> {
    const { httpShare } = this.plan;
    if (http ? httpShare <= 0 : httpShare >= 1) return;
    while (!this.stopped) {
      const ahead = this.startedByHttp > this.started * httpShare;
      if (this.started + CHUNK > this.limit || (this.started > 0 && http === ahead && httpShare > 0 && httpShare < 1)) {
        await new Promise<void>((resolve) => this.waiting.push(resolve));
        continue;
      }
      const at = this.started;
      this.started += CHUNK;
      if (http) this.startedByHttp += CHUNK;
      this.wake();
      await hand(at);
      this.accepted += CHUNK;
    }
  }

  private async toKafka(codecs: Awaited<ReturnType<typeof connectCodecs>>, at: number): Promise<void> {
    const metadata = { run: this.plan.run };
    const records: OutRecord[] = [];
    for (let n = 0; n < CHUNK; n++) {
      const { to, from, text, lane } = this.pool[(at + n) % POOL]!;
      const id = newMessageId();
      const key = to.slice(1);
      const fields = {
        validitySeconds: null,
        reference: null,
        callbackUrl: null,
        transliterate: false,
        sendAt: null,
        receiptTo: null,
        acceptedAt: null,
      };
      const value = codecs.request.encode({ messageId: id, accountId: "bench", to, from, text, metadata, ...fields });
      records.push({ topic: requestTopic(lane), partition: partitionFor(key, this.plan.partitions), key, value });
    }
    await this.producer.send(records);
  }

  private async toHttp(at: number): Promise<void> {
    const metadata = { run: this.plan.run };
    const messages = Array.from({ length: CHUNK }, (_, n) => {
      const { to, from, text, lane } = this.pool[(at + n) % POOL]!;
      return { to, from, text, lane, metadata };
    });
    const { statusCode, body } = await request(`${this.plan.ingestUrl}/v1/messages/batch`, {
      method: "POST",
      dispatcher: this.agent,
      headers: {
        authorization: "Bearer bench-demo-key",
        "content-type": "application/json",
        // The request is one that may be repeated.
        "idempotency-key": randomUUID(),
      },
      body: JSON.stringify({ messages }),
    });
    const text = await body.text();
    if (statusCode !== 202) throw new Error(`ingest answers ${statusCode}: ${text.slice(0, 300)}`);
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function send(message: FromLoad): void {
  process.send?.(message);
}

let load: Load | undefined;
process.on("message", (message: ToLoad) => {
  if ("plan" in message) {
    load = new Load(message.plan);
    load.run().then(
      () => process.disconnect(),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  } else if ("limit" in message) load?.raise(message.limit);
  else load?.stop();
});
process.on("disconnect", () => process.exit(0));
