import { headerText, type InRecord } from "../../../platform/kafka/record.ts";
import type { ChangelogCopy, Wanted } from "../../../platform/store/changelog-copy.ts";
import type { PartitionStore, Table } from "../../../platform/store/partition-store.ts";
import { LANES } from "../../../schemas/topics.ts";
import { readScheduledKey } from "./scheduled-key.ts";

/** Tables of the store: what waits by lane and time, and what waits of a message. */
export const SCHEDULED_TABLES = ["scheduled.due", "scheduled.message"] as const;

/** Headers of a record of sms.scheduled: its lane, and when it is due, epoch ms. */
export const LANE_HEADER = "lane";
export const DUE_HEADER = "due";
/** Header of a record of sms.due: its key in sms.scheduled. */
export const SCHEDULED_HEADER = "scheduled";

/** A message that waits, as it was written: a Retry, and the trace that it is in. */
export interface WaitingMessage {
  readonly key: string;
  /** Epoch ms. */
  readonly due: number;
  readonly value: Buffer;
  /** `traceparent`; empty: none. */
  readonly trace: string;
}

/** Who is told what the copy learns of a partition. */
export interface ScheduleListener {
  /** It does not wait any more. */
  gone(key: string): void;
}

/** What a row of `scheduled.message` says of each attempt that waits. */
type Entry = readonly [key: string, lane: number, due: number];

/**
 * The messages that wait for their time, as every router has them on disk: a copy of sms.scheduled (docs/decisions/0019). Of all partitions: who
 * owns one releases what is due of it (PartitionSchedule).
 */
export class ScheduledMessages {
  private readonly due: Table;
  private readonly messages: Table;
  /** By partition: nothing that waits is due before this, epoch ms. */
  private readonly earliest = new Map<number, number>();
  private readonly listeners = new Map<number, ScheduleListener>();
  private readonly onUnreadable: () => void;
  private copy: Pick<ChangelogCopy, "caughtUp" | "lag"> | undefined;
  private wasComplete = false;

  constructor(store: Pick<PartitionStore, "table">, onUnreadable: () => void = () => {}) {
    this.due = store.table(SCHEDULED_TABLES[0]);
    this.messages = store.table(SCHEDULED_TABLES[1]);
    this.onUnreadable = onUnreadable;
  }

  /** The copy that calls `apply`; given once it is there. */
  follow(copy: Pick<ChangelogCopy, "caughtUp" | "lag">): void {
    this.copy = copy;
  }

  /** A record of sms.scheduled; one without a value says that the message does not wait any more. */
  apply(record: InRecord): void {
    const { partition, value } = record;
    const key = record.key?.toString() ?? "";
    const named = readScheduledKey(key);
    const lane = (LANES as readonly unknown[]).indexOf(headerText(record, LANE_HEADER));
    const due = Number(headerText(record, DUE_HEADER));
    if (named === undefined || (value !== null && (lane < 0 || !(due > 0 && due <= Number.MAX_SAFE_INTEGER)))) {
      this.onUnreadable();
      return;
    }
    const id = Buffer.from(named.messageId);
    const entries = this.entriesOf(partition, id);
    const before = entries.find(([of]) => of === key);
    if (before !== undefined) this.due.delete(partition, dueKey(before));
    const others = entries.filter((entry) => entry !== before);
    if (value !== null) {
      const entry: Entry = [key, lane, Math.floor(due)];
      others.push(entry);
      this.due.put(partition, dueKey(entry), dueRow(headerText(record, "traceparent") ?? "", value));
      if (entry[2] < this.earliestOf(partition)) this.earliest.set(partition, entry[2]);
    }
    if (others.length > 0) this.messages.put(partition, id, Buffer.from(JSON.stringify(others)));
    else if (before !== undefined) this.messages.delete(partition, id);
    if (value === null) this.listeners.get(partition)?.gone(key);
  }

  /** Told of the partition from now on; of one owner at a time. */
  listen(partition: number, listener: ScheduleListener): void {
    this.listeners.set(partition, listener);
  }

  /** Resolves with true when all that the log has at the call is here. Throws when Kafka does not answer. */
  async caughtUp(partition: number, wanted?: Wanted): Promise<boolean> {
    return (await this.copy?.caughtUp(partition, wanted)) ?? false;
  }

  /** Whether all partitions have been read to their ends since the start. */
  get complete(): boolean {
    this.wasComplete ||= this.copy?.lag === 0;
    return this.wasComplete;
  }

  /** What waits under this key; undefined: nothing does. */
  get(partition: number, key: string): WaitingMessage | undefined {
    const entry = this.entryOf(partition, key);
    const row = entry === undefined ? undefined : this.due.get(partition, dueKey(entry));
    return row === undefined ? undefined : { key, due: entry![2], ...readRow(row) };
  }

  has(partition: number, key: string): boolean {
    return this.entryOf(partition, key) !== undefined;
  }

  /** Keys under which a message waits in a partition: one for each of its destinations there. */
  keysOf(partition: number, messageId: string): string[] {
    return this.entriesOf(partition, Buffer.from(messageId)).map(([key]) => key);
  }

  /** Nothing of the partition is due before, epoch ms. */
  earliestOf(partition: number): number {
    return this.earliest.get(partition) ?? 0;
  }

  /** What is due by `now`, urgent lanes first and of each lane the oldest, `limit` of a lane at the most. */
  async dueBy(partition: number, now: number, limit: number): Promise<WaitingMessage[]> {
    // What comes meanwhile tells of itself.
    this.earliest.set(partition, Number.POSITIVE_INFINITY);
    let earliest = Number.POSITIVE_INFINITY;
    const found: WaitingMessage[] = [];
    try {
      for (let lane = 0; lane < LANES.length; lane++) {
        const bounds = { from: Buffer.of(lane), below: Buffer.of(lane + 1), limit: limit + 1 };
        for (const [at, row] of await this.due.range(partition, bounds)) {
          const due = at.readUIntBE(1, DUE_OCTETS);
          earliest = Math.min(earliest, due);
          if (due > now) break;
          found.push({ key: at.toString("latin1", 1 + DUE_OCTETS), due, ...readRow(row) });
        }
      }
    } catch (error) {
      earliest = 0;
      throw error;
    } finally {
      this.earliest.set(partition, Math.min(earliest, this.earliestOf(partition)));
    }
    return found;
  }

  private entryOf(partition: number, key: string): Entry | undefined {
    const id = Buffer.from(key.slice(0, Math.max(0, key.indexOf("/"))));
    return this.entriesOf(partition, id).find(([of]) => of === key);
  }

  private entriesOf(partition: number, messageId: Buffer): Entry[] {
    const row = this.messages.get(partition, messageId);
    return row === undefined ? [] : (JSON.parse(row.toString()) as Entry[]);
  }
}

/** Octets of a time in a key: milliseconds until the year 10889. */
const DUE_OCTETS = 6;

/** Sorts by lane and time. */
function dueKey([key, lane, due]: Entry): Buffer {
  const at = Buffer.allocUnsafe(1 + DUE_OCTETS + key.length);
  at[0] = lane;
  at.writeUIntBE(Math.min(due, 2 ** 48 - 1), 1, DUE_OCTETS);
  at.write(key, 1 + DUE_OCTETS, "latin1");
  return at;
}

function dueRow(trace: string, value: Buffer): Buffer {
  const text = trace.length < 256 ? Buffer.from(trace, "latin1") : Buffer.alloc(0);
  return Buffer.concat([Buffer.of(text.length), text, value]);
}

function readRow(row: Buffer): Pick<WaitingMessage, "trace" | "value"> {
  const end = 1 + row[0]!;
  return { trace: row.toString("latin1", 1, end), value: row.subarray(end) };
}
