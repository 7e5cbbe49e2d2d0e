import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import { headerText, type InRecord, type KafkaLog, type OutRecord, seldom } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import { CANCELS_TOPIC, DUE_TOPIC, ROUTER_INPUTS, SCHEDULED_TOPIC } from "../../../schemas/topics.ts";
import { readScheduledKey } from "./scheduled-key.ts";
import { DUE_HEADER, SCHEDULED_HEADER, type ScheduledMessages, type WaitingMessage } from "./scheduled-messages.ts";

export interface PartitionScheduleOptions {
  readonly scheduled: ScheduledMessages;
  readonly log: KafkaLog;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly monotonic: () => number;
  /** Whether the decision that let a message wait is still to be carried out again, so that it would be written anew. */
  readonly isInherited: (key: string) => boolean;
}

/** A message in sms.scheduled, or on its way there. */
export interface Standing {
  readonly key: string;
  readonly value: Buffer;
  /** It waits for its time; else it has been decided on. */
  readonly waits: boolean;
}

/** Messages of a lane that are released in one go. */
const RELEASED = 200;
/** Messages that have been released and not been decided, at the most: what is more urgent overtakes the rest. */
const MOST_RELEASED = 500;
/** Between two looks at what is due, ms. */
const LOOK_EVERY_MS = 50;
/** Until it is asked again how far the copy is, ms. */
const AGAIN_MS = 500;
const DUE_INPUT = ROUTER_INPUTS.indexOf(DUE_TOPIC);

/**
 * Releases the messages of one partition whose time has come: each goes into sms.due, is decided there as any other, and with the decision goes
 * its record in sms.scheduled. So it is here until the log has a decision about it. A new owner releases nothing before it has
 * read what the last one released; what both have released is known by its key.
 */
export class PartitionSchedule {
  private readonly options: PartitionScheduleOptions;
  private readonly task: Task;
  /** Released by this owner, and not decided. */
  private readonly released = new Set<string>();
  /** Decided by this owner, and the copy still has it. */
  private readonly decided = new Set<string>();
  /** Of those: what was decided is that it waits anew, for this, which the copy may not have yet. */
  private readonly anew = new Map<string, OutRecord>();
  private found: WaitingMessage[] = [];
  private looking = false;
  private lookAt = 0;
  private caughtUp = false;
  /** Whether what waits in all partitions is known. */
  private complete = false;
  private drained = false;

  constructor(task: Task, options: PartitionScheduleOptions) {
    this.task = task;
    this.options = options;
    options.scheduled.listen(task.partition, {
      gone: (key) => {
        this.decided.delete(key);
        this.anew.delete(key);
        this.released.delete(key);
      },
    });
  }

  /** Begins to wait for the copy, beside whatever else the task does. */
  begin(): void {
    void this.catchUp();
  }

  /** Whether records of this input have to wait, since it is not known yet what is scheduled. */
  holds(topic: string): boolean {
    if (this.caughtUp && this.complete) return false;
    if (topic === DUE_TOPIC) return !this.caughtUp;
    if (topic !== CANCELS_TOPIC) return false;
    this.complete = this.options.scheduled.complete;
    return !this.complete || !this.caughtUp;
  }

  /** Whether a message waits for its time, as far as nobody has decided otherwise. */
  waits(key: string): boolean {
    return !this.decided.has(key) && this.options.scheduled.has(this.task.partition, key);
  }

  /** A decision about the message is made. @returns the record that takes it out of sms.scheduled, to be written once the decision stands */
  end(key: string): OutRecord {
    this.released.delete(key);
    if (this.options.scheduled.has(this.task.partition, key)) this.decided.add(key);
    return { topic: SCHEDULED_TOPIC, partition: this.task.partition, key, value: null };
  }

  /** The message of this record of sms.due does not wait for its time any more, whatever comes of it. */
  endOf(record: InRecord, out: Pick<Outputs, "effect">): void {
    const key = headerText(record, SCHEDULED_HEADER);
    if (key !== undefined && readScheduledKey(key) !== undefined) out.effect(this.end(key));
  }

  /** The message of this record of sms.due waits anew. `next`: as it goes into sms.scheduled, in front of what takes the old one out. */
  waitsAnew(record: InRecord, next: OutRecord): void {
    const key = record.topic === DUE_TOPIC ? headerText(record, SCHEDULED_HEADER) : undefined;
    if (key !== undefined && this.options.scheduled.has(this.task.partition, key)) this.anew.set(key, next);
  }

  /** What stands under this key, or what the message waits anew for since; undefined: nothing does. */
  standing(key: string): Standing | undefined {
    let found: Pick<Standing, "key" | "value"> | undefined = this.options.scheduled.get(this.task.partition, key);
    for (let next = this.anew.get(key); next !== undefined; next = this.anew.get(found.key))
      found = { key: next.key as string, value: next.value! };
    return found === undefined ? undefined : { ...found, waits: !this.decided.has(found.key) };
  }

  /** What is released now. */
  release(): OutRecord[] {
    if (!this.mayRelease()) return [];
    this.look();
    const { found } = this;
    this.found = [];
    const records: OutRecord[] = [];
    for (const message of found) {
      if (this.released.size >= MOST_RELEASED) break;
      const { key } = message;
      // It may have gone since it was found.
      if (this.released.has(key) || !this.waits(key) || this.options.isInherited(key)) continue;
      this.released.add(key);
      records.push(this.dueRecord(message));
    }
    return records;
  }

  private mayRelease(): boolean {
    if (!this.caughtUp || this.task.draining) return false;
    if (!this.drained) {
      const input = this.task.inputs[DUE_INPUT]!;
      const end = this.task.restored.ends?.[DUE_INPUT] ?? 0;
      this.drained = input.length === 0 && input.expected >= end;
    }
    return this.drained;
  }

  private look(): void {
    const { scheduled, now, monotonic, log } = this.options;
    const { partition } = this.task;
    const at = monotonic();
    if (this.looking || scheduled.earliestOf(partition) > now() || at < this.lookAt) return;
    this.looking = true;
    this.lookAt = at + LOOK_EVERY_MS;
    // Those that are on their way stand before all others.
    const limit = RELEASED + this.released.size + this.decided.size;
    scheduled.dueBy(partition, now(), limit).then(
      (found) => {
        this.looking = false;
        this.found = found;
        if (found.length > 0) this.task.wake();
      },
      (error: unknown) => {
        this.looking = false;
        seldom(log, "scheduled").warn({ partition, cause: errorMessage(error) }, "What is due cannot be read");
      },
    );
  }

  private dueRecord({ key, due, value, trace }: WaitingMessage): OutRecord {
    const { messageId, to, attempt } = readScheduledKey(key)!;
    const headers = {
      ...(trace === "" ? {} : { traceparent: trace }),
      id: `${messageId}/${attempt}/retry`,
      [DUE_HEADER]: String(due),
      [SCHEDULED_HEADER]: key,
    };
    return { topic: DUE_TOPIC, partition: this.task.partition, key: to, value, headers };
  }

  private async catchUp(): Promise<void> {
    const { task, options } = this;
    while (task.alive && !this.caughtUp) {
      try {
        this.caughtUp = await options.scheduled.caughtUp(task.partition, task);
      } catch (error) {
        const fields = { partition: task.partition, cause: errorMessage(error) };
        seldom(options.log, "scheduled").warn(fields, "waiting for kafka: how far sms.scheduled goes is not known");
      }
      if (!this.caughtUp) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
    }
    task.wake();
  }
}
