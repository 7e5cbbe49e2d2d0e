import { randomUUID } from "node:crypto";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { newMessageId } from "../../domain/message/message-id.ts";
import type { Installation } from "./installation.ts";

export type Lane = "otp" | "transactional" | "marketing";
const LANES: readonly Lane[] = ["otp", "transactional", "marketing"];

export interface TrafficOptions {
  /** Messages a second. */
  readonly rate: number;
  /** Share that goes in over HTTP; the rest is produced to Kafka. */
  readonly httpShare: number;
  /** Destinations that get everything, in turn; by default each message has its own. */
  readonly destinations?: readonly string[];
  readonly lanes?: readonly Lane[];
  /** The text of message number n, from 0. */
  readonly text?: (n: number) => string;
  /** Requests without an acceptance are sent again under their idempotency key until they are accepted, as a careful client does. */
  readonly repeat?: boolean;
  /** Where instances of ingest may be; a client goes on to the next where nobody listens. Default: the first instance only. */
  readonly ingestUrls?: readonly string[];
}

interface Message {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly lane: Lane;
}

const SLICE_MS = 100;
const HTTP_TIMEOUT_MS = 15_000;
/** Pause before a request is sent again; it doubles each time, up to the longest. */
const REPEAT_AFTER_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** A request that is not accepted for so long is given up. */
const REPEAT_FOR_MS = 120_000;

/** Messages that come in steadily, whatever happens to the services; and what was promised for them. */
export class Traffic {
  /** Ids of messages that Kafka or ingest has accepted. */
  readonly accepted = new Set<string>();
  /** Messages that ingest refused, or gave no answer to: they may exist or not. */
  unanswered = 0;
  /** HTTP statuses of the unanswered, and errors. */
  readonly failures: Record<string, number> = {};
  /** Messages in requests that were sent again. */
  repeated = 0;
  /** The same in requests, by HTTP status or error code. */
  readonly repeats: Record<string, number> = {};
  /** How long messages have been coming, seconds. */
  seconds = 0;
  private readonly installation: Installation;
  private readonly options: TrafficOptions;
  private readonly producer: Producer;
  private readonly registry: SchemaRegistry;
  private schemaId = 0;
  private running: Promise<void> | undefined;
  private ending = false;
  private count = 0;
  private turn = 0;
  /** Fresh numbers of this run: 8 digits behind 49151. */
  private next = Math.floor(Math.random() * 4e7) + 1e7;

  constructor(installation: Installation, options: TrafficOptions) {
    this.installation = installation;
    this.options = options;
    const { brokers, registryUrl } = installation.infra;
    this.producer = new Kafka({ clientId: "upstream", brokers, logLevel: logLevel.NOTHING }).producer();
    this.registry = new SchemaRegistry({ host: registryUrl });
  }

  async start(): Promise<void> {
    await this.producer.connect();
    this.schemaId = await this.registry.getLatestSchemaId("sluice.SendRequest");
    this.running = this.flow();
  }

  /** Resolves when the last message is answered. */
  async stop(): Promise<void> {
    this.ending = true;
    await this.running;
    await this.producer.disconnect();
  }

  private async flow(): Promise<void> {
    const { rate, httpShare } = this.options;
    const began = performance.now();
    const posts = new Set<Promise<void>>();
    let sent = 0;
    let overHttp = 0;
    while (!this.ending) {
      await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
      const due = Math.floor(((performance.now() - began) / 1_000) * rate) - sent;
      if (due <= 0) continue;
      sent += due;
      const slice = Array.from({ length: due }, () => this.message());
      if (overHttp < sent * httpShare) {
        overHttp += due;
        const post = this.post(slice).finally(() => posts.delete(post));
        posts.add(post);
      } else await this.produce(slice);
    }
    this.seconds = (performance.now() - began) / 1_000;
    await Promise.all(posts);
  }

  private message(): Message {
    const { destinations, lanes = LANES, text } = this.options;
    const n = this.count++;
    return {
      from: "Acme", // some providers have no sender of their own
      to: destinations?.[n % destinations.length] ?? `49151${this.next++}`,
      text: text?.(n) ?? `Your message ${n}`,
      lane: lanes[n % lanes.length]!,
    };
  }

  private async produce(messages: readonly Message[]): Promise<void> {
    const made = await Promise.all(
      messages.map(async ({ from, to, text, lane }) => {
        const messageId = newMessageId();
        const value = await this.registry.encode(this.schemaId, {
          messageId,
          accountId: "acme",
          from,
          to,
          text,
          metadata: {},
        });
        return { lane, messageId, record: { key: to, value } };
      }),
    );
    await this.producer.sendBatch({
      topicMessages: [...Map.groupBy(made, ({ lane }) => lane)].map(([lane, group]) => ({
        topic: `sms.requests.${lane}`,
        messages: group.map(({ record }) => record),
      })),
    });
    for (const { messageId } of made) this.accepted.add(messageId);
  }

  private async post(messages: readonly Message[]): Promise<void> {
    const key = randomUUID();
    const ends = performance.now() + (this.options.repeat ? REPEAT_FOR_MS : 0);
    for (let pause = REPEAT_AFTER_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const failure = await this.postOnce(messages, key);
      if (failure === undefined) return;
      if (performance.now() >= ends) {
        this.failed(failure, messages.length);
        return;
      }
      this.repeated += messages.length;
      this.repeats[failure] = (this.repeats[failure] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** Undefined when the messages were accepted, else what came instead of an acceptance. */
  private async postOnce(messages: readonly Message[], key: string): Promise<string | undefined> {
    const { ingestUrls = [this.installation.ingestUrl] } = this.options;
    let failure = "";
    for (let tries = 0; tries < ingestUrls.length; tries++) {
      const url = ingestUrls[this.turn++ % ingestUrls.length]!;
      try {
        const response = await fetch(`${url}/v1/messages/batch`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            authorization: "Bearer acme-demo-key",
            "idempotency-key": key,
          },
          body: JSON.stringify({ messages }),
          signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
        });
        const body = (await response.json()) as { messages?: { id?: string }[] };
        if (response.status !== 202) return String(response.status);
        for (const { id } of body.messages ?? []) if (id !== undefined) this.accepted.add(id);
        return undefined;
      } catch (error) {
        const { cause, name } = error as { cause?: { code?: string }; name: string };
        failure = cause?.code ?? name;
        // Only where nobody listens has nobody heard it.
        if (failure !== "ECONNREFUSED") return failure;
      }
    }
    return failure;
  }

  private failed(why: string, count: number): void {
    this.unanswered += count;
    this.failures[why] = (this.failures[why] ?? 0) + count;
  }
}
