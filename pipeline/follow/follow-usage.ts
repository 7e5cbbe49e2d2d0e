import type { Codec } from "../../platform/codec/codec.ts";
import type { Usage } from "../../schemas/generated/types.ts";
import { USAGE_TOPIC } from "../../schemas/topics.ts";
import { type FollowOptions, followTopic } from "./follow-topic.ts";

export interface FollowUsageOptions extends FollowOptions {
  readonly codec: Codec<Usage>;
  readonly fold: (usage: Usage) => void;
  /** Told of a count whose day is over. */
  readonly forget: (key: Pick<Usage, "cap" | "value">, partition: number) => void;
  /** Of the message topics. */
  readonly partitions: number;
}

/** `cap/partition/value`. */
const KEY = /^([^/]{1,64})\/(\d{1,6})\/(.{1,512})$/s;

/** Reads what routers have counted for caps. */
export function followUsage({ codec, fold, forget, partitions, ...options }: FollowUsageOptions): Promise<void> {
  return followTopic(USAGE_TOPIC, options, ({ key, value }) => {
    if (value === null) {
      const [, cap, partition, of] = KEY.exec(key?.toString() ?? "") ?? [];
      if (cap === undefined || of === undefined) return false;
      forget({ cap, value: of }, Number(partition));
      return true;
    }
    const decoded = codec.decode(value);
    if (!decoded.ok || !isPlausible(decoded.value, partitions)) return false;
    fold(decoded.value);
    return true;
  });
}

function isPlausible({ cap, value, partition, hour, day, hourEnd, dayEnd }: Usage, partitions: number): boolean {
  if (!(partition >= 0 && partition < partitions) || cap.length > 64 || value.length > 512) return false;
  return [hour, day, hourEnd, dayEnd].every((count) => count >= 0);
}
