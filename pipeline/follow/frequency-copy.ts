/** What sms.frequency says, in this process: a copy on disk of all of it, asked about message by message. */

import type { SentMessage } from "../../domain/routing/recent-messages.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { type InRecord, type KafkaLog, seldom } from "../../platform/kafka/record.ts";
import { ChangelogCopy, type ChangelogSource, type Wanted } from "../../platform/store/changelog-copy.ts";
import type { PartitionStore, Table } from "../../platform/store/partition-store.ts";
import type { Frequency } from "../../schemas/generated/types.ts";
import { DELETE_RETENTION_MS, FREQUENCY_TOPIC } from "../../schemas/topics.ts";

export const FREQUENCY_TABLE = "frequency";
/** A message in the store: [at, 6 octets][hash, 4]. */
const OCTETS = 10;
const MOST = 100;
const KEY = /^[a-z][a-z0-9-]{0,39}\/[a-z][a-z0-9-]{0,39}:([1-9]\d{6,14})$/;

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
  start(): Promise<void> {
    return this.copy.start();
  }

  stop(): void {
    this.copy.stop();
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
