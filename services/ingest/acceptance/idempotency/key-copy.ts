/** Which keys stand for which messages, in this process: a copy on disk of sms.request-keys (docs/decisions/0024-idempotency-keys.md). */
import type { Codec } from "../../../../platform/codec/codec.ts";
import { type InRecord, type KafkaLog, seldom } from "../../../../platform/kafka/record.ts";
import { askEvery } from "../../../../platform/lifecycle/ask-every.ts";
import { ChangelogCopy, type ChangelogSource } from "../../../../platform/store/changelog-copy.ts";
import type { PartitionStore, Table } from "../../../../platform/store/partition-store.ts";
import type { RequestKeys } from "../../../../schemas/generated/types.ts";
import { DELETE_RETENTION_MS, REQUEST_KEYS_MS, REQUEST_KEYS_TOPIC } from "../../../../schemas/topics.ts";
import { FINGERPRINT_OCTETS } from "./fingerprint.ts";
import { NAME_OCTETS, partitionOfName } from "./key-name.ts";

export const REQUEST_KEYS_TABLE = "request-keys";

/** A partition whose copy has not been at the log's end for so long is not gone by, ms. Shorter than routers remember a repeat, by far. */
const STALE_MS = 10_000;
/** Keys stand on disk by the day in which their messages were accepted, and a day goes as a whole, ms. */
const SLOT_MS = 24 * 3_600_000;
/** Days have numbers of one octet, which come again after 256 days. */
const SLOTS = 256;
/** Clocks of instances may differ by so much, ms. */
const SKEW_MS = 60_000;
/** A bit for each message of the largest batch, octets. */
const MOST_REJECTED = 10_000 / 8;
/** Rows of a range that are removed in one go, and how often, ms: some 20,000 a second. */
const SWEPT = 5_000;
const SWEEP_EVERY_MS = 250;

/** What a key stands for, as the log says. */
export interface KeyEntry {
  /** Base64. */
  readonly fingerprint: string;
  /** When its message was accepted, epoch ms. */
  readonly at: number;
  /** Whether the message is known to stand in the log. */
  readonly stored: boolean;
  /** Of a batch: a bit for each message that was rejected; may be shorter. */
  readonly rejected: Buffer;
}

export interface KeyCopyOptions {
  readonly store: PartitionStore;
  readonly source: ChangelogSource;
  readonly codec: Codec<RequestKeys>;
  /** Of the message topics. */
  readonly partitions: number;
  /** Told of each key that two instances took for two messages at the same time. */
  readonly onClash: () => void;
  readonly onUnreadable: () => void;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly onFault: (error: Error) => void;
  readonly log: KafkaLog;
  /** As ChangelogCopy has it. */
  readonly pollMs?: number;
}

export class KeyCopy {
  private readonly options: KeyCopyOptions;
  private readonly table: Table;
  private readonly copy: ChangelogCopy;
  private timer: NodeJS.Timeout | undefined;
  /** Where the round is, and of which first slot that counts; and of which the last round was that came to its end. */
  private readonly sweeping = { partition: 0, first: -1, done: -1 };

  constructor(options: KeyCopyOptions) {
    this.options = options;
    const { store, source, now, onFault, log, pollMs } = options;
    this.table = store.table(REQUEST_KEYS_TABLE);
    this.copy = new ChangelogCopy({
      ...{ store, source, now, onFault, log },
      ...(pollMs === undefined ? {} : { pollMs }),
      topic: REQUEST_KEYS_TOPIC,
      tables: [REQUEST_KEYS_TABLE],
      apply: (record) => this.apply(record),
      deleteRetentionMs: DELETE_RETENTION_MS,
    });
  }

  /** Throws when Kafka does not answer: call it again. */
  async start(): Promise<void> {
    await this.copy.start();
    this.timer ??= askEvery(
      SWEEP_EVERY_MS,
      () => this.sweep(),
      (error) => this.options.log.debug({ cause: error.message }, "Keys that are over cannot be removed"),
    );
  }

  stop(): void {
    clearInterval(this.timer);
    this.copy.stop();
  }

  get lag(): number {
    return this.copy.lag;
  }

  /** Partitions of sms.request-keys that have no leader, as far as known. */
  get leaderless(): readonly number[] {
    return this.copy.leaderless;
  }

  /** Partitions whose copy is so old that it is not gone by. */
  get oldPartitions(): number[] {
    return Array.from({ length: this.options.partitions }, (_, p) => p).filter((p) => !this.isCurrent(p));
  }

  /** Whether it is known what the log said of a key a moment ago. */
  current(name: Buffer): boolean {
    return this.isCurrent(partitionOfName(name, this.options.partitions));
  }

  /** What a key stands for; undefined: nothing within the last 24 hours. */
  find(name: Buffer): KeyEntry | undefined {
    const row = this.row(partitionOfName(name, this.options.partitions), name, this.options.now());
    return row?.entry;
  }

  private isCurrent(partition: number): boolean {
    return this.options.now() - this.copy.seenAt(partition) <= STALE_MS;
  }

  /** Removes some of what is over, of one partition after the other. */
  private async sweep(): Promise<void> {
    const { sweeping } = this;
    if (sweeping.partition === 0) sweeping.first = firstSlot(this.options.now());
    if (sweeping.done === sweeping.first) return;
    const { partition, first } = sweeping;
    const rows: Buffer[] = [];
    for (const [from, below] of over(first)) {
      const bounds = { from: Buffer.of(from), ...(below < SLOTS && { below: Buffer.of(below) }) };
      const found = await this.table.range(partition, { ...bounds, limit: SWEPT });
      rows.push(...found.map(([key]) => key));
    }
    for (const key of rows) this.table.delete(partition, key);
    if (rows.length >= SWEPT) return;
    sweeping.partition = (partition + 1) % this.options.partitions;
    if (sweeping.partition === 0) sweeping.done = first;
  }

  private row(partition: number, name: Buffer, at: number): { key: Buffer; entry: KeyEntry } | undefined {
    for (let slot = slotOf(at + SKEW_MS); slot >= firstSlot(at); slot--) {
      const key = rowKey(slot, name);
      const value = this.table.get(partition, key);
      const entry = value === undefined ? undefined : readEntry(value);
      if (entry !== undefined && entry.at > at - REQUEST_KEYS_MS) return { key, entry };
    }
    return undefined;
  }

  private apply(record: InRecord): void {
    const { partition, offset, value } = record;
    const said = value === null ? undefined : this.options.codec.decode(value);
    if (said?.ok !== true || !isPlausible(said.value, partition, this.options.partitions)) {
      this.options.onUnreadable();
      seldom(this.options.log, "unreadable-keys").error(
        { topic: REQUEST_KEYS_TOPIC, partition, offset },
        "A record of sms.request-keys cannot be understood: its keys do not count",
      );
      return;
    }
    const { stored, at, names, fingerprints, rejected } = said.value;
    if (!stored && at <= this.options.now() - REQUEST_KEYS_MS) return;
    for (let i = 0; i * NAME_OCTETS < names.length; i++) {
      const name = names.subarray(i * NAME_OCTETS, (i + 1) * NAME_OCTETS);
      const fingerprint = fingerprints.subarray(i * FINGERPRINT_OCTETS, (i + 1) * FINGERPRINT_OCTETS);
      if (stored) this.noteStored(partition, name, fingerprint, at);
      else this.noteTaken(partition, name, { fingerprint, at, stored, rejected });
    }
  }

  /** The first in the log's order has the key. */
  private noteTaken(partition: number, name: Buffer, row: Row): void {
    const held = this.row(partition, name, row.at);
    if (held === undefined) this.table.put(partition, rowKey(slotOf(row.at), name), writeEntry(row));
    else if (held.entry.fingerprint !== row.fingerprint.toString("base64")) this.options.onClash();
  }

  private noteStored(partition: number, name: Buffer, fingerprint: Buffer, at: number): void {
    const held = this.row(partition, name, at);
    if (held === undefined || held.entry.stored || held.entry.fingerprint !== fingerprint.toString("base64")) return;
    this.table.put(partition, held.key, writeEntry({ ...held.entry, fingerprint, stored: true }));
  }
}

function slotOf(at: number): number {
  return Math.floor(at / SLOT_MS);
}

/** The first slot that may have a key which counts. */
function firstSlot(at: number): number {
  return slotOf(at - REQUEST_KEYS_MS);
}

/** The ranges of slot octets, each from one on and below another, that are behind the first one that counts or far ahead of it. */
function over(first: number): (readonly [from: number, below: number])[] {
  const begin = first % SLOTS;
  // What counts, and a day ahead, are three slots.
  const end = (begin + 3) % SLOTS;
  return begin < end
    ? (
        [
          [0, begin],
          [end, SLOTS],
        ] as const
      ).filter(([from, below]) => from < below)
    : [[end, begin]];
}

function rowKey(slot: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.of(slot % SLOTS), name]);
}

type Row = Omit<KeyEntry, "fingerprint"> & { readonly fingerprint: Buffer };

/** Octets of a row without what was rejected. */
const ROW_OCTETS = FINGERPRINT_OCTETS + 7;

function writeEntry({ fingerprint, at, stored, rejected }: Row): Buffer {
  const value = Buffer.allocUnsafe(ROW_OCTETS + rejected.length);
  fingerprint.copy(value);
  value.writeUIntBE(at, FINGERPRINT_OCTETS, 6);
  value[ROW_OCTETS - 1] = stored ? 1 : 0;
  rejected.copy(value, ROW_OCTETS);
  return value;
}

function readEntry(value: Buffer): KeyEntry | undefined {
  if (value.length < ROW_OCTETS) return undefined;
  return {
    fingerprint: value.toString("base64", 0, FINGERPRINT_OCTETS),
    at: value.readUIntBE(FINGERPRINT_OCTETS, 6),
    stored: value[ROW_OCTETS - 1] === 1,
    rejected: value.subarray(ROW_OCTETS),
  };
}

/** Whoever produces may write anything there. */
function isPlausible(
  { at, names, fingerprints, rejected }: RequestKeys,
  partition: number,
  partitions: number,
): boolean {
  const count = names.length / NAME_OCTETS;
  if (!Number.isInteger(count) || count * FINGERPRINT_OCTETS !== fingerprints.length) return false;
  if (rejected.length > 0 && (count !== 1 || rejected.length > MOST_REJECTED)) return false;
  if (!(at >= 0 && at < 2 ** 48)) return false;
  for (let i = 0; i < count; i++)
    if (partitionOfName(names.subarray(i * NAME_OCTETS, (i + 1) * NAME_OCTETS), partitions) !== partition) return false;
  return true;
}
