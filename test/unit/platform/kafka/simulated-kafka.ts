import { FencedError, type RecordProducer } from "../../../../platform/kafka/producer.ts";
import type { Fence, InRecord, KafkaLog, OutRecord } from "../../../../platform/kafka/record.ts";
import { Task, type TaskHost, type TaskInput } from "../../../../platform/kafka/task.ts";

export const silentLog: KafkaLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * One partition number of a few topics, and the committed offsets of one group, in memory and in virtual time. It has the
 * weaknesses of the real thing: writes and commits take their time, a write may be stored twice or only in part when its
 * writer dies, and a write on the wire may land after its writer has lost the partition.
 */
export class SimulatedKafka {
  readonly random: () => number;
  readonly logs = new Map<string, InRecord[]>();
  committed: { offsets: readonly number[]; state: string };
  /** The highest that ever was: of two commits of one owner the later may be stored first here. */
  everCommitted: readonly number[];
  /** How long a write that is on the wire when its writer dies may take to land, ms. */
  lateMs = 0;
  owner: Owner | undefined;
  /** Logs without a leader, as `nameOf` calls them: what is written to them waits. */
  readonly leaderless = new Set<string>();

  constructor(seed: number, inputs: number) {
    this.random = randomFrom(seed);
    this.everCommitted = new Array<number>(inputs).fill(0);
    this.committed = { offsets: this.everCommitted, state: "" };
  }

  log(topic: string): InRecord[] {
    let log = this.logs.get(topic);
    if (log === undefined) {
      log = [];
      this.logs.set(topic, log);
    }
    return log;
  }

  append(record: OutRecord): void {
    const log = this.log(nameOf(record));
    const key = typeof record.key === "string" ? Buffer.from(record.key) : record.key;
    log.push({
      ...record,
      key,
      headers: record.headers ?? {},
      offset: log.length,
      timestamp: performance.now(),
    });
  }

  /** Up to `ms`, at least one. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1 + Math.floor(this.random() * ms)));
  }

  /** The partition goes to a new owner, which begins from what is committed. */
  assign(topics: readonly string[]): Owner {
    this.owner = new Owner(this, topics);
    return this.owner;
  }
}

/** The group's side of one owner: feeds its inputs, takes its commits and writes. */
export class Owner implements TaskHost {
  leaseValid = true;
  /** When set, every write is refused with it. */
  refusal: Error | undefined;
  readonly task: Task;
  readonly producer: Pick<RecordProducer, "send" | "isUneven">;
  private readonly kafka: SimulatedKafka;
  private crashed = false;
  /** By topic: what is written there is stored in order, and does not wait for other topics. */
  private readonly tails = new Map<string, Promise<void>>();
  private readonly commitsOnWire = new Set<() => void>();
  /** States of commits that the broker may store at any moment. */
  readonly statesOnWire = new Set<string>();

  constructor(kafka: SimulatedKafka, topics: readonly string[]) {
    this.kafka = kafka;
    const ends = topics.map((topic) => kafka.log(topic).length);
    this.task = new Task(this, 0, topics, { ...kafka.committed, ends }, 100);
    this.producer = {
      send: (records, fence) => this.send(records, fence),
      get isUneven() {
        return kafka.leaderless.size > 0;
      },
    };
  }

  /** The process is gone: nothing it awaits ever answers. What is on the wire lands, or not. */
  crash(): void {
    this.leaseValid = false;
    this.crashed = true;
    for (const store of this.commitsOnWire) if (this.kafka.random() < 0.5) store();
    this.commitsOnWire.clear();
  }

  /** The partition has gone to another owner while this process lives on. */
  lose(): void {
    for (const store of this.commitsOnWire) if (this.kafka.random() < 0.5) store();
    this.commitsOnWire.clear();
    this.kafka.owner = undefined;
    this.task.revoke();
  }

  get gone(): boolean {
    return this.crashed;
  }

  resume(task: Task, input: TaskInput): void {
    if (!input.paused) return;
    input.paused = false;
    void this.feed(task, input);
  }

  async commit(task: Task, offsets: readonly number[], state: string): Promise<boolean> {
    if (this.kafka.owner !== this) return task.alive && never();
    const store = () => {
      this.kafka.committed = { offsets: [...offsets], state };
      this.kafka.everCommitted = this.kafka.everCommitted.map((offset, i) => Math.max(offset, offsets[i]!));
    };
    this.commitsOnWire.add(store);
    this.statesOnWire.add(state);
    await this.kafka.delay(15);
    this.statesOnWire.delete(state);
    if (this.crashed) return never();
    if (!this.commitsOnWire.delete(store) || this.kafka.owner !== this) return false;
    store();
    await this.kafka.delay(5);
    return this.crashed ? never() : task.alive;
  }

  private async feed(task: Task, input: TaskInput): Promise<void> {
    while (!input.paused && !this.crashed && task.alive) {
      await this.kafka.delay(20);
      const log = this.kafka.log(input.topic);
      input.end = log.length;
      const most = input.expected + 1 + Math.floor(this.kafka.random() * 60);
      while (input.expected < Math.min(log.length, most)) input.push(log[input.expected++]!);
      if (input.length > 200) input.paused = true;
      task.wake();
    }
  }

  private send(records: readonly OutRecord[], fence?: Fence): Promise<void> {
    const topics = new Set(records.map(nameOf));
    const sends = [...topics].map((topic) => {
      const before = this.tails.get(topic) ?? Promise.resolve();
      const own = records.filter((record) => nameOf(record) === topic);
      const sent = before.then(() => this.write(own, fence));
      this.tails.set(
        topic,
        sent.catch(() => {}),
      );
      return sent;
    });
    return Promise.all(sends).then(() => {});
  }

  private async write(records: readonly OutRecord[], fence?: Fence): Promise<void> {
    const { kafka } = this;
    if (this.crashed) return never();
    if (this.refusal !== undefined) throw this.refusal;
    if (fence !== undefined && !fence.alive) throw new FencedError();
    const name = nameOf(records[0]!);
    while (kafka.leaderless.has(name)) {
      await kafka.delay(100);
      if (this.crashed) return never();
    }
    if (fence !== undefined && !fence.alive) throw new FencedError();
    const cut = Math.floor(kafka.random() * (records.length + 1));
    await kafka.delay(10);
    if (this.crashed && !(await this.lands())) return never();
    for (const record of records.slice(0, cut)) kafka.append(record);
    await kafka.delay(10);
    if (this.crashed && !(await this.lands())) return never();
    for (const record of records.slice(cut)) kafka.append(record);
    // An attempt that was given up and repeated, and has landed all the same.
    if (kafka.random() < 0.05) for (const record of records) kafka.append(record);
    await kafka.delay(10);
    if (this.crashed) return never();
  }

  private async lands(): Promise<boolean> {
    if (this.kafka.lateMs === 0 || this.kafka.random() < 0.5) return false;
    await this.kafka.delay(this.kafka.lateMs);
    return true;
  }
}

/** One partition of a topic, as the simulation calls its log. */
export function nameOf({ topic, partition }: Pick<OutRecord, "topic" | "partition">): string {
  return partition === 0 ? topic : `${topic}/${partition}`;
}

function never(): Promise<never> {
  return new Promise(() => {});
}
