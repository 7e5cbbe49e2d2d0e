/**
 * A consumer group of co-partitioned tasks. KafkaJS only fetches: its callbacks put records into the queue of the task
 * that owns the partition and return, so heartbeats are never late and a slow partition holds up no other. What KafkaJS
 * leaves open is closed here: offsets survive a rebalance only when the partition never left, work of an older fetch is
 * recognised by the offset it was fetched at, pauses are renewed after each join, a lapsed lease ends all tasks.
 * Longer than other files because the client, the assignment and the tasks change together, event by event.
 */
import type { Admin, Consumer, EachBatchPayload } from "kafkajs";
import { checkTopics, connectAdmin } from "./admin-connection.ts";
import { coPartitionedAssigner } from "./assignor.ts";
import { type CommitRequest, Commits } from "./commits.ts";
import { readCommitted } from "./committed-offsets.ts";
import { type KafkaConnection, kafkaClient } from "./connection.ts";
import { GenerationCommit } from "./generation-commit.ts";
import type { GroupStatus } from "./group-status.ts";
import { Lease } from "./lease.ts";
import type { Predecessor } from "./predecessor.ts";
import { seldom, toRecord } from "./record.ts";
import { faultsInRow, restartDelayMs } from "./restart-delay.ts";
import { Task, type TaskHost, type TaskInput } from "./task.ts";
import { tellOfFault } from "./task-fault.ts";
import { isKnown, topicMarks } from "./topic-marks.ts";

export interface TaskGroupOptions {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  /** Input topics, most urgent first; all have `partitions` partitions. */
  readonly topics: readonly string[];
  readonly partitions: number;
  /** The loop of one task: restores, calls `task.begin()`, works while `task.taking`, returns when it is not. */
  readonly run: (task: Task) => Promise<void>;
  /** Takes out of the group who had this process's place before. Undefined: its session is waited for. */
  readonly predecessor?: Predecessor | undefined;
  /** Session time-out, ms. Default 10,000: how long a killed instance's partitions wait; half of it is the freeze limit. */
  readonly sessionTimeoutMs?: number;
  readonly heartbeatMs?: number;
  /** Records queued for one input before its fetching is paused. Default 2,000. */
  readonly maxQueued?: number;
  /** Octets queued for one input before its fetching is paused: records may be large. Default 4 MiB. */
  readonly maxQueuedBytes?: number;
  readonly maxBytesPerPartition?: number;
  readonly minBytes?: number;
  readonly maxWaitMs?: number;
}

interface Slot {
  task: Task | undefined;
  ended: Promise<void>;
  failures: number;
  /** It ended before it had a task. */
  over: boolean;
  /** It failed last for want of a leader. */
  waits: boolean;
}

interface BatchStretch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: string | null;
  readonly lastOffset: string;
  readonly highWatermark: string;
}

const TICK_MS = 250;
const DEAD_SESSIONS = 3;
/** How long a group waits for members that do not join again: less than a lease (half a session), with room for a heartbeat before and the join itself. */
const REBALANCE_SESSIONS = 0.4;
/** How old the known end of an input may be while it is not fetched. */
const ENDS_MS = 1_000;

export class TaskGroup implements TaskHost {
  private readonly options: Required<Omit<TaskGroupOptions, "predecessor">> & Pick<TaskGroupOptions, "predecessor">;
  private readonly lease: Lease;
  /** Whether the lease was valid when it was last asked for. */
  private leaseHeld = false;
  private readonly commits: Commits;
  private readonly slots = new Map<number, Slot>();
  private readonly assigned = new Set<number>();
  private consumer: Consumer | undefined;
  private admin: Admin | undefined;
  private readonly idleCommit = new GenerationCommit();
  private commitFn: EachBatchPayload["commitOffsetsIfNecessary"] | undefined;
  private joining = true;
  private joinsSinceEvent = 0;
  private memberId = "";
  private lastRoundTrip = 0;
  private stopping = false;
  private restarting: Promise<void> | undefined;
  private ticker: NodeJS.Timeout | undefined;
  private clients = 0;
  private startedAt = 0;
  private endsAskedAt = 0;
  private askingEnds = false;
  private adminClients = 0;
  /** Why this instance is not in its group; undefined while it is, or nothing is known to be wrong. */
  private trouble: string | undefined;
  /** Monotonic time of the last fetch, ms. */
  private lastFetchAt = 0;
  readonly counters = { records: 0, joins: 0, lapses: 0, staleBatches: 0, taskFailures: 0 };

  constructor(options: TaskGroupOptions) {
    this.options = {
      sessionTimeoutMs: 10_000,
      heartbeatMs: 500,
      maxQueued: 2_000,
      maxQueuedBytes: 4 << 20,
      maxBytesPerPartition: 262_144,
      minBytes: 1,
      maxWaitMs: 100,
      ...options,
    };
    this.lease = new Lease(this.options.sessionTimeoutMs);
    this.commits = new Commits({
      topics: options.topics,
      log: options.connection.log,
      committer: () =>
        this.joining
          ? undefined
          : ((this.commitFn as ((r: CommitRequest) => Promise<void>) | undefined) ?? this.idleCommit.committer),
    });
  }

  get leaseValid(): boolean {
    const { valid } = this.lease;
    if (valid !== this.leaseHeld) this.leaseTurned(valid);
    return valid;
  }

  get status(): GroupStatus {
    let running = 0;
    const full = this.tasks.every((task) => task.inputs.every((input) => input.paused && input.length > 0));
    const waiting: number[] = [];
    for (const [partition, slot] of this.slots)
      if (slot.task?.alive) running++;
      else if (slot.waits && this.assigned.has(partition)) waiting.push(partition);
    const needsNoFetch = running > 0 ? full : waiting.length > 0;
    return {
      joined: !this.joining,
      trouble: this.trouble,
      assigned: [...this.assigned],
      running,
      waiting,
      fetchAgeMs: needsNoFetch ? 0 : performance.now() - this.lastFetchAt,
      leaseValid: this.lease.valid,
    };
  }

  /** The live tasks, for metrics. */
  get tasks(): Task[] {
    return [...this.slots.values()].flatMap((slot) => (slot.task?.alive ? [slot.task] : []));
  }

  /**
   * Joins the group in the background, and again whenever that fails.
   * @throws when Kafka does not answer or a topic is missing: call it again. SluiceError `PARTITIONS_MISMATCH` (permanent).
   */
  async start(): Promise<void> {
    if (this.ticker !== undefined) return;
    const { connection, topics, partitions, predecessor } = this.options;
    this.admin ??= await connectAdmin(connection, this.adminClients++);
    await checkTopics(this.admin, topics, partitions);
    await predecessor?.leave();
    this.ticker ??= setInterval(() => this.tick(), TICK_MS);
    if (this.clients === 0) void this.connect();
  }

  /** Drains all tasks (up to `deadlineMs`), commits, leaves the group. */
  async stop(deadlineMs = 8_000): Promise<void> {
    this.stopping = true;
    for (const slot of this.slots.values()) {
      if (slot.task === undefined) continue;
      slot.task.draining = true;
      slot.task.wake();
    }
    const all = Promise.all([...this.slots.values()].map((slot) => slot.ended));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, deadlineMs).unref())]);
    for (const slot of this.slots.values()) slot.task?.revoke();
    if (this.ticker !== undefined) clearInterval(this.ticker);
    await Promise.race([
      (async () => {
        await this.restarting;
        await this.consumer?.disconnect().catch(() => {});
        await this.admin?.disconnect().catch(() => {});
      })(),
      new Promise((resolve) => setTimeout(resolve, 5_000).unref()),
    ]);
  }

  resume(task: Task, input: TaskInput): void {
    if (this.slots.get(task.partition)?.task !== task) return;
    input.paused = false;
    this.consumer?.resume([{ topic: input.topic, partitions: [task.partition] }]);
  }

  commit(task: Task, offsets: readonly number[], state: string): Promise<boolean> {
    return this.commits.commit(task, offsets, state);
  }

  private async connect(): Promise<void> {
    const { options } = this;
    this.startedAt = performance.now();
    this.joining = true;
    this.commitFn = undefined;
    const current = () => this.consumer === consumer;
    const consumer: Consumer = kafkaClient(options.connection, 3, this.clients++).consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      // A member that is killed and comes back at once has the others wait for its old self. For as long no heartbeat is
      // answered, and a lease that lapses meanwhile would put the work of the living in doubt.
      rebalanceTimeout: options.sessionTimeoutMs * REBALANCE_SESSIONS,
      heartbeatInterval: options.heartbeatMs,
      maxBytesPerPartition: options.maxBytesPerPartition,
      maxBytes: 16 << 20,
      minBytes: options.minBytes,
      maxWaitTimeInMs: options.maxWaitMs,
      allowAutoTopicCreation: false,
      // We restart with a new client ourselves: KafkaJS would go on with tasks that it knows nothing of.
      retry: { retries: 3, restartOnFailure: async () => false },
      partitionAssigners: [
        this.idleCommit.listen(
          coPartitionedAssigner({
            partitions: options.partitions,
            // Who fell silent has lost what it owned: to claim it would take it back from its new owner.
            owned: () => (this.lease.valid ? [...this.assigned] : []),
            joining: () => {
              // A client that was given up may still be joining somewhere.
              if (!current()) return;
              this.joining = true;
              this.joinsSinceEvent++;
              this.idleCommit.forget();
            },
          }),
        ),
      ],
    });
    this.consumer = consumer;
    this.observe(consumer, current);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => this.enqueue(payload),
      });
    } catch (error) {
      this.restart(error as Error);
    }
  }

  private observe(consumer: Consumer, current: () => boolean): void {
    consumer.on(consumer.events.REQUEST, ({ payload }) => {
      if (payload.apiName === "Heartbeat" || payload.apiName === "SyncGroup") this.lastRoundTrip = payload.duration;
      if (payload.apiName === "Fetch") this.lastFetchAt = performance.now();
    });
    consumer.on(consumer.events.HEARTBEAT, ({ payload }) => {
      if (!current()) return;
      this.lease.confirm(this.lastRoundTrip);
      if (!this.joining) this.idleCommit.confirmed(payload);
    });
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      if (current() && payload.batchSize === 0) this.passEmpty(payload);
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (current()) this.joined(payload.memberId, payload.memberAssignment[this.options.topics[0]!] ?? []);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (current()) this.restart(payload.error);
    });
  }

  /** The client has failed: everything it owned is gone. Begin again with a new one. */
  private restart(cause: Error): void {
    if (this.stopping || this.restarting !== undefined) return;
    this.trouble = cause.message;
    const { connection, groupId } = this.options;
    seldom(connection.log, `lost-${groupId}`).warn(
      { group: groupId, cause: cause.message },
      "waiting for kafka: consumer lost; connecting again",
    );
    const old = this.consumer;
    this.consumer = undefined;
    this.joining = true;
    this.assigned.clear();
    for (const slot of this.slots.values()) slot.task?.revoke();
    this.commits.poke();
    this.restarting = (async () => {
      await Promise.race([old?.disconnect().catch(() => {}), new Promise((r) => setTimeout(r, 2_000))]);
      await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1_000));
    })().then(() => {
      this.restarting = undefined;
      if (!this.stopping) void this.connect();
    });
  }

  private joined(memberId: string, partitions: readonly number[]): void {
    this.lease.confirm(this.lastRoundTrip);
    this.counters.joins++;
    // More than one join since the last event, or a new member id (the group had put us out): another member may have
    // owned our partitions in between.
    const continuous = this.joinsSinceEvent === 1 && memberId === this.memberId;
    if (memberId !== this.memberId) this.options.predecessor?.joined(memberId);
    this.memberId = memberId;
    this.joinsSinceEvent = 0;
    this.joining = false;
    this.trouble = undefined;
    const now = new Set(partitions);
    for (const [partition, slot] of this.slots) if (!now.has(partition) || !continuous) slot.task?.revoke();
    this.assigned.clear();
    for (const partition of partitions) {
      this.assigned.add(partition);
      const task = this.slots.get(partition)?.task;
      for (const topic of this.options.topics) this.consumer!.pause([{ topic, partitions: [partition] }]);
      if (task?.alive)
        for (const input of task.inputs) {
          this.consumer!.seek({ topic: input.topic, partition, offset: String(input.expected) });
          if (!input.paused) this.consumer!.resume([{ topic: input.topic, partitions: [partition] }]);
        }
    }
    this.commits.poke();
    this.tick();
  }

  /** Starts a task for every owned partition that has none; restarts the client when the group has been silent for too long. */
  private tick(): void {
    if (this.stopping) return;
    const silent = Math.min(this.lease.age, performance.now() - this.startedAt);
    if (silent > this.options.sessionTimeoutMs * DEAD_SESSIONS) {
      // KafkaJS sends heartbeats by the wall clock: set back, it falls silent for as long.
      this.restart(new Error(`No heartbeat answered for ${Math.round(silent)} ms`));
      return;
    }
    if (this.joining || !this.leaseValid) {
      for (const slot of this.slots.values()) if (slot.task !== undefined && !slot.task.alive) slot.task.wake();
      return;
    }
    this.askEnds();
    for (const partition of this.assigned) {
      const slot = this.slots.get(partition);
      if (slot?.task?.alive) continue;
      if (slot !== undefined && slot.task === undefined && !slot.over) continue;
      const { failures = 0, waits = false } = slot ?? {};
      const next: Slot = { task: undefined, ended: Promise.resolve(), failures, over: false, waits };
      this.slots.set(partition, next);
      next.ended = this.runSlot(partition, next, slot?.ended ?? Promise.resolve());
    }
    for (const [partition, slot] of this.slots)
      if (!this.assigned.has(partition) && (slot.over || slot.task?.alive === false)) this.forget(partition, slot);
  }

  /** An input that is full is not fetched, and so does not hear of what is written behind it: its backlog would stand still. */
  private askEnds(): void {
    const now = performance.now();
    const full = this.tasks.flatMap((task) => task.inputs.filter((input) => input.paused && input.length > 0));
    if (full.length === 0 || this.askingEnds || now - this.endsAskedAt < ENDS_MS) return;
    this.askingEnds = true;
    this.endsAskedAt = now;
    const { admin } = this;
    const ask = async (topic: string) => {
      for (const [partition, marks] of (await topicMarks(admin!, topic)).entries()) {
        const input = this.slots.get(partition)?.task?.inputs.find((one) => one.topic === topic);
        if (input !== undefined && isKnown(marks)) input.end = Math.max(input.end, marks.high);
      }
    };
    Promise.all([...new Set(full.map(({ topic }) => topic))].map(ask))
      .catch((error: Error) =>
        this.options.connection.log.debug({ cause: error.message }, "Could not ask for the inputs' ends"),
      )
      .finally(() => {
        this.askingEnds = false;
      });
  }

  /** Tasks end with a lapsed lease, and what they had in flight is in doubt: whoever runs this must be able to see why. */
  private leaseTurned(valid: boolean): void {
    this.leaseHeld = valid;
    if (valid || this.stopping) return;
    this.counters.lapses++;
    const { connection, groupId } = this.options;
    const silentMs = Math.round(this.lease.age);
    connection.log.warn(
      { group: groupId, silentMs },
      "waiting for kafka: no heartbeat was answered for half a session; the tasks end here",
    );
  }

  private forget(partition: number, slot: Slot): void {
    void slot.ended.then(() => {
      if (this.slots.get(partition) === slot) this.slots.delete(partition);
    });
  }

  private async runSlot(partition: number, slot: Slot, before: Promise<void>): Promise<void> {
    const { log } = this.options.connection;
    let task: Task | undefined;
    let began = performance.now();
    try {
      await before;
      if (slot.failures > 0)
        await new Promise((resolve) => setTimeout(resolve, restartDelayMs(slot.failures, slot.waits)));
      began = performance.now();
      const epoch = this.counters.joins;
      const restored = await readCommitted(this.admin!, this.options, partition);
      // After another join the partition may have been elsewhere in between: what was read is no longer certain.
      if (
        epoch !== this.counters.joins ||
        !this.assigned.has(partition) ||
        this.slots.get(partition) !== slot ||
        this.stopping
      ) {
        if (this.slots.get(partition) === slot) this.slots.delete(partition);
        return;
      }
      task = new Task(
        this,
        partition,
        this.options.topics,
        restored,
        this.options.maxQueued >> 1,
        this.options.maxQueuedBytes >> 1,
      );
      slot.task = task;
      slot.waits = false;
      for (const input of task.inputs)
        this.consumer?.seek({ topic: input.topic, partition, offset: String(input.expected) });
      await this.options.run(task);
      slot.failures = 0;
    } catch (error) {
      if (task?.alive !== false) {
        slot.failures = faultsInRow(slot.failures, performance.now() - began);
        slot.waits = tellOfFault(log, { group: this.options.groupId, partition, err: error });
        if (!slot.waits) this.counters.taskFailures++;
      }
    }
    if (task === undefined) slot.over = true;
    else task.revoke();
  }

  /**
   * A stretch of a transactional writer's control or aborted records: KafkaJS passes it without a word to `eachBatch`. It
   * must count as read, or the fetch behind it would be taken for one of another owner, and be repeated without end.
   */
  private passEmpty(stretch: BatchStretch): void {
    const input = this.slots.get(stretch.partition)?.task?.inputs.find((i) => i.topic === stretch.topic);
    const last = Number(stretch.lastOffset);
    if (input === undefined || stretch.firstOffset === null || Number(stretch.firstOffset) > input.expected) return;
    input.expected = Math.max(input.expected, last + 1);
    input.end = Math.max(input.end, Number(stretch.highWatermark));
  }

  private enqueue({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): void {
    this.commitFn = commitOffsetsIfNecessary;
    const task = this.slots.get(batch.partition)?.task;
    const input = task?.inputs.find((i) => i.topic === batch.topic);
    if (task === undefined || input === undefined || !task.alive || this.joining) return;
    const fetched = Number((batch as { fetchedOffset?: string }).fetchedOffset ?? batch.firstOffset());
    if (fetched > input.expected) {
      // Fetched for an owner that had read further, or before a seek: not ours to take.
      this.counters.staleBatches++;
      this.consumer?.seek({ topic: batch.topic, partition: batch.partition, offset: String(input.expected) });
      return;
    }
    input.end = Number(batch.highWatermark);
    for (const message of batch.messages) {
      const offset = Number(message.offset);
      if (offset < input.expected) continue;
      input.push(toRecord(batch.topic, batch.partition, offset, message));
      input.expected = offset + 1;
      this.counters.records++;
    }
    const last = Number(batch.lastOffset());
    if (last >= input.expected) input.expected = last + 1;
    resolveOffset(batch.lastOffset());
    const { maxQueued, maxQueuedBytes } = this.options;
    if ((input.length > maxQueued || input.bytes > maxQueuedBytes) && !input.paused) {
      input.paused = true;
      this.consumer?.pause([{ topic: batch.topic, partitions: [batch.partition] }]);
    }
    task.wake();
  }
}
