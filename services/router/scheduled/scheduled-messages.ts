import { headerText, type InRecord } from "../../../platform/kafka/record.ts";
import type { ChangelogCopy, Wanted } from "../../../platform/store/changelog-copy.ts";
import type { PartitionStore, Table } from "../../../platform/store/partition-store.ts";
import { LANES } from "../../../schemas/topics.ts";
import { readScheduledKey, type ScheduledKey } from "./scheduled-key.ts";

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

/** A message's row: attempts that wait, and how many stand in rows beside it. */
interface MessageRow {
  readonly entries: readonly Entry[];
  readonly beside: number;
}

/**
 * So many of a message stand in its row, which is written anew with each. One id may be that of a whole campaign: what comes beyond stands in a thousand
 * rows, by the last digits of the destination.
 */
const MOST_TOGETHER = 64;
const BESIDE = 1_000;

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
    const before = this.entryOf(partition, key);
    if (before !== undefined) this.due.delete(partition, dueKey(before));
    const entry: Entry | undefined = value === null ? undefined : [key, lane, Math.floor(due)];
    if (entry !== undefined) {
      this.due.put(partition, dueKey(entry), dueRow(headerText(record, "traceparent") ?? "", value!));
      if (entry[2] < this.earliestOf(partition)) this.earliest.set(partition, entry[2]);
    }
    this.note(partition, named, before, entry);
    if (value === null) this.listeners.get(partition)?.gone(key);
  }

  /** Puts one entry in the place of another one of its key, into whichever row has that. */
  private note(partition: number, named: ScheduledKey, before: Entry | undefined, entry: Entry | undefined): void {
    if (before === undefined && entry === undefined) return;
    const id = Buffer.from(named.messageId);
    const { entries, beside } = this.rowOf(partition, id);
    const isHere = before !== undefined && entries.some(([key]) => key === before[0]);
    if (isHere || (before === undefined && entries.length < MOST_TOGETHER)) {
      this.put(partition, id, { entries: exchanged(entries, before, entry), beside });
      return;
    }
    const other = besideOf(named.messageId, placeOf(named.to));
    const moved = (entry === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    this.put(partition, other, { entries: exchanged(this.rowOf(partition, other).entries, before, entry), beside: 0 });
    if (moved !== 0) this.put(partition, id, { entries, beside: beside + moved });
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

  /** Keys under which a message waits in a partition: one for each of its destinations there. `to`: only to this one. */
  keysOf(partition: number, messageId: string, to?: string): string[] {
    const { entries, beside } = this.rowOf(partition, Buffer.from(messageId));
    const keys = entries.map(([key]) => key);
    const [first, last] = to === undefined ? [0, BESIDE - 1] : [placeOf(to), placeOf(to)];
    for (let place = first, left = beside; left > 0 && place <= last; place++) {
      const others = this.rowOf(partition, besideOf(messageId, place)).entries;
      keys.push(...others.map(([key]) => key));
      left -= others.length;
    }
    return to === undefined ? keys : keys.filter((key) => readScheduledKey(key)?.to === to);
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
    const named = readScheduledKey(key);
    if (named === undefined) return undefined;
    const { entries, beside } = this.rowOf(partition, Buffer.from(named.messageId));
    const here = entries.find(([of]) => of === key);
    if (here !== undefined || beside === 0) return here;
    const other = this.rowOf(partition, besideOf(named.messageId, placeOf(named.to)));
    return other.entries.find(([of]) => of === key);
  }

  private rowOf(partition: number, id: Buffer): MessageRow {
    const octets = this.messages.get(partition, id);
    if (octets === undefined) return { entries: [], beside: 0 };
    const row = JSON.parse(octets.toString()) as readonly Entry[] | MessageRow;
    return "beside" in row ? row : { entries: row, beside: 0 };
  }

  private put(partition: number, id: Buffer, { entries, beside }: MessageRow): void {
    if (entries.length === 0 && beside === 0) this.messages.delete(partition, id);
    else this.messages.put(partition, id, Buffer.from(JSON.stringify(beside === 0 ? entries : { entries, beside })));
  }
}

function exchanged(entries: readonly Entry[], before: Entry | undefined, entry: Entry | undefined): readonly Entry[] {
  const others = entries.filter(([key]) => key !== before?.[0]);
  return entry === undefined ? others : [...others, entry];
}

/** Which of the rows beside a message's own a destination's stand in. */
function placeOf(to: string): number {
  return Number(to.slice(-3));
}

/** A row beside a message's own. No message id has a slash. */
function besideOf(messageId: string, place: number): Buffer {
  return Buffer.from(`${messageId}/${place}`);
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
