import type { Fence, InRecord } from "./record.ts";

/** What the last owner left in the group's committed offsets. */
export interface Restored {
  /** First offset not done, for each input topic in the group's order; clamped to what the log still has. */
  readonly offsets: readonly number[];
  /** The text given to the last successful `commit`; empty before the first. */
  readonly state: string;
  /** One above the last offset of each input when the task began; 0 where that is not known. */
  readonly ends?: readonly number[];
}

/** One input topic's partition: records read and not yet taken. */
export class TaskInput {
  readonly topic: string;
  /** Offset of the next record to be queued. */
  expected: number;
  /** One above the last offset in the log, as far as known. */
  end: number;
  paused = true;
  /** Octets of the records queued: keys and values. */
  bytes = 0;
  private items: InRecord[] = [];
  private head = 0;

  constructor(topic: string, start: number, end = 0) {
    this.topic = topic;
    this.expected = start;
    this.end = end;
  }

  get length(): number {
    return this.items.length - this.head;
  }

  push(record: InRecord): void {
    this.items.push(record);
    this.bytes += sizeOf(record);
  }

  /** The next record, or the one so many places behind it. */
  peek(ahead = 0): InRecord | undefined {
    return this.items[this.head + ahead];
  }

  shift(): InRecord | undefined {
    const record = this.items[this.head];
    if (record === undefined) return undefined;
    this.head++;
    this.bytes -= sizeOf(record);
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head > 2_048 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return record;
  }

  /** Records in the log that have not been taken, as far as known. */
  get backlog(): number {
    return this.length + Math.max(0, this.end - this.expected);
  }
}

/** What a task needs of its group. */
export interface TaskHost {
  readonly leaseValid: boolean;
  resume(task: Task, input: TaskInput): void;
  commit(task: Task, offsets: readonly number[], state: string): Promise<boolean>;
}

/**
 * One partition number of all input topics, owned by this process for one stretch of time. A loop (the group's `run`
 * function) takes records, acts, and commits. Everything it does is allowed only while `alive`: that is latched, a
 * task that was dead once stays dead and a new one continues from the committed offsets.
 */
export class Task implements Fence {
  readonly partition: number;
  readonly inputs: readonly TaskInput[];
  readonly restored: Restored;
  /** True when the process is stopping: finish what is begun, commit, return. */
  draining = false;
  private revoked = false;
  private readonly host: TaskHost;
  private readonly resumeBelow: number;
  private readonly resumeBelowBytes: number;
  private wakers: (() => void)[] = [];
  private signalled = false;

  /** A paused input is fetched again when so many records, and octets, are queued. */
  constructor(
    host: TaskHost,
    partition: number,
    topics: readonly string[],
    restored: Restored,
    resumeBelow: number,
    resumeBelowBytes = Number.POSITIVE_INFINITY,
  ) {
    this.host = host;
    this.partition = partition;
    this.restored = restored;
    this.inputs = topics.map((topic, i) => new TaskInput(topic, restored.offsets[i]!, restored.ends?.[i]));
    this.resumeBelow = resumeBelow;
    this.resumeBelowBytes = resumeBelowBytes;
  }

  get alive(): boolean {
    if (!this.revoked && !this.host.leaseValid) this.revoke();
    return !this.revoked;
  }

  /** The partition has left this process, or may have. */
  revoke(): void {
    this.revoked = true;
    this.wake();
  }

  /** True while the loop should take more work. */
  get taking(): boolean {
    return this.alive && !this.draining;
  }

  /** Begins to fetch all inputs. Called by the loop when it has restored its state. */
  begin(): void {
    for (const input of this.inputs) this.host.resume(this, input);
  }

  /** The next record of an input, removed; undefined when none is queued. */
  take(input: TaskInput): InRecord | undefined {
    const record = input.shift();
    if (
      record !== undefined &&
      input.paused &&
      input.length <= this.resumeBelow &&
      input.bytes <= this.resumeBelowBytes
    )
      this.host.resume(this, input);
    return record;
  }

  /** Resolves at the next `wake` (records arrived, revoked, draining, or called by the loop's own parts), or after `ms`. */
  wait(ms = 1_000): Promise<void> {
    if (this.signalled || this.revoked) {
      this.signalled = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake(), ms);
      this.wakers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  wake(): void {
    if (this.wakers.length === 0) {
      this.signalled = true;
      return;
    }
    const wakers = this.wakers;
    this.wakers = [];
    for (const wake of wakers) wake();
  }

  /**
   * Commits the first offset not done of each input, and `state` beside them, atomically. True when the broker took it
   * while this task owned its partition; false when the task has lost it: then nothing more may be done.
   */
  commit(offsets: readonly number[], state: string): Promise<boolean> {
    return this.host.commit(this, offsets, state);
  }
}

function sizeOf({ key, value }: InRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
