/**
 * The producer that cannot lose what it acknowledged. KafkaJS 2.2.4 resolves sends that no broker stored
 * (tulios/kafkajs#1798, #1005), so it is used here without idempotence and without its own retries, and a record
 * counts only when the response names its partition; the rest is repeated by us, always from the oldest
 * unacknowledged record. Repeats are possible and are dropped by readers (source positions, id rings).
 * docs/decisions/0002-producer.md has the rules and what was measured; test/invariants/acknowledged-is-kept.test.ts holds them.
 */
import type { TopicMessages } from "kafkajs";
import { BrokerClock } from "./broker-clock.ts";
import type { KafkaConnection } from "./connection.ts";
import { kafkaJsProducer, type ProducerClient, ProducerConnections } from "./producer-connection.ts";
import { FencedError, ProducerClosedError, ProducerFullError, RecordTooLargeError } from "./producer-errors.ts";
import { type PendingSend, ProducerQueue, type QueuedRecord } from "./producer-queue.ts";
import { isForWantOfLeader, ProducerStanding } from "./producer-standing.ts";
import { type Fence, type OutRecord, seldom } from "./record.ts";

export type { ProducerClient } from "./producer-connection.ts";
export { FencedError, ProducerClosedError, ProducerFullError, RecordTooLargeError } from "./producer-errors.ts";

export interface ProducerOptions {
  readonly connection: KafkaConnection;
  /** Shortest time between two requests while few records wait, ms; batches grow with it. Default 5. */
  readonly lingerMs?: number;
  /** Upper bound of what may wait, bytes. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** Largest record, bytes of key, value and headers. Default 700,000. */
  readonly maxRecordBytes?: number;
  /** Makes the KafkaJS producer of the n-th connection; tests put a scripted one here. */
  readonly client?: (turn: number) => ProducerClient;
  /** Default: a clock of its own. */
  readonly clock?: BrokerClock;
  /** Topics that allow larger records (their `max.message.bytes`), bytes. */
  readonly largeTopics?: Readonly<Record<string, number>>;
}

const BROKER_TIMEOUT_MS = 10_000;
const MAX_SHARED_SENDS = 2;
const MAX_LONE_SENDS = 16;
/** A partition that has failed so often in a row, for whatever but the want of a leader, gets a new client, and so on. */
const RENEW_AFTER_FAILURES = 5;
/** A partition that has failed so often in a row did so alone, at least once. */
const ALONE_AFTER_FAILURES = 2;
/** With something confirmed so lately it is not Kafka as a whole that stands still, ms. */
const CONFIRMED_MS = 3_000;
/** A write that is without an answer for so long may keep others waiting that stand in other partitions, ms. */
const SLOW_MS = 300;
/** With this many records waiting, lingering gains nothing more. */
const EAGER_RECORDS = 1_000;
const REQUEST_BYTES = 8_000_000;
const RECORD_OVERHEAD_BYTES = 40;

interface Slice {
  readonly queue: ProducerQueue;
  readonly run: QueuedRecord[];
}

export class RecordProducer {
  /** The brokers' time, told by the append times of what is acknowledged here. */
  readonly clock: BrokerClock;
  private readonly options: Required<ProducerOptions>;
  private readonly queues = new Map<string, Map<number, ProducerQueue>>();
  private readonly waiting = new Set<ProducerQueue>();
  private queuedRecords = 0;
  private queuedBytes = 0;
  private sharedSends = 0;
  private loneSends = 0;
  private readonly connections: ProducerConnections;
  private timer: NodeJS.Timeout | undefined;
  private timerDue = 0;
  private lastSendAt = 0;
  private closed = false;
  private idle: (() => void)[] = [];
  /** Counters for metrics: records acknowledged, requests, records sent again. */
  readonly counters = { acknowledged: 0, requests: 0, repeated: 0, failures: 0 };
  /** Told of the records of each request. */
  onRequest: (records: number) => void = () => {};
  /** Monotonic time of the last acknowledgement, ms; 0 before the first. */
  lastAcknowledgedAt = 0;
  /** Why the last send failed; undefined when the last one was confirmed. */
  lastFailure: string | undefined;
  private readonly standing = new ProducerStanding();
  /** Requests on their way, by the monotonic time at which they began, oldest first. */
  private readonly flying = new Map<object, number>();

  constructor(options: ProducerOptions) {
    this.options = {
      lingerMs: 5,
      maxQueuedBytes: 64 << 20,
      maxRecordBytes: 700_000,
      largeTopics: {},
      client: (turn) => kafkaJsProducer(options.connection, turn),
      clock: new BrokerClock(),
      ...options,
    };
    this.clock = this.options.clock;
    this.connections = new ProducerConnections(this.options.client);
  }

  /** Connects, so that the first send need not. Throws what KafkaJS throws when no broker answers within 4 s. */
  async connect(): Promise<void> {
    await this.connections.get();
  }

  /** True while no more than the allowed bytes wait: callers that can refuse work ask before they take it. */
  get hasRoom(): boolean {
    return this.queuedBytes < this.options.maxQueuedBytes;
  }

  /** Monotonic time since which sends have been failing, ms; 0 while all is well. A partition without a leader counts only when no other is known to be better. */
  get failingSince(): number {
    return this.standing.failingSince;
  }

  /**
   * Monotonic time since which nothing has been confirmed of what is being written, ms: writes fail, or the oldest one is
   * without an answer (a frozen broker answers nothing for long before anything fails). 0 while nothing is written, and
   * while only partitions without a leader fail beside others.
   */
  get unconfirmedSince(): number {
    const [oldest = 0] = this.flying.values();
    const { failingSince } = this;
    if (failingSince === 0 || oldest === 0) return failingSince || oldest;
    return Math.min(failingSince, oldest);
  }

  /** Whether any write has failed and not been confirmed since. */
  get hasFailing(): boolean {
    return this.standing.hasFailing;
  }

  /** Whether records of one partition may have to wait while others are stored: a write fails, or is without an answer for long. */
  get isUneven(): boolean {
    if (this.standing.hasFailing) return true;
    const [oldest] = this.flying.values();
    return oldest !== undefined && performance.now() - oldest > SLOW_MS;
  }

  /** Whether what waits for a partition cannot be stored while other partitions' records can: it fails alone, and has no leader or others are confirmed. */
  isHeldUp(topic: string, partition: number): boolean {
    const queue = this.queues.get(topic)?.get(partition);
    if (queue === undefined || queue.length === 0 || queue.failures < ALONE_AFTER_FAILURES) return false;
    return this.standing.leaderlessSince(queue) > 0 || performance.now() - this.lastAcknowledgedAt < CONFIRMED_MS;
  }

  /** Monotonic time since which nothing has been confirmed of what waits for a partition that was found without a leader, ms; 0 where none was, or nothing waits. */
  leaderlessSince(topic: string, partition: number): number {
    const queue = this.queues.get(topic)?.get(partition);
    return queue === undefined ? 0 : this.standing.leaderlessSince(queue);
  }

  get queued(): { records: number; bytes: number } {
    return { records: this.queuedRecords, bytes: this.queuedBytes };
  }

  /**
   * Queues records; resolves when every one of them is stored by all in-sync replicas. Retries without end while the
   * fence stands. Rejects with FencedError, RecordTooLargeError (nothing was queued) or ProducerClosedError; after a
   * rejection part of the records may have been stored.
   */
  send(records: readonly OutRecord[], fence?: Fence): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new ProducerClosedError());
      for (const record of records) {
        const bytes = sizeOf(record);
        const limit = this.options.largeTopics[record.topic] ?? this.options.maxRecordBytes;
        if (bytes > limit) return reject(new RecordTooLargeError(record.topic, bytes, limit));
      }
      const send: PendingSend = { remaining: records.length, fence, resolve, reject };
      for (const record of records) {
        const queue = this.queueOf(record.topic, record.partition);
        const bytes = sizeOf(record);
        queue.push({ record, bytes, send });
        this.waiting.add(queue);
        this.queuedBytes += bytes;
      }
      this.queuedRecords += records.length;
      this.schedule();
    });
  }

  /** Like `send`, but refuses at once with ProducerFullError while too much is waiting. */
  trySend(records: readonly OutRecord[]): Promise<void> {
    return this.hasRoom ? this.send(records) : Promise.reject(new ProducerFullError(this.queuedBytes));
  }

  /** Resolves when nothing is waiting or in flight. */
  flush(): Promise<void> {
    if (this.queuedRecords === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  /** Waits up to `deadlineMs` for what is queued, then disconnects; what is left is rejected. */
  async close(deadlineMs = 5_000): Promise<void> {
    await Promise.race([this.flush(), delay(deadlineMs)]);
    this.closed = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    for (const byPartition of this.queues.values())
      for (const queue of byPartition.values()) queue.drain((item) => item.send.reject(new ProducerClosedError()));
    await Promise.race([this.connections.close(), delay(2_000)]);
  }

  private queueOf(topic: string, partition: number): ProducerQueue {
    let byPartition = this.queues.get(topic);
    if (byPartition === undefined) {
      byPartition = new Map();
      this.queues.set(topic, byPartition);
    }
    let queue = byPartition.get(partition);
    if (queue === undefined) {
      queue = new ProducerQueue(topic, partition);
      byPartition.set(partition, queue);
    }
    return queue;
  }

  private schedule(afterMs?: number): void {
    if (this.closed) return;
    const now = performance.now();
    const linger = this.queuedRecords >= EAGER_RECORDS ? 0 : this.options.lingerMs - (now - this.lastSendAt);
    const wait = Math.max(afterMs ?? 0, linger, 0);
    if (this.timer !== undefined) {
      if (this.timerDue <= now + wait) return;
      clearTimeout(this.timer);
    }
    this.timerDue = now + wait;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.pump();
    }, wait);
  }

  /** Starts as many requests as may run: one for all partitions in good standing, one for each that failed last. */
  private pump(): void {
    const now = performance.now();
    let soonest = Number.POSITIVE_INFINITY;
    const shared: Slice[] = [];
    let bytes = 0;
    for (const queue of this.waiting) {
      if (queue.inFlight > 0) continue;
      if (queue.notBefore > now) {
        soonest = Math.min(soonest, queue.notBefore - now);
        continue;
      }
      if (queue.alone ? this.loneSends >= MAX_LONE_SENDS : this.sharedSends >= MAX_SHARED_SENDS) continue;
      if (!queue.alone && bytes >= REQUEST_BYTES) continue;
      const run = queue.slice((item) => this.dropFenced(item));
      if (queue.length === 0) this.waiting.delete(queue);
      if (run.length === 0) continue;
      queue.inFlight = run.length;
      if (queue.alone) {
        this.loneSends++;
        void this.transmit([{ queue, run }], true);
      } else {
        for (const item of run) bytes += item.bytes;
        shared.push({ queue, run });
      }
    }
    if (shared.length > 0) {
      this.sharedSends++;
      this.lastSendAt = now;
      // Served partitions go to the end, so that under a full request the others come first the next time.
      for (const { queue } of shared) {
        this.waiting.delete(queue);
        this.waiting.add(queue);
      }
      void this.transmit(shared, false);
    }
    if (soonest !== Number.POSITIVE_INFINITY) this.schedule(soonest);
    this.settleIdle();
  }

  private async transmit(slices: Slice[], lone: boolean): Promise<void> {
    this.counters.requests++;
    this.onRequest(slices.reduce((sum, { run }) => sum + run.length, 0));
    const flight = {};
    const began = performance.now();
    this.flying.set(flight, began);
    const stored = new Set<ProducerQueue>();
    let failure: unknown;
    try {
      let sentAt = 0;
      const answer = await this.connections.use((client) => {
        sentAt = performance.now();
        return client.sendBatch({ acks: -1, timeout: BROKER_TIMEOUT_MS, topicMessages: topicMessages(slices) });
      });
      const ackedAt = performance.now();
      for (const named of answer) {
        if (named.errorCode !== 0) continue;
        const appendedAt = Number(named.logAppendTime);
        // Absent or negative where a topic keeps its writers' times.
        if (appendedAt > 0) this.clock.sample(appendedAt, sentAt, ackedAt);
        const queue = this.queues.get(named.topicName)?.get(named.partition);
        if (queue !== undefined) stored.add(queue);
      }
    } catch (error) {
      failure = error;
    }
    this.flying.delete(flight);
    this.settle(slices, stored, began, failure);
    if (lone) this.loneSends--;
    else this.sharedSends--;
    this.schedule();
  }

  /** `began`: the request, monotonic, ms. */
  private settle(slices: Slice[], stored: Set<ProducerQueue>, began: number, failure: unknown): void {
    // Everything was rejected when the producer was closed.
    if (this.closed) return;
    const now = performance.now();
    // Of several partitions that fail together nobody knows which one it was; each goes alone from now on.
    const leaderless = slices.length === 1 && isForWantOfLeader(failure);
    for (const { queue, run } of slices) {
      queue.inFlight = 0;
      if (stored.has(queue)) {
        this.counters.acknowledged += run.length;
        this.lastAcknowledgedAt = now;
        this.standing.stored(queue);
        this.lastFailure = undefined;
        queue.alone = false;
        queue.failures = 0;
        queue.acknowledge(run.length, (item) => {
          this.queuedRecords--;
          this.queuedBytes -= item.bytes;
          if (--item.send.remaining === 0) item.send.resolve();
        });
      } else {
        this.counters.failures++;
        this.counters.repeated += run.length;
        this.standing.failed(queue, began, this.lastAcknowledgedAt, leaderless);
        this.lastFailure = describe(failure);
        queue.alone = true;
        queue.failures++;
        // All partitions share the client, and it is not the client that lacks a leader.
        if (leaderless) this.connections.replace();
        else if (queue.failures % RENEW_AFTER_FAILURES === 0) this.connections.renew();
        queue.notBefore = now + Math.min(100 * 2 ** Math.min(queue.failures - 1, 4), 1_000);
        seldom(this.options.connection.log, "unconfirmed").warn(
          {
            topic: queue.topic,
            partition: queue.partition,
            records: run.length,
            failures: queue.failures,
            cause: this.lastFailure,
          },
          "waiting for kafka: a write was not confirmed; sending it again",
        );
      }
      if (queue.length > 0) this.waiting.add(queue);
      else this.waiting.delete(queue);
    }
  }

  private dropFenced(item: QueuedRecord): void {
    this.queuedRecords--;
    this.queuedBytes -= item.bytes;
    item.send.reject(new FencedError());
  }

  private settleIdle(): void {
    if (this.queuedRecords > 0) return;
    const idle = this.idle;
    this.idle = [];
    for (const resolve of idle) resolve();
  }
}

function topicMessages(slices: Slice[]): TopicMessages[] {
  const byTopic = new Map<string, TopicMessages>();
  for (const { queue, run } of slices) {
    let entry = byTopic.get(queue.topic);
    if (entry === undefined) {
      entry = { topic: queue.topic, messages: [] };
      byTopic.set(queue.topic, entry);
    }
    for (const { record } of run)
      entry.messages.push({
        key: record.key,
        value: record.value,
        partition: record.partition,
        ...(record.headers === undefined ? {} : { headers: record.headers }),
      });
  }
  return [...byTopic.values()];
}

function sizeOf(record: OutRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (record.value?.length ?? 0) + (record.key?.length ?? 0);
  if (record.headers !== undefined)
    for (const name in record.headers) bytes += name.length + record.headers[name]!.length + 4;
  return bytes;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function describe(error: unknown): string {
  if (error === undefined) return "the answer did not name the partition";
  const e = error as { message?: string; cause?: { message?: string } };
  return e.cause?.message ?? e.message ?? String(error);
}
