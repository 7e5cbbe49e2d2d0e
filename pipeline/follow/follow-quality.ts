import { DELAY_BUCKETS } from "../../domain/quality/delay-buckets.ts";
import type { QualitySummary } from "../../domain/quality/quality-cell.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { Quality } from "../../schemas/generated/types.ts";
import { QUALITY_TOPIC } from "../../schemas/topics.ts";

export interface FollowQualityOptions {
  readonly reader: Pick<TopicReader, "follow">;
  readonly codec: Codec<Quality>;
  readonly fold: (summary: QualitySummary) => void;
  /** Of the message topics. */
  readonly partitions: number;
  readonly log: Log;
  /** Told of each record that is passed over. */
  readonly onUnreadable?: () => void;
}

/**
 * Reads what correlators say of the providers' deliveries, from the beginning and on. Resolves when all that stands there has
 * been read. What cannot be read, or cannot be, is passed over: the next seconds bring another.
 */
export function followQuality(options: FollowQualityOptions): Promise<void> {
  const { reader, codec, fold, partitions, log, onUnreadable } = options;
  const accept = (record: InRecord): void => {
    if (record.value === null) return;
    const decoded = codec.decode(record.value);
    if (decoded.ok && isPlausible(decoded.value, partitions)) {
      const { deliveries, ...quality } = decoded.value;
      fold({ ...quality, delivered: deliveries });
      return;
    }
    onUnreadable?.();
    const { partition, offset } = record;
    log.every("unreadable-quality", 5_000).warn({ partition, offset }, "a record of sms.quality is passed over");
  };
  return reader.follow(QUALITY_TOPIC, accept);
}

function isPlausible(quality: Quality, partitions: number): boolean {
  const { partition, submitted, exposed, deliveries, failed, missing, late, contradicted } = quality;
  if (!(partition >= 0 && partition < partitions)) return false;
  if (exposed.length !== DELAY_BUCKETS || deliveries.length !== DELAY_BUCKETS) return false;
  if (!(submitted >= 0 && failed >= 0 && missing >= 0 && late >= 0 && contradicted >= 0)) return false;
  for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++)
    if (!(exposed[bucket]! >= 0 && deliveries[bucket]! >= 0)) return false;
  return true;
}
