import type { Codec } from "../../platform/codec/codec.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { Health } from "../../schemas/generated/types.ts";
import { HEALTH_TOPIC } from "../../schemas/topics.ts";
import type { ProviderHealth } from "./provider-health.ts";
import type { ReadMark } from "./read-mark.ts";

export interface FollowHealthOptions {
  readonly reader: Pick<TopicReader, "follow">;
  readonly codec: Codec<Health>;
  readonly health: Pick<ProviderHealth, "take">;
  /** Dispatch partitions of a provider; undefined for one that is not known. */
  readonly partitionsOf: (provider: string) => number | undefined;
  readonly log: Log;
  /** Told how far it has been read. */
  readonly mark?: ReadMark;
  /** Told of each record that is passed over. */
  readonly onUnreadable?: () => void;
}

/**
 * Reads what senders say of their providers, from the beginning and on. Resolves when all that stands there has been read.
 * What cannot be read, or cannot be, is passed over: the next second brings another.
 */
export function followHealth(options: FollowHealthOptions): Promise<void> {
  const { reader, codec, health, partitionsOf, log, mark, onUnreadable } = options;
  const take = (record: InRecord): void => {
    look(record);
    mark?.reached(record.offset + 1);
  };
  const look = (record: InRecord): void => {
    if (record.value === null) return; // written to ask the brokers for the time
    const decoded = codec.decode(record.value);
    if (decoded.ok && isPlausible(decoded.value, partitionsOf)) {
      health.take(decoded.value, performance.now());
      return;
    }
    onUnreadable?.();
    const { partition, offset } = record;
    log.every("unreadable-health", 5_000).warn({ partition, offset }, "a record of sms.health is passed over");
  };
  return reader.follow(HEALTH_TOPIC, take);
}

function isPlausible(
  { provider, partition, rate, segmentsToday, segmentsThisMonth, spentThisMonth }: Health,
  partitionsOf: FollowHealthOptions["partitionsOf"],
): boolean {
  const counts = segmentsToday >= 0 && segmentsThisMonth >= 0 && spentThisMonth >= 0;
  return partition >= 0 && partition < (partitionsOf(provider) ?? 0) && rate >= 0 && counts;
}
