/**
 * Reads any stretch of any partition, outside of the group's assignment: what a task must read back when it takes
 * over, and tables that every instance holds (follow). KafkaJS has no `assign`, so this is a consumer in a group of its
 * own with everything paused, which seeks and resumes what is asked for. It commits nothing.
 */
import { randomUUID } from "node:crypto";
import type { Admin, Consumer, EachBatchPayload } from "kafkajs";
import { connectAdmin } from "./admin-connection.ts";
import { type KafkaConnection, kafkaClient } from "./connection.ts";
import { type InRecord, seldom, toRecord } from "./record.ts";
import { topicMarks, topicOffsetsAt, type Watermarks } from "./topic-marks.ts";

export type { Watermarks } from "./topic-marks.ts";

interface Stretch {
  next: number;
  readonly to: number;
  readonly onRecord: (record: InRecord) => void;
  /** Asked before each batch. False: there is no room now; the batch is fetched again a moment later. */
  readonly ready?: () => Promise<boolean>;
  /** Told how far the stretch has been read, after each batch. */
  readonly reached?: (next: number) => void;
  readonly done: () => void;
}

/** A partition whose follower has no room is asked for again after so long, ms; meanwhile the others go on. */
const NO_ROOM_MS = 100;

/** So often a question that a broker refuses for now is asked, with pauses that grow by this, ms: within three seconds. */
const MOST_TRIES = 6;
const AGAIN_MS = 200;

/** How a topic is followed. */
export interface FollowTerms {
  /** Asked before each batch of a partition; while it says false, the partition stands still. Default: there always is. */
  readonly hasRoom?: (partition: number) => boolean;
  /** At its abort nothing more is given, and the topic may be followed anew. */
  readonly signal?: AbortSignal | undefined;
}

/** Who follows one partition. */
export interface PartitionFollower {
  /**
   * Asked before each batch, which is at most what one fetch brings. False: there is no room for it, and it is fetched again a moment later. It
   * must answer within a few seconds, since the reader's membership lapses while it waits.
   */
  ready(): Promise<boolean>;
  onRecord(record: InRecord): void;
  /** Told after each batch: all below this offset has been given. Gaps that compaction has left count as given. */
  reached(next: number): void;
}

/** What KafkaJS says of a batch before it gives it, or passes it. */
interface BatchStretch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: string | null;
  readonly lastOffset: string;
}

export interface TopicReaderOptions {
  readonly connection: KafkaConnection;
  readonly topics: readonly string[];
  /** Octets of a partition that one fetch asks for. Default 1 MiB: stretches are read; less where single records are. */
  readonly fetchBytes?: number;
  /**
   * How long the broker keeps a fetch that finds nothing, ms. Default 100: a stretch that is asked for meanwhile waits for that long. More for
   * topics that are only followed: what comes is given at once all the same, and the broker is asked less often while nothing does.
   */
  readonly maxWaitMs?: number;
}

export class TopicReader {
  private readonly options: TopicReaderOptions;
  private consumer: Consumer | undefined;
  private admin: Admin | undefined;
  private readonly stretches = new Map<string, Stretch>();
  private readonly turns = new Map<string, Promise<void>>();
  private joined = false;
  private stopped = false;
  private clients = 0;
  private adminClients = 0;

  constructor(options: TopicReaderOptions) {
    this.options = options;
  }

  /** Connects in the background, and again whenever that fails. Throws when Kafka does not answer: call it again. */
  async start(): Promise<void> {
    this.admin ??= await connectAdmin(this.options.connection, this.adminClients++);
    if (this.clients === 0) void this.connect();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const limit = new Promise((resolve) => setTimeout(resolve, 3_000).unref());
    await Promise.race([
      Promise.all([this.consumer?.disconnect().catch(() => {}), this.admin?.disconnect().catch(() => {})]),
      limit,
    ]);
  }

  /** Watermarks of every partition of a topic, by partition number. */
  watermarks(topic: string): Promise<Watermarks[]> {
    return this.ask((admin) => topicMarks(admin, topic));
  }

  /** Names of all topics. */
  topics(): Promise<string[]> {
    return this.admin!.listTopics();
  }

  /** What a consumer group has committed of a topic, by partition number; -1 where it has committed nothing. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const found: number[] = [];
    for (const { partitions } of await this.ask((admin) => admin.fetchOffsets({ groupId, topics: [topic] })))
      for (const { partition, offset } of partitions) found[partition] = Number(offset);
    return found;
  }

  /** See `topicOffsetsAt`. */
  offsetsAt(topic: string, time: number, of?: readonly number[]): Promise<number[]> {
    return this.ask((admin) => topicOffsetsAt(admin, topic, time, of));
  }

  /**
   * What a broker refuses for now, since another one leads the partition or coordinates the group, is asked again after a pause: the client asks who
   * does each time anew. It stays the same client, since others' questions are on their way by it.
   */
  private async ask<Answer>(question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await question(this.admin!);
      } catch (error) {
        const { name, retriable } = error as { name?: string; retriable?: boolean };
        if (name !== "KafkaJSProtocolError" || retriable !== true || tries === MOST_TRIES || this.stopped) throw error;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * tries));
      }
    }
  }

  /**
   * Gives every record of [from, to) in order, then resolves. Offsets below the log's start are skipped. Callers that ask
   * for the same partition are served one after the other. At the signal's abort nothing more is given, and it rejects with its reason.
   */
  async readRange(
    topic: string,
    partition: number,
    from: number,
    to: number,
    onRecord: (record: InRecord) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { low } = (await this.watermarks(topic))[partition] ?? { low: 0 };
    const start = Math.max(from, low);
    if (start >= to) return;
    const key = keyOf(topic, partition);
    for (let turn = this.turns.get(key); turn !== undefined; turn = this.turns.get(key)) await turn;
    signal?.throwIfAborted();
    if (this.stretches.has(key))
      throw new Error(`${topic}/${partition} is being followed; read it with another reader.`);
    const { promise: turn, resolve: done } = Promise.withResolvers<void>();
    const stretch: Stretch = { next: start, to, onRecord, done };
    this.stretches.set(key, stretch);
    this.turns.set(key, turn);
    this.begin(topic, partition);
    const letGo = () => {
      if (this.stretches.get(key) === stretch) this.end(topic, partition, stretch);
    };
    signal?.addEventListener("abort", letGo, { once: true });
    await turn;
    signal?.removeEventListener("abort", letGo);
    signal?.throwIfAborted();
  }

  /**
   * Gives every record of the topic from its start and then as they come; resolves when what was there at the call has been given. Rejects at the signal's
   * abort with its reason.
   */
  async follow(
    topic: string,
    onRecord: (record: InRecord) => void,
    { hasRoom, signal }: FollowTerms = {},
  ): Promise<void> {
    const marks = await this.watermarks(topic);
    // The answer may have come so late that a later call follows the topic by now.
    signal?.throwIfAborted();
    const given = marks.map(({ low, high }, partition) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (low >= high) resolve();
      const stretch: Stretch = {
        next: low,
        to: Number.POSITIVE_INFINITY,
        onRecord,
        ...(hasRoom === undefined ? {} : { ready: async () => hasRoom(partition) }),
        reached: (next) => {
          if (next >= high) resolve();
        },
        done: () => reject(signal?.reason),
      };
      this.stretches.set(keyOf(topic, partition), stretch);
      this.begin(topic, partition);
      return { promise, stretch };
    });
    const letGo = () => {
      for (const [partition, { stretch }] of given.entries())
        if (this.stretches.get(keyOf(topic, partition)) === stretch) this.end(topic, partition, stretch);
        else stretch.done();
    };
    signal?.addEventListener("abort", letGo, { once: true });
    await Promise.all(given.map(({ promise }) => promise));
  }

  /** Gives every record of one partition from an offset on, and then as they come. Offsets below the log's start are skipped. */
  followFrom(topic: string, partition: number, from: number, follower: PartitionFollower): void {
    const key = keyOf(topic, partition);
    if (this.stretches.has(key)) throw new Error(`${topic}/${partition} is being read already.`);
    this.stretches.set(key, {
      next: from,
      to: Number.POSITIVE_INFINITY,
      onRecord: (record) => follower.onRecord(record),
      ready: () => follower.ready(),
      reached: (next) => follower.reached(next),
      done: () => {},
    });
    this.begin(topic, partition);
  }

  private begin(topic: string, partition: number): void {
    const stretch = this.stretches.get(keyOf(topic, partition));
    if (!this.joined || stretch === undefined || this.consumer === undefined) return;
    this.consumer.seek({ topic, partition, offset: String(stretch.next) });
    this.consumer.resume([{ topic, partitions: [partition] }]);
  }

  private async connect(): Promise<void> {
    const { connection, topics, fetchBytes = 1 << 20, maxWaitMs = 100 } = this.options;
    const consumer = kafkaClient(connection, 3, this.clients++).consumer({
      groupId: `${connection.clientId}.reader.${randomUUID()}`,
      sessionTimeout: 30_000,
      // It is alone in its group: the only other member can be its own old self, whose join was answered to a connection that had broken.
      rebalanceTimeout: 5_000,
      heartbeatInterval: 3_000,
      maxBytesPerPartition: fetchBytes,
      maxWaitTimeInMs: maxWaitMs,
      allowAutoTopicCreation: false,
      retry: { retries: 3, restartOnFailure: async () => false },
    });
    this.consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      for (const [topic, partitions] of Object.entries(payload.memberAssignment))
        consumer.pause([{ topic, partitions }]);
      this.joined = true;
      for (const key of this.stretches.keys()) {
        const cut = key.lastIndexOf("/");
        this.begin(key.slice(0, cut), Number(key.slice(cut + 1)));
      }
    });
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0 && this.consumer === consumer) this.passEmpty(payload);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => this.again(consumer, payload.error));
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.take(payload),
      });
    } catch (error) {
      this.again(consumer, error as Error);
    }
  }

  private again(failed: Consumer, cause: Error): void {
    if (this.stopped || this.consumer !== failed) return;
    this.consumer = undefined;
    this.joined = false;
    seldom(this.options.connection.log, "reader-lost").warn(
      { cause: cause.message },
      "waiting for kafka: reader lost its connection; connecting again",
    );
    void failed.disconnect().catch(() => {});
    setTimeout(() => {
      if (!this.stopped) void this.connect();
    }, 1_000);
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    const stretch = this.stretches.get(keyOf(topic, partition));
    // What is not resolved is fetched again, so whoever has no room needs no queue.
    if (stretch?.ready === undefined || (await stretch.ready())) this.give(payload);
    else this.beginLater(topic, partition);
  }

  /** Not at once: what is there already would be fetched over and over. */
  private beginLater(topic: string, partition: number): void {
    this.consumer?.pause([{ topic, partitions: [partition] }]);
    setTimeout(() => {
      if (!this.stopped) this.begin(topic, partition);
    }, NO_ROOM_MS).unref();
  }

  private give({ batch, resolveOffset }: EachBatchPayload): void {
    const key = keyOf(batch.topic, batch.partition);
    const stretch = this.stretches.get(key);
    if (stretch === undefined) {
      this.consumer?.pause([{ topic: batch.topic, partitions: [batch.partition] }]);
      return;
    }
    if (Number((batch as { fetchedOffset?: string }).fetchedOffset ?? 0) > stretch.next) {
      this.begin(batch.topic, batch.partition);
      return;
    }
    for (const message of batch.messages) {
      const offset = Number(message.offset);
      if (offset < stretch.next || offset >= stretch.to) continue;
      stretch.next = offset + 1;
      stretch.onRecord(toRecord(batch.topic, batch.partition, offset, message));
    }
    resolveOffset(batch.lastOffset());
    this.readUpTo(batch.topic, batch.partition, stretch, Number(batch.lastOffset()) + 1);
  }

  /**
   * A transactional writer's control or aborted records, which KafkaJS passes without a word to `eachBatch`. They count as
   * read: a stretch that ends with them would never end, and the fetch behind them be taken for one of another stretch.
   */
  private passEmpty({ topic, partition, firstOffset, lastOffset }: BatchStretch): void {
    const stretch = this.stretches.get(keyOf(topic, partition));
    if (stretch === undefined || firstOffset === null || Number(firstOffset) > stretch.next) return;
    this.readUpTo(topic, partition, stretch, Number(lastOffset) + 1);
  }

  private readUpTo(topic: string, partition: number, stretch: Stretch, next: number): void {
    stretch.next = Math.max(stretch.next, Math.min(next, stretch.to));
    stretch.reached?.(stretch.next);
    if (stretch.next < stretch.to) return;
    this.end(topic, partition, stretch);
  }

  private end(topic: string, partition: number, stretch: Stretch): void {
    const key = keyOf(topic, partition);
    this.stretches.delete(key);
    this.turns.delete(key);
    this.consumer?.pause([{ topic, partitions: [partition] }]);
    stretch.done();
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
