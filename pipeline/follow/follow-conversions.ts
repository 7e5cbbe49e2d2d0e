import type { ConversionSummary } from "../../domain/quality/conversion-estimates.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { ConversionCounts } from "../../schemas/generated/types.ts";
import { CONVERSION_COUNTS_TOPIC } from "../../schemas/topics.ts";
import { type FollowOptions, followTopic } from "./follow-topic.ts";

export interface FollowConversionsOptions extends FollowOptions {
  readonly codec: Codec<ConversionCounts>;
  readonly fold: (summary: ConversionSummary) => void;
  /** Of the message topics. */
  readonly partitions: number;
}

/** Reads what applications tell of the providers' ways. */
export function followConversions({ codec, fold, partitions, ...options }: FollowConversionsOptions): Promise<void> {
  return followTopic(CONVERSION_COUNTS_TOPIC, options, ({ value }) => {
    if (value === null) return true;
    const decoded = codec.decode(value);
    if (!decoded.ok || !isPlausible(decoded.value, partitions)) return false;
    fold(decoded.value);
    return true;
  });
}

function isPlausible({ partition, told, converted }: ConversionCounts, partitions: number): boolean {
  return partition >= 0 && partition < partitions && converted >= 0 && told >= converted;
}
