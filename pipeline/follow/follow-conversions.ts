import type { ConversionSummary } from "../../domain/quality/conversion-estimates.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { ConversionCounts } from "../../schemas/generated/types.ts";
import { CONVERSION_COUNTS_TOPIC } from "../../schemas/topics.ts";

export interface FollowConversionsOptions {
  readonly reader: Pick<TopicReader, "follow">;
  readonly codec: Codec<ConversionCounts>;
  readonly fold: (summary: ConversionSummary) => void;
  /** Of the message topics. */
  readonly partitions: number;
  readonly log: Log;
}

/**
 * Reads what applications tell of the providers' ways, from the beginning and on. Resolves when all that stands there has been
 * read. What cannot be read, or cannot be, is passed over.
 */
export function followConversions({ reader, codec, fold, partitions, log }: FollowConversionsOptions): Promise<void> {
  return reader.follow(CONVERSION_COUNTS_TOPIC, (record: InRecord) => {
    if (record.value === null) return;
    const decoded = codec.decode(record.value);
    if (decoded.ok && isPlausible(decoded.value, partitions)) return fold(decoded.value);
    const { partition, offset } = record;
    log
      .every("unreadable-conversions", 5_000)
      .warn({ partition, offset }, `a record of ${CONVERSION_COUNTS_TOPIC} is passed over`);
  });
}

function isPlausible({ partition, told, converted }: ConversionCounts, partitions: number): boolean {
  return partition >= 0 && partition < partitions && converted >= 0 && told >= converted;
}
