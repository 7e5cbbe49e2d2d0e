/**
 * A sink's surroundings in memory: a log of one partition, commits, dead letters, and a store that drops a block whose
 * token it has seen. Every call asks `fault` what happens to it; a crash leaves the loop hanging for ever, as a
 * SIGKILL would, and the next owner starts from what was committed.
 */
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import { runSink, type SinkOptions } from "../../../../platform/kafka/sink.ts";
import { SinkStats } from "../../../../platform/kafka/sink-stats.ts";
import type { NotYet, Refused, SinkBlock } from "../../../../platform/kafka/sink-store.ts";
import { Task, type TaskHost } from "../../../../platform/kafka/task.ts";
import { silentLog } from "../../../../platform/log/log.ts";

/** ok; the call fails (with or without its effect); the process dies (before or after the effect, or the effect comes later). */
export type Fault = "ok" | "fail" | "fail-after" | "die-before" | "die-after" | "die-late";
export type Call = "read-back" | "commit" | "insert" | "send" | "prepare";

/** What stands in the log at one offset: an id, and whether it can become a row. */
export interface Entry {
  readonly id?: string;
  readonly key?: string;
  readonly bad?: boolean;
  /** A transaction's mark: it takes an offset, and nobody is given it. */
  readonly mark?: boolean;
  /** Needs `prepare` before it can be judged. */
  readonly later?: boolean;
}

class TestBlock implements SinkBlock {
  readonly offsets: number[] = [];
  private readonly world: SinkWorld;
  constructor(world: SinkWorld) {
    this.world = world;
  }
  get rows(): number {
    return this.offsets.length;
  }
  get bytes(): number {
    return this.offsets.length * 10;
  }
  add(record: InRecord): "added" | Refused | NotYet {
    const entry = this.world.entries[record.offset]!;
    if (entry.later === true && !this.world.prepared.has(record.offset))
      return { prepare: () => this.world.call("prepare", () => void this.world.prepared.add(record.offset)) };
    if (entry.bad === true) return { refused: "undecodable", detail: "bad" };
    this.offsets.push(record.offset);
    return "added";
  }
}

export class SinkWorld {
  readonly entries: readonly Entry[];
  readonly prepared = new Set<number>();
  /** Offsets of the rows in the store. */
  readonly rows: number[] = [];
  readonly tokens: string[] = [];
  readonly letters: number[] = [];
  readonly stats = new SinkStats();
  /** The store as the sink sees it; a test may replace its parts. */
  readonly store = {
    open: () => new TestBlock(this),
    insert: (block: TestBlock, token: string): Promise<void> => {
      this.inserts++;
      const content = [...block.offsets];
      return this.call("insert", () => this.land(content, token));
    },
    deadLetter: (record: InRecord): OutRecord => ({
      topic: "dead",
      partition: 0,
      key: null,
      value: Buffer.from(`${record.offset}`),
    }),
  };
  committed = 0;
  state = "";
  inserts = 0;
  crashes = 0;
  private readonly fault: (call: Call) => Fault;
  /** May be changed between owners: the next one may have other settings. */
  options: Partial<SinkOptions<TestBlock>>;
  private readonly late: (() => void)[] = [];
  private task: Task | undefined;
  private dead: (() => void) | undefined;

  constructor(entries: readonly Entry[], fault: (call: Call) => Fault, options: Partial<SinkOptions<TestBlock>> = {}) {
    this.entries = entries;
    this.fault = fault;
    this.options = options;
  }

  /** Performs an effect as the fault says. */
  async call(name: Call, effect: () => void): Promise<void> {
    const owner = this.task;
    await Promise.resolve();
    const fault = this.fault(name);
    if (fault === "ok" || fault === "fail-after" || fault === "die-after") effect();
    if (fault === "die-late") this.late.push(effect);
    if (fault === "fail" || fault === "fail-after") throw new Error(`${name} failed`);
    if (fault.startsWith("die") && this.task === owner) {
      this.crashes++;
      owner?.revoke();
      this.dead?.();
    }
    if (fault.startsWith("die")) await new Promise(() => {});
  }

  /** One owner, until it returns or dies; it is drained when `until` holds. */
  async own(until: () => boolean): Promise<void> {
    const host: TaskHost = {
      leaseValid: true,
      resume: (task, input) => {
        input.paused = false;
        // Records come in small fetches, like from a broker, while the loop works.
        const feed = () => {
          for (let n = 0; n < 3 && input.expected < this.entries.length; n++) {
            const offset = input.expected++;
            if (this.entries[offset]!.mark !== true) input.push(this.record(offset));
          }
          input.end = this.entries.length;
          task.wake();
          if (input.expected < this.entries.length && task.alive) setImmediate(feed);
        };
        feed();
      },
      commit: (task, offsets, state) => this.commit(task, offsets[0]!, state),
    };
    const task = new Task(host, 0, ["log"], { offsets: [this.committed], state: this.state }, 1_000);
    this.task = task;
    const died = new Promise<void>((resolve) => {
      this.dead = resolve;
    });
    const watch = setInterval(() => {
      if (!until()) return;
      task.draining = true;
      task.wake();
    }, 0);
    // A loop that throws is begun again by its group, from the last commit.
    const ended = runSink(task, { ...this.sinkOptions(), ...this.options }).catch(() => {});
    await Promise.race([ended, died]);
    clearInterval(watch);
    task.revoke();
    for (const effect of this.late.splice(0)) effect();
  }

  /** The partition goes to someone else; the process lives on. */
  lose(): void {
    this.task?.revoke();
  }

  private sinkOptions(): SinkOptions<TestBlock> {
    return {
      groupId: "g",
      stats: this.stats,
      log: silentLog,
      maxAgeMs: 0,
      retryMs: 0,
      store: this.store,
      producer: {
        send: (records: readonly OutRecord[]) =>
          records.length === 0
            ? Promise.resolve()
            : this.call("send", () => void this.letters.push(...records.map((r) => Number(r.value!.toString())))),
      },
      reader: {
        readRange: (_topic, _partition, from, to, onRecord) =>
          this.call("read-back", () => {
            for (let offset = from; offset < to; offset++)
              if (this.entries[offset]!.mark !== true) onRecord(this.record(offset));
          }),
      },
    };
  }

  private land(offsets: readonly number[], token: string): void {
    if (this.tokens.includes(token)) return;
    this.tokens.push(token);
    this.rows.push(...offsets);
  }

  private async commit(task: Task, offset: number, state: string): Promise<boolean> {
    if (!task.alive) return false;
    let stored = false;
    const effect = () => {
      // The broker refuses a generation that is over.
      if (this.task !== task) return;
      this.committed = offset;
      this.state = state;
      stored = true;
    };
    await this.call("commit", effect).catch(() => task.revoke());
    return stored && task.alive;
  }

  private record(offset: number): InRecord {
    const { id, key } = this.entries[offset]!;
    const headers = id === undefined ? {} : { id };
    return {
      topic: "log",
      partition: 0,
      offset,
      key: key === undefined ? null : Buffer.from(key),
      value: null,
      headers,
      timestamp: 1_000 + offset,
    };
  }
}
