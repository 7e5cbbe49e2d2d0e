import type { Producer } from "kafkajs";
import { someCause } from "../errors/some-cause.ts";
import { type KafkaConnection, kafkaClient } from "./connection.ts";
import { ProducerClosedError } from "./producer-errors.ts";
import { within } from "./within.ts";

/** The part of a KafkaJS producer that is used here. */
export type ProducerClient = Pick<Producer, "connect" | "disconnect" | "sendBatch">;

interface Connected {
  readonly client: ProducerClient;
  sends: number;
  retired: boolean;
}

/** Our own limit on one whole `send`; above REQUEST_TIMEOUT_MS (12 s), which is above the broker's produce time-out (10 s). */
const SEND_DEADLINE_MS = 14_000;
const CONNECT_DEADLINE_MS = 4_000;
/** A client that is told of no leader is replaced so long after it was made, ms: the broker that tells it may be cut off from the others. */
const REPLACE_AFTER_MS = 60_000;

/** A KafkaJS producer without what makes it lose records: idempotence and its own retries. `turn`: which seed broker comes first. */
export function kafkaJsProducer(connection: KafkaConnection, turn: number): Producer {
  return kafkaClient(connection, 0, turn).producer({
    allowAutoTopicCreation: false,
    idempotent: false,
    retry: { retries: 0 },
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
  });
}

/**
 * The KafkaJS producer in use, and its replacement. KafkaJS keeps its stale metadata after a time-out, so a frozen broker
 * would be asked again and again: after a time-out the next send gets a new client, and the old one is closed when its last send has ended.
 * The producer asks for a new one as well when a partition goes on failing; where it does for want of a leader, the old one serves the others meanwhile.
 */
export class ProducerConnections {
  private readonly make: (turn: number) => ProducerClient;
  private current: Connected | undefined;
  private connecting: Promise<Connected> | undefined;
  private turn = 0;
  private closed = false;
  /** When the last client was made, monotonic ms. */
  private madeAt = 0;

  constructor(make: (turn: number) => ProducerClient) {
    this.make = make;
  }

  /** Connects unless that is done. Throws what KafkaJS throws, or after 4 s: a frozen broker takes connections and is silent. */
  get(): Promise<Connected> {
    if (this.current !== undefined) return Promise.resolve(this.current);
    this.connecting ??= this.open().finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  /** Runs one send, for 14 s at the most. When it throws, its outcome is unknown. */
  async use<T>(send: (client: ProducerClient) => Promise<T>): Promise<T> {
    const used = await this.get();
    used.sends++;
    try {
      return await within(send(used.client), SEND_DEADLINE_MS);
    } catch (error) {
      if (isTimeout(error)) this.retire(used);
      throw error;
    } finally {
      used.sends--;
      closeWhenIdle(used);
    }
  }

  /** The next send gets a new client: whatever this one has come to believe of the brokers, it does not get out of it by itself. */
  renew(): void {
    if (this.current !== undefined) this.retire(this.current);
  }

  /** Makes another client, at most once a minute, and goes over to it when it has connected: it may begin with a seed that is dead. */
  replace(): void {
    if (this.current === undefined || performance.now() - this.madeAt < REPLACE_AFTER_MS) return;
    void this.open().catch(() => {});
  }

  private retire(used: Connected): void {
    used.retired = true;
    if (this.current === used) this.current = undefined;
    closeWhenIdle(used);
  }

  async close(): Promise<void> {
    this.closed = true;
    const { current } = this;
    this.current = undefined;
    await current?.client.disconnect().catch(() => {});
  }

  private async open(): Promise<Connected> {
    this.madeAt = performance.now();
    const client = this.make(this.turn++);
    try {
      await within(client.connect(), CONNECT_DEADLINE_MS);
      if (this.closed) throw new ProducerClosedError();
    } catch (error) {
      void client.disconnect().catch(() => {});
      throw error;
    }
    const before = this.current;
    this.current = { client, sends: 0, retired: false };
    if (before !== undefined) this.retire(before);
    return this.current;
  }
}

function closeWhenIdle({ client, retired, sends }: Connected): void {
  if (retired && sends === 0) void client.disconnect().catch(() => {});
}

function isTimeout(error: unknown): boolean {
  return someCause(
    error,
    ({ name }) => name === "DeadlineError" || name === "KafkaJSRequestTimeoutError" || name === "KafkaJSLockTimeout",
  );
}
