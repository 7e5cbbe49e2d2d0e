/**
 * A processor that works in input order: decisions are recorded (acknowledged by Kafka), then the commit that allows
 * their effects is made, then the effects are produced. Whoever takes over reads the decisions back, so a record is
 * never decided twice in different ways. See docs/architecture.md, "One runtime, four rules".
 */
import { faultPoint } from "#fault-point";
import type { RecordProducer } from "./producer.ts";
import type { InRecord, OutRecord } from "./record.ts";
import type { Task, TaskInput } from "./task.ts";

/** What one record (or a tick) leads to. */
export interface Outputs {
  /** Written first. Must be safe to write again: same id, same content, or content that a reader of the id ignores. */
  decide(record: OutRecord): void;
  /** Written only after the decisions are stored and the commit has shown that the partition is still ours. */
  effect(record: OutRecord): void;
}

/** What is queued of an input. */
export interface Upcoming {
  /** The record so many places behind the next one; undefined when it is not there yet. */
  peek(ahead: number): InRecord | undefined;
}

export interface Transform {
  /** Rebuilds what the last owner knew; `task.restored` says where it stood. */
  restore(task: Task): Promise<void>;
  /**
   * Milliseconds until the record may be processed; 0 or less: now. A record that must wait holds up its own input only.
   * `upcoming`: it and what is queued behind it, for those who fetch ahead what records need.
   */
  dueIn?(record: InRecord, upcoming: Upcoming): number;
  /** Called with each batch before it is processed, for what cannot be had at once (an unknown schema). Usually nothing. */
  prepare?(records: readonly InRecord[]): Promise<void> | undefined;
  /** Decides one record; `input` is its topic's index in the group. Should not throw for any content of the record. */
  process(record: InRecord, input: number, out: Outputs): void;
  /**
   * The dead letter of a record that `process` threw for: it would throw again, for every next owner. What it had given
   * out for the record is left out; `out` takes what its end leads to. Without this the task fails.
   */
  refuse?(record: InRecord, error: unknown, out: Outputs): OutRecord;
  /** Called after each batch and at least every `idleMs`: what falls due by time. `caughtUp`: all that is in the log has been processed. */
  tick?(out: Outputs, caughtUp: boolean): void;
  /** The text to be committed beside these offsets: what the next owner needs to restore. */
  state(offsets: readonly number[]): string;
  /** Whether `state` is to be committed although no offset has moved: what a tick has ended the next owner would end again. */
  unsaved?(): boolean;
  /** They have been committed: the records below will not be processed again. */
  committed?(offsets: readonly number[]): void;
}

export interface TransformOptions {
  readonly producer: Pick<RecordProducer, "send">;
  /** Records of one input in a batch at the most, or a function of its index that is asked before it is taken from, most urgent first. Default 500. */
  readonly maxBatchPerInput?: number | ((index: number, input: TaskInput) => number);
  /** Of the inputs the first so many are urgent: their records are decided while a batch of all inputs is being written. Default 0. */
  readonly urgentInputs?: number;
  /** Longest time between ticks, and from the last record to its commit. Default 200 ms. */
  readonly idleMs?: number;
}

/** The loop for `TaskGroup.run`. */
export async function runTransform(task: Task, transform: Transform, options: TransformOptions): Promise<void> {
  const { producer, maxBatchPerInput = 500, idleMs = 200, urgentInputs = 0 } = options;
  await transform.restore(task);
  if (!task.alive) return;
  task.begin();
  const writer = new BatchWriter(task, transform, producer);
  let committedAt = performance.now();
  while (task.alive && !writer.over) {
    const width = writer.writesAll ? (writer.writesUrgent ? 0 : urgentInputs) : task.inputs.length;
    const { records, inputs, horizon, waitMs } = gather(task, transform, writer.taken, width, maxBatchPerInput);
    const all = width === task.inputs.length;
    if (all || records.length > 0) {
      const pending = transform.prepare?.(records);
      if (pending !== undefined) await pending;
      const out = new Batch();
      for (let i = 0; i < records.length; i++) processOne(transform, records[i]!, inputs[i]!, out);
      if (all) transform.tick?.(out, caughtUp(task));
      writer.begin(out, horizon, all ? "all" : "urgent");
      // What is behind waits for it, but for what is urgent.
      if (urgentInputs === 0) await writer.settled;
    }
    const last = task.draining && writer.idle;
    if (last) await writer.settled;
    const isDue = writer.moved || transform.unsaved?.() === true;
    // After a failure the state counts what has not been written.
    if (isDue && writer.idle && !writer.over && (last || performance.now() - committedAt >= idleMs)) {
      if (!(await writer.commit())) break;
      committedAt = performance.now();
    }
    if (last) return;
    if (records.length === 0) await task.wait(Math.min(idleMs, waitMs));
  }
  await writer.settled;
  if (writer.failure !== undefined && task.alive) throw writer.failure;
}

function processOne(transform: Transform, record: InRecord, input: number, out: Batch): void {
  const decisions = out.decisions.length;
  const effects = out.effects.length;
  try {
    transform.process(record, input, out);
  } catch (error) {
    if (transform.refuse === undefined) throw error;
    out.decisions.length = decisions;
    out.effects.length = effects;
    out.decide(transform.refuse(record, error, out));
  }
}

/**
 * Writes batches by the rule of the transform: decisions, fence, effects. One of all inputs is under way at a time, and beside it
 * one of the urgent inputs alone: its decisions need not wait for the other's effects. Effects go batch by batch: those
 * of the next are sent when those before are stored.
 */
class BatchWriter {
  /** How far has been taken from the inputs; `done`: how far all effects are stored. */
  taken: readonly number[];
  settled: Promise<void> = Promise.resolve();
  writesAll = false;
  writesUrgent = false;
  failure: unknown;
  private readonly task: Task;
  private readonly transform: Transform;
  private readonly producer: TransformOptions["producer"];
  private done: readonly number[];
  private committed: readonly number[];
  private lost = false;

  constructor(task: Task, transform: Transform, producer: TransformOptions["producer"]) {
    this.task = task;
    this.transform = transform;
    this.producer = producer;
    this.taken = this.done = this.committed = task.restored.offsets;
  }

  /** The partition has been lost, or a write cannot succeed. */
  get over(): boolean {
    return this.lost || this.failure !== undefined;
  }

  get idle(): boolean {
    return !this.writesAll && !this.writesUrgent;
  }

  get moved(): boolean {
    return this.done.some((offset, i) => offset !== this.committed[i]);
  }

  /** Writes what a batch leads to; `settled` is when that and all before it have been. */
  begin(out: Batch, horizon: readonly number[], of: "all" | "urgent"): void {
    this.taken = horizon;
    const written = () => {
      if (!this.over) this.done = horizon;
    };
    if (out.decisions.length === 0 && out.effects.length === 0) {
      this.settled = this.settled.then(written);
      return;
    }
    this.mark(of, true);
    this.settled = this.write(out, this.settled).then(
      () => {
        written();
        this.mark(of, false);
      },
      (error: unknown) => {
        this.lost = true;
        if (this.task.alive) this.failure ??= error;
        this.mark(of, false);
      },
    );
  }

  /** False when the partition has been lost. */
  async commit(): Promise<boolean> {
    faultPoint("before:offset-committed");
    if (!(await this.commitDone())) return false;
    faultPoint("after:offset-committed");
    return true;
  }

  private async commitDone(): Promise<boolean> {
    const { done, task, transform } = this;
    if (!(await task.commit(done, transform.state(done)))) return false;
    this.committed = done;
    transform.committed?.(done);
    return true;
  }

  private mark(of: "all" | "urgent", writes: boolean): void {
    if (of === "all") this.writesAll = writes;
    else this.writesUrgent = writes;
    if (!writes) this.task.wake();
  }

  private async write(out: Batch, before: Promise<void>): Promise<void> {
    const { task, producer } = this;
    if (out.decisions.length > 0) {
      faultPoint("before:decision-recorded");
      await producer.send(out.decisions, task);
      faultPoint("after:decision-recorded");
    }
    if (out.effects.length === 0) {
      await before;
      this.lost ||= !task.alive;
      return;
    }
    faultPoint("before:horizon-committed");
    if (!(await this.commitDone())) {
      this.lost = true;
      return;
    }
    faultPoint("after:horizon-committed");
    await before;
    if (this.over) return;
    faultPoint("before:effects-produced");
    await producer.send(out.effects, task);
    faultPoint("after:effects-produced");
    this.lost ||= !task.alive;
  }
}

class Batch implements Outputs {
  readonly decisions: OutRecord[] = [];
  readonly effects: OutRecord[] = [];
  decide(record: OutRecord): void {
    this.decisions.push(record);
  }
  effect(record: OutRecord): void {
    this.effects.push(record);
  }
}

interface Gathered {
  readonly records: InRecord[];
  readonly inputs: number[];
  /** Offsets after the batch. */
  readonly horizon: readonly number[];
  /** Until the first record that must wait is due. */
  readonly waitMs: number;
}

/** Takes a share of each of the first `width` inputs, the most urgent input first. */
function gather(
  task: Task,
  transform: Transform,
  taken: readonly number[],
  width: number,
  limit: NonNullable<TransformOptions["maxBatchPerInput"]>,
): Gathered {
  const records: InRecord[] = [];
  const inputs: number[] = [];
  const horizon = [...taken];
  let waitMs = Number.POSITIVE_INFINITY;
  if (!task.taking) return { records, inputs, horizon, waitMs };
  task.inputs.slice(0, width).forEach((input: TaskInput, i) => {
    const most = typeof limit === "number" ? limit : limit(i, input);
    for (let n = 0; n < most; n++) {
      const next = input.peek();
      if (next === undefined) {
        // Nothing queued: what lies below `expected` was read, or is a gap in the log.
        horizon[i] = Math.max(horizon[i]!, input.expected);
        break;
      }
      const wait = transform.dueIn?.(next, input) ?? 0;
      if (wait > 0) {
        waitMs = Math.min(waitMs, wait);
        break;
      }
      task.take(input);
      records.push(next);
      inputs.push(i);
      horizon[i] = next.offset + 1;
    }
  });
  return { records, inputs, horizon, waitMs };
}

function caughtUp(task: Task): boolean {
  return task.inputs.every((input) => input.length === 0 && input.expected >= input.end);
}
