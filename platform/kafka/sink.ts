/**
 * Copies a topic into a store that takes blocks and drops a block whose token it has seen. Each record lands exactly
 * once, by three rules: the block's bounds stand in the commit metadata before the insert (the intent), the insert
 * carries a token made of these bounds, and whoever takes over repeats exactly that block first. Which records of a
 * block are left out as repeats depends on the log alone (RepeatWindow), so the repeated block has the same content.
 */
import { faultPoint } from "#fault-point";
import type { RecordProducer } from "./producer.ts";
import { type InRecord, type KafkaLog, seldom } from "./record.ts";
import { RepeatWindow, repeatId } from "./repeat-window.ts";
import { openingBlock, SinkBatch, tokenOf } from "./sink-batch.ts";
import type { SinkStats } from "./sink-stats.ts";
import type { SinkBlock, SinkStore } from "./sink-store.ts";
import type { Task } from "./task.ts";
import type { TopicReader } from "./topic-reader.ts";

export interface SinkOptions<B extends SinkBlock> {
  readonly groupId: string;
  readonly store: SinkStore<B>;
  readonly producer: Pick<RecordProducer, "send">;
  readonly reader: Pick<TopicReader, "readRange">;
  readonly stats: SinkStats;
  readonly log: KafkaLog;
  /**
   * Bounds of a block: rows (default 20,000), bytes (default 8 MiB), age of its first record (default 2,000 ms; twice that for one that has a
   * quarter of its rows by then, see LARGE).
   */
  readonly maxRows?: number;
  readonly maxBytes?: number;
  readonly maxAgeMs?: number;
  /** How far back, in offsets, a repeated `id` header is recognised. Default 50,000. */
  readonly repeatSpan?: number;
  /** Pause after a failed insert, ms; doubled each time up to 2,000. Default 100. */
  readonly retryMs?: number;
}

const MAX_RETRY_MS = 2_000;
/** A block of so much of its rows is given twice the time: each insert and each of its views has a price that does not depend on the rows. */
export const LARGE = 1 / 4;
/** The broker's clock, which stamped the records of a last owner's block, and this process's may differ by so much. */
const CLOCKS_MS = 60_000;

/** The loop for `TaskGroup.run`; the group has one input topic. */
export async function runSink<B extends SinkBlock>(task: Task, options: SinkOptions<B>): Promise<void> {
  const loop = new SinkLoop(task, {
    maxRows: 20_000,
    maxBytes: 8 << 20,
    maxAgeMs: 2_000,
    repeatSpan: 50_000,
    retryMs: 100,
    ...options,
  });
  options.stats.begin(task, () => loop.oldest);
  try {
    await loop.run();
  } finally {
    options.stats.end(task);
  }
}

class SinkLoop<B extends SinkBlock> {
  private readonly task: Task;
  private readonly options: Required<SinkOptions<B>>;
  private readonly repeats: RepeatWindow;
  private gathering: SinkBatch<B>;
  private inserting: SinkBatch<B> | undefined;
  private flight: Promise<void> | undefined;
  private failure: unknown;
  /** When the last block was launched, monotonic, ms. */
  private launchedAt = Number.NEGATIVE_INFINITY;

  constructor(task: Task, options: Required<SinkOptions<B>>) {
    this.task = task;
    this.options = options;
    this.repeats = new RepeatWindow(options.repeatSpan);
    this.gathering = openingBlock(task.restored, options.store.open());
  }

  /** Append time of the oldest record that is read and not stored, epoch ms; undefined when there is none. */
  get oldest(): number | undefined {
    return this.inserting?.firstTimestamp ?? this.gathering.firstTimestamp;
  }

  async run(): Promise<void> {
    const { task } = this;
    await this.readBack();
    if (!task.alive) return;
    task.begin();
    while (task.alive && this.failure === undefined) {
      await this.gather();
      // While it waited, the block before may have failed: the next one must not pass it.
      if (this.failure !== undefined) break;
      if (this.flight === undefined) {
        if (this.due()) this.launch();
        else if (task.draining) return;
        else await this.passGap();
      }
      await task.wait(this.untilDue());
    }
    await this.flight;
    if (task.alive && this.failure !== undefined) throw this.failure;
  }

  /** Learns the ids before the first record, so that repeats are told apart as the last owner did. */
  private async readBack(): Promise<void> {
    const { partition, inputs } = this.task;
    const { start } = this.gathering;
    const note = (record: InRecord) => {
      const id = repeatId(record);
      if (id !== undefined) this.repeats.admit(id, record.offset);
    };
    await this.options.reader.readRange(
      inputs[0]!.topic,
      partition,
      Math.max(0, start - this.repeats.span),
      start,
      note,
    );
  }

  /** Takes what is queued until the block is full; more than one full block beside the one in flight is never held. */
  private async gather(): Promise<void> {
    const { task, gathering, options } = this;
    const input = task.inputs[0]!;
    while (task.taking && !gathering.full(options.maxRows, options.maxBytes)) {
      const next = input.peek();
      if (next === undefined) return;
      if (gathering.passed(next.offset)) return;
      const id = repeatId(next);
      const fresh = id === undefined || this.repeats.admit(id, next.offset);
      if (fresh) {
        if (!(await this.add(next))) return;
      } else options.stats.repeats++;
      gathering.take(next.offset, next.timestamp, performance.now());
      task.take(input);
    }
  }

  /** False when the task ended before the record could be judged. */
  private async add(record: InRecord): Promise<boolean> {
    const { task, options, gathering } = this;
    let result = gathering.block.add(record);
    for (let failures = 0; typeof result === "object" && "prepare" in result; ) {
      try {
        await result.prepare();
      } catch (error) {
        seldom(options.log, "judge").warn(
          { partition: task.partition, offset: record.offset, err: error },
          "A record cannot be judged yet",
        );
        await pause(options.retryMs, failures++);
      }
      if (!task.taking) return false;
      result = gathering.block.add(record);
    }
    if (result === "added") return true;
    options.stats.refused++;
    gathering.refused = { offset: record.offset, ...result };
    gathering.addLetter(options.store.deadLetter(record, result));
    return true;
  }

  private due(): boolean {
    const { gathering, options, task } = this;
    if (gathering.full(options.maxRows, options.maxBytes)) return true;
    if (gathering.reopened || gathering.empty) return false;
    return task.draining || performance.now() - gathering.since >= this.maxAgeMs;
  }

  private get maxAgeMs(): number {
    const { maxRows, maxAgeMs } = this.options;
    return this.gathering.block.rows >= maxRows * LARGE ? 2 * maxAgeMs : maxAgeMs;
  }

  private untilDue(): number {
    const { gathering } = this;
    if (this.flight !== undefined || gathering.reopened || gathering.empty) return 1_000;
    return Math.max(1, gathering.since + this.maxAgeMs - performance.now());
  }

  /**
   * Behind the last record there may be nothing but a transactional writer's marks, which are never taken: what is committed goes beyond
   * them as well, or it would not reach the log's end. Not while a block is under way, whose bounds must stand; and at most once for each age.
   */
  private async passGap(): Promise<void> {
    const { task, gathering, options } = this;
    const { length, expected } = task.inputs[0]!;
    if (length > 0 || !gathering.empty || gathering.reopened || expected <= gathering.start) return;
    if (performance.now() - this.launchedAt < options.maxAgeMs) return;
    if (await task.commit([expected], "")) this.gathering = new SinkBatch(expected, options.store.open());
  }

  private launch(): void {
    const batch = this.gathering;
    this.launchedAt = performance.now();
    this.inserting = batch;
    this.gathering = new SinkBatch(batch.end, this.options.store.open());
    this.flight = this.store(batch)
      .catch((error: unknown) => {
        this.failure = error;
      })
      .finally(() => {
        this.flight = undefined;
        this.inserting = undefined;
        this.task.wake();
      });
  }

  private async store(batch: SinkBatch<B>): Promise<void> {
    const { task, options } = this;
    if (batch.letters.length > 0) {
      await options.producer.send(batch.letters, task);
      // One line a block: refusals can come by the thousand.
      options.log.warn(
        { partition: task.partition, records: batch.letters.length, last: batch.refused },
        "Records went to the dead letters",
      );
    }
    if (batch.block.rows > 0) {
      faultPoint("before:horizon-committed");
      if (!(await task.commit([batch.start], batch.intent))) return;
      faultPoint("after:horizon-committed");
      if (!(await this.insert(batch))) return;
    }
    faultPoint("before:offset-committed");
    await task.commit([batch.end], "");
    faultPoint("after:offset-committed");
  }

  /** Repeats the insert until it is in; false when the task ended first. */
  private async insert(batch: SinkBatch<B>): Promise<boolean> {
    const { task, options } = this;
    const token = tokenOf(options.groupId, task.inputs[0]!.topic, task.partition, batch.intent);
    const firstTry = performance.now() - (batch.reopened ? Date.now() - batch.firstTimestamp! + CLOCKS_MS : 0);
    let confirmed = false;
    for (let failures = 0; task.alive; ) {
      const began = performance.now();
      try {
        faultPoint("before:state-written");
        if (!confirmed) await options.store.insert(batch.block, token);
        confirmed = true;
        if (failures > 0 || batch.reopened)
          await options.store.settle?.(batch.block, {
            ...{ token, partition: task.partition, start: batch.start, end: batch.end },
            ageMs: performance.now() - firstTry,
            alive: () => task.alive,
          });
        faultPoint("after:state-written");
        options.stats.inserted(batch.block.rows, performance.now() - began);
        return true;
      } catch (error) {
        options.stats.failed();
        options.log.warn(
          { block: token, rows: batch.block.rows, failures, err: error },
          "Insert not confirmed; repeating it",
        );
        await pause(options.retryMs, failures++);
      }
    }
    return false;
  }
}

/** Doubles with each failure, half of it random, so that instances do not knock together. */
function pause(firstMs: number, failures: number): Promise<void> {
  const most = Math.min(firstMs * 2 ** Math.min(failures, 16), MAX_RETRY_MS);
  return new Promise((resolve) => setTimeout(resolve, most * (0.5 + Math.random() / 2)));
}
