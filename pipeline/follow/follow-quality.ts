import { DELAY_BUCKETS } from "../../domain/quality/delay-buckets.ts";
import type { QualitySummary } from "../../domain/quality/quality-cell.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { Quality } from "../../schemas/generated/types.ts";
import { QUALITY_TOPIC } from "../../schemas/topics.ts";
import { type FollowOptions, followTopic } from "./follow-topic.ts";

export interface FollowQualityOptions extends FollowOptions {
  readonly codec: Codec<Quality>;
  readonly fold: (summary: QualitySummary) => void;
  /** Of the message topics. */
  readonly partitions: number;
}

/** Reads what correlators say of the providers' deliveries. */
export function followQuality({ codec, fold, partitions, ...options }: FollowQualityOptions): Promise<void> {
  return followTopic(QUALITY_TOPIC, options, ({ value }) => {
    if (value === null) return true;
    const decoded = codec.decode(value);
    if (!decoded.ok || !isPlausible(decoded.value, partitions)) return false;
    const { deliveries, ...quality } = decoded.value;
    fold({ ...quality, delivered: deliveries });
    return true;
  });
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
