/** What sms.frequency says, in this process: a copy on disk of all of it, asked about message by message. */

import type { SentMessage } from "../../domain/routing/recent-messages.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { type InRecord, type KafkaLog, seldom } from "../../platform/kafka/record.ts";
import { askEvery } from "../../platform/lifecycle/ask-every.ts";
import { ChangelogCopy, type ChangelogSource, type Wanted } from "../../platform/store/changelog-copy.ts";
import type { PartitionStore, Table } from "../../platform/store/partition-store.ts";
import type { Frequency } from "../../schemas/generated/types.ts";
import { DELETE_RETENTION_MS, FREQUENCY_TOPIC } from "../../schemas/topics.ts";

export const FREQUENCY_TABLE = "frequency";
/** A message in the store: [at, 6 octets][hash, 4]. */
const OCTETS = 10;
const MOST = 100;
const KEY = /^[a-z][a-z0-9-]{0,39}\/[a-z][a-z0-9-]{0,39}:([1-9]\d{6,14})$/;

/** No window is longer than 31 days, ms: what is older counts no more. */
export const LONGEST_WINDOW_MS = 31 * 24 * 3_600_000;
/** Rows that are looked at in one go, and how often, ms: a hundred million in a week. */
const SWEPT = 200;
const SWEEP_EVERY_MS = 1_000;

export interface FrequencyCopyOptions {
  readonly store: PartitionStore;
  readonly source: ChangelogSource;
  readonly codec: Codec<Frequency>;
  /** Of the message topics. */
  readonly partitions: number;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly onFault: (error: Error) => void;
  readonly onUnreadable: () => void;
  readonly log: KafkaLog;
}

/** The name of what is counted. */
export function frequencyKey(accountId: string, cap: string, destination: string): string {
  return `${accountId}/${cap}:${destination}`;
}

export class FrequencyCopy {
  private readonly options: FrequencyCopyOptions;
  private readonly table: Table;
  private readonly copy: ChangelogCopy;
  private timer: NodeJS.Timeout | undefined;
  /** Where the next look for what is over begins. */
  private sweepAt: { partition: number; from: Buffer } = { partition: 0, from: Buffer.alloc(0) };

  constructor(options: FrequencyCopyOptions) {
    this.options = options;
    const { store, source, now, onFault, log } = options;
    this.table = store.table(FREQUENCY_TABLE);
    this.copy = new ChangelogCopy({
      ...{ store, source, now, onFault, log },
      topic: FREQUENCY_TOPIC,
      tables: [FREQUENCY_TABLE],
      apply: (record) => this.apply(record),
      deleteRetentionMs: DELETE_RETENTION_MS,
    });
  }

  /** Throws when Kafka does not answer: call it again. */
  async start(): Promise<void> {
    await this.copy.start();
    const onFault = (error: Error) =>
      seldom(this.options.log, "frequency-sweep").warn({ cause: error.message }, "What is over cannot be looked for");
    this.timer ??= askEvery(SWEEP_EVERY_MS, () => this.sweep(), onFault);
  }

  stop(): void {
    clearInterval(this.timer);
    this.copy.stop();
  }

  /** Takes out what no window reaches back to, some rows at a time; done every second by itself. The topic has its own retention, of which the copy does not hear. */
  async sweep(): Promise<void> {
    const { partition, from } = this.sweepAt;
    const rows = await this.table.range(partition, { from, limit: SWEPT });
    const last = rows.at(-1);
    this.sweepAt =
      last === undefined || rows.length < SWEPT
        ? { partition: (partition + 1) % this.options.partitions, from: Buffer.alloc(0) }
        : { partition, from: Buffer.concat([last[0], Buffer.of(0)]) };
    const over = this.options.now() - LONGEST_WINDOW_MS;
    for (const [key] of rows) {
      // As it is now: another message may have gone since.
      const newest = this.sent(partition, key.toString()).at(-1);
      if (newest === undefined || newest.at < over) this.table.delete(partition, key);
    }
  }

  get lag(): number {
    return this.copy.lag;
  }

  /** Resolves with true when it has all of a partition that stands in the log now. Throws when Kafka does not answer. */
  caughtUp(partition: number, wanted?: Wanted): Promise<boolean> {
    return this.copy.caughtUp(partition, wanted);
  }

  /** The last messages, oldest first, as far as the log says so. */
  sent(partition: number, key: string): readonly SentMessage[] {
    const octets = this.table.get(partition, Buffer.from(key));
    if (octets === undefined) return [];
    return Array.from({ length: Math.floor(octets.length / OCTETS) }, (_, i) => ({
      at: octets.readUIntBE(i * OCTETS, 6),
      message: octets.readInt32BE(i * OCTETS + 6),
    }));
  }

  private apply(record: InRecord): void {
    const { key, value, partition, offset } = record;
    const [, destination] = KEY.exec(key?.toString() ?? "") ?? [];
    if (key !== null && destination !== undefined && partitionFor(destination, this.options.partitions) === partition) {
      if (value === null) {
        this.table.delete(partition, key);
        return;
      }
      const octets = packed(this.options.codec, value);
      if (octets !== undefined) {
        this.table.put(partition, key, octets);
        return;
      }
    }
    this.options.onUnreadable();
    seldom(this.options.log, "unreadable-frequency").warn(
      { topic: FREQUENCY_TOPIC, partition, offset },
      "A record of sms.frequency cannot be understood; it is passed over",
    );
  }
}

function packed(codec: Codec<Frequency>, value: Buffer): Buffer | undefined {
  const decoded = codec.decode(value);
  if (!decoded.ok) return undefined;
  const { times, messages } = decoded.value;
  if (times.length !== messages.length || times.length > MOST) return undefined;
  if (!times.every((at) => at >= 0 && at < 2 ** 48)) return undefined;
  const octets = Buffer.alloc(times.length * OCTETS);
  for (const [i, at] of times.entries()) {
    octets.writeUIntBE(at, i * OCTETS, 6);
    octets.writeInt32BE(messages[i]!, i * OCTETS + 6);
  }
  return octets;
}
