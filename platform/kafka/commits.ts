import type { KafkaLog } from "./record.ts";
import type { Task } from "./task.ts";

/** Offsets as KafkaJS takes them, with metadata. */
export interface CommitRequest {
  topics: { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[];
}

interface Waiting {
  offsets: readonly number[];
  state: string;
  resolvers: ((ok: boolean) => void)[];
}

export interface CommitsOptions {
  readonly topics: readonly string[];
  readonly log: KafkaLog;
  /** Commits under the generation of the moment; undefined while there is none to commit under (joining, no batch seen yet). */
  readonly committer: () => ((request: CommitRequest) => Promise<void>) | undefined;
}

/** Tasks that come while one request is on its way need not wait for its answer. */
const MAX_REQUESTS = 2;
const RETRY_MS = 100;
/** About 2 s of refusals, unless each waits for a time-out. */
const WARN_EVERY = 20;

/**
 * The commits of all tasks of one group: a task is in one request at a time, the waiting ones share the next. The state of a task
 * travels as metadata of its first input topic; the broker stores one request as one batch, so offsets and state are
 * one. Each entry costs the broker a record, so an input whose offset has not moved is left out. While the group is joining nothing is sent: after the join either the task still owns its partition and its
 * commit goes out under the new generation, or it is answered false.
 */
export class Commits {
  private readonly options: CommitsOptions;
  private readonly waiting = new Map<Task, Waiting>();
  private readonly flying = new Set<Task>();
  /** What the broker is known to have of a task's inputs: what has not moved since need not be written again. */
  private readonly stored = new WeakMap<Task, readonly number[]>();
  private requests = 0;
  private refused = 0;
  private scheduled = false;
  readonly counters = { requests: 0, failures: 0 };

  constructor(options: CommitsOptions) {
    this.options = options;
  }

  commit(task: Task, offsets: readonly number[], state: string): Promise<boolean> {
    return new Promise((resolve) => {
      const present = this.waiting.get(task);
      if (present !== undefined) {
        present.offsets = offsets;
        present.state = state;
        present.resolvers.push(resolve);
      } else this.waiting.set(task, { offsets, state, resolvers: [resolve] });
      this.schedule(0);
    });
  }

  /** The group has joined, or tasks were revoked: look again. */
  poke(): void {
    this.schedule(0);
  }

  private schedule(ms: number): void {
    if (this.scheduled || this.requests >= MAX_REQUESTS) return;
    this.scheduled = true;
    const run = () => {
      this.scheduled = false;
      void this.flush();
    };
    if (ms === 0) setImmediate(run);
    else setTimeout(run, ms);
  }

  private async flush(): Promise<void> {
    if (this.requests >= MAX_REQUESTS) return;
    const batch = new Map<Task, Waiting>();
    for (const [task, entry] of this.waiting) {
      if (!task.alive) for (const resolve of entry.resolvers) resolve(false);
      else if (this.flying.has(task)) continue;
      else batch.set(task, entry);
      this.waiting.delete(task);
    }
    if (batch.size === 0) return;
    const committer = this.options.committer();
    if (committer === undefined) {
      for (const [task, entry] of batch) this.waiting.set(task, entry);
      return this.schedule(RETRY_MS);
    }
    for (const task of batch.keys()) this.flying.add(task);
    this.requests++;
    this.counters.requests++;
    let stored = false;
    try {
      await committer(this.request(batch));
      stored = true;
      this.refused = 0;
    } catch (error) {
      this.counters.failures++;
      this.report(error as Error);
    }
    this.requests--;
    for (const [task, entry] of batch) {
      this.flying.delete(task);
      if (stored) this.stored.set(task, entry.offsets);
      else this.stored.delete(task);
      if (stored || !task.alive) {
        const ok = stored && task.alive;
        for (const resolve of entry.resolvers) resolve(ok);
        continue;
      }
      const newer = this.waiting.get(task);
      if (newer === undefined) this.waiting.set(task, entry);
      else newer.resolvers.unshift(...entry.resolvers);
    }
    if (this.waiting.size > 0) this.schedule(stored ? 0 : RETRY_MS);
  }

  /** A refusal or two belong to every rebalance; a lasting one (metadata too large, no rights) stops all work and must be seen. */
  private report(error: Error): void {
    const fields = { failures: ++this.refused, cause: error.message };
    if (this.refused % WARN_EVERY === 0) this.options.log.warn(fields, "Offset commits are being refused");
    else this.options.log.debug(fields, "Offset commit refused");
  }

  /** Of each task the first input with its state, which fences, and the others that have moved; all of them the first time. */
  private request(batch: Map<Task, Waiting>): CommitRequest {
    const topics = this.options.topics.map((topic, i) => ({
      topic,
      partitions: [...batch]
        .filter(([task, { offsets }]) => i === 0 || this.stored.get(task)?.[i] !== offsets[i])
        .map(([task, entry]) => ({
          partition: task.partition,
          offset: String(entry.offsets[i]!),
          metadata: i === 0 ? entry.state : "",
        })),
    }));
    return { topics: topics.filter(({ partitions }) => partitions.length > 0) };
  }
}
