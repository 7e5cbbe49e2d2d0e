import type { Codec } from "../../platform/codec/codec.ts";
import type { Health } from "../../schemas/generated/types.ts";
import { HEALTH_TOPIC } from "../../schemas/topics.ts";
import { type FollowOptions, followTopic } from "./follow-topic.ts";
import type { ProviderHealth } from "./provider-health.ts";

export interface FollowHealthOptions extends FollowOptions {
  readonly codec: Codec<Health>;
  readonly health: Pick<ProviderHealth, "take">;
  /** Dispatch partitions of a provider; undefined for one that is not known. */
  readonly partitionsOf: (provider: string) => number | undefined;
}

/** Reads what senders say of their providers. */
export function followHealth({ codec, health, partitionsOf, ...options }: FollowHealthOptions): Promise<void> {
  return followTopic(HEALTH_TOPIC, options, ({ value }) => {
    if (value === null) return true; // written to ask the brokers for the time
    const decoded = codec.decode(value);
    if (!decoded.ok || !isPlausible(decoded.value, partitionsOf)) return false;
    health.take(decoded.value, performance.now());
    return true;
  });
}

function isPlausible(
  { provider, partition, rate, segmentsToday, segmentsThisMonth, spentThisMonth }: Health,
  partitionsOf: FollowHealthOptions["partitionsOf"],
): boolean {
  const counts = segmentsToday >= 0 && segmentsThisMonth >= 0 && spentThisMonth >= 0;
  return partition >= 0 && partition < (partitionsOf(provider) ?? 0) && rate >= 0 && counts;
}
