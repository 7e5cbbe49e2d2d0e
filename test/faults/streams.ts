import { Kafka, logLevel, type Message, type Producer } from "kafkajs";
import { newMessageId } from "../../domain/message/message-id.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { requestTopic } from "../../schemas/topics.ts";
import { type Installation, PARTITIONS } from "./installation.ts";
import type { Lane } from "./traffic.ts";

/** Messages of one kind. */
export interface Stream {
  /** What it is called in the figures; stands in the messages' metadata. */
  readonly name: string;
  readonly account: string;
  readonly lane: Lane;
  /** Sender id; routes are chosen by it. */
  readonly from: string;
  /** Messages a second. */
  readonly rate: number;
  /** First digits of the destinations, filled up to `digits` with fresh ones; a whole number: all go there. */
  readonly prefix?: string;
  readonly digits?: number;
  /** Only destinations of this partition. */
  readonly partition?: number;
}

const SLICE_MS = 50;
const MAX_BATCH = 1_000;

/** An upstream system that produces streams of requests steadily, and floods beside them. */
export class Upstream {
  private readonly installation: Installation;
  private readonly producer: Producer;
  private next = Math.floor(Math.random() * 4e6) + 1e6;
  private steady: Promise<void> | undefined;
  private ending = false;

  constructor(installation: Installation) {
    this.installation = installation;
    const { brokers } = installation.infra;
    this.producer = new Kafka({ clientId: "upstream", brokers, logLevel: logLevel.NOTHING }).producer();
  }

  connect(): Promise<void> {
    return this.producer.connect();
  }

  /** Keeps these streams going until `stop`. */
  start(streams: readonly Stream[]): void {
    this.steady = this.flow(streams, Number.POSITIVE_INFINITY);
  }

  async stop(): Promise<void> {
    this.ending = true;
    await this.steady;
    await this.producer.disconnect();
  }

  /** A stream for `ms`. */
  async during(stream: Stream, ms: number): Promise<void> {
    await this.flow([stream], ms);
  }

  /** So many messages of a stream as fast as Kafka takes them. */
  async flood(stream: Stream, count: number): Promise<void> {
    for (let left = count; left > 0; left -= MAX_BATCH) await this.produce(stream, Math.min(left, MAX_BATCH));
  }

  /** Produces a value as it is into one partition of a lane's requests. */
  async raw(lane: Lane, partition: number, value: Buffer): Promise<void> {
    await this.producer.send({ topic: requestTopic(lane), messages: [{ partition, key: "0", value }] });
  }

  private async flow(streams: readonly Stream[], ms: number): Promise<void> {
    const began = performance.now();
    const sent = streams.map(() => 0);
    while (!this.ending && performance.now() - began < ms) {
      await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
      const seconds = (performance.now() - began) / 1_000;
      await Promise.all(
        streams.map(async (stream, i) => {
          const due = Math.floor(seconds * stream.rate) - sent[i]!;
          sent[i]! += due;
          if (due > 0) await this.produce(stream, due);
        }),
      );
    }
  }

  private async produce(stream: Stream, count: number): Promise<void> {
    const messages = Array.from({ length: count }, () => this.message(stream));
    await this.producer.send({ topic: requestTopic(stream.lane), messages });
  }

  private message(stream: Stream): Message {
    const to = this.destination(stream);
    const value = this.installation.codecs.request.encode({
      messageId: newMessageId(),
      accountId: stream.account,
      to,
      from: stream.from,
      text: "Fair is fair",
      validitySeconds: null,
      reference: null,
      callbackUrl: null,
      transliterate: false,
      sendAt: null,
      receiptTo: null,
      metadata: { stream: stream.name },
      acceptedAt: null,
    });
    return { key: to, value };
  }

  private destination({ prefix = "49151", digits = 13, partition }: Stream): string {
    for (;;) {
      const fresh = String(this.next++).padStart(digits, "0");
      const to = prefix.length >= digits ? prefix : `${prefix}${fresh.slice(prefix.length - digits)}`;
      if (partition === undefined || partitionFor(to, PARTITIONS) === partition) return to;
    }
  }
}
