import { setInterval as every } from "node:timers/promises";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { newMessageId } from "../../domain/message/message-id.ts";
import type { Random } from "../../infra/simulators/behaviour/random-source.ts";
import { requestTopic } from "../../schemas/topics.ts";
import type { Installation } from "./installation.ts";

/** Numbers that their provider never takes: the messages wait in the retry tiers until they expire. */
export const REFUSED_PREFIX = "354611";
/** Numbers whose receipts get lost: the messages end at the receipt deadline. */
export const UNHEARD_PREFIX = "354612";

/** The shortest validity that a request may have. */
const VALIDITY_SECONDS = 30;

/** A steady flow of messages whose fate is decided by time alone. */
export class TimedMessages {
  /** Ids of messages that Kafka has. */
  readonly accepted = new Set<string>();
  private readonly installation: Installation;
  private readonly random: Random;
  private readonly producer: Producer;
  private readonly abort = new AbortController();
  private running: Promise<void> | undefined;
  private count = 0;

  constructor(installation: Installation, random: Random) {
    this.installation = installation;
    this.random = random;
    const { brokers } = installation.infra;
    this.producer = new Kafka({ clientId: "timed", brokers, logLevel: logLevel.NOTHING }).producer();
  }

  /** `perTick` of each kind, five times a second; those to be refused expire within `expireMs` (least, most) of now. */
  async start(perTick: number, expireMs: readonly [number, number]): Promise<void> {
    await this.producer.connect();
    this.running = (async () => {
      try {
        for await (const _ of every(200, undefined, { signal: this.abort.signal })) await this.send(perTick, expireMs);
      } catch (error) {
        if (!this.abort.signal.aborted) throw error;
      }
    })();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
    await this.producer.disconnect();
  }

  private async send(perTick: number, [least, most]: readonly [number, number]): Promise<void> {
    const messages = Array.from({ length: perTick * 2 }, (_, i) => {
      const refused = i % 2 === 0;
      const messageId = newMessageId();
      const to = `${refused ? REFUSED_PREFIX : UNHEARD_PREFIX}${String(this.count++).padStart(4, "0")}`;
      const expiresIn = least + this.random() * (most - least);
      const value = this.installation.codecs.request.encode({
        messageId,
        accountId: "acme",
        from: "Acme",
        to,
        text: "On time",
        validitySeconds: refused ? VALIDITY_SECONDS : null,
        reference: null,
        callbackUrl: null,
        transliterate: false,
        sendAt: null,
        receiptTo: null,
        metadata: {},
        acceptedAt: refused ? Math.floor(Date.now() + expiresIn) - VALIDITY_SECONDS * 1_000 : null,
      });
      return { messageId, record: { key: to, value } };
    });
    await this.producer.send({ topic: requestTopic("transactional"), messages: messages.map(({ record }) => record) });
    for (const { messageId } of messages) this.accepted.add(messageId);
  }
}
