import type { Codec } from "../../platform/codec/codec.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { Usage } from "../../schemas/generated/types.ts";
import { USAGE_TOPIC } from "../../schemas/topics.ts";
import type { ReadMark } from "./read-mark.ts";

export interface FollowUsageOptions {
  readonly reader: Pick<TopicReader, "follow">;
  readonly codec: Codec<Usage>;
  readonly fold: (usage: Usage) => void;
  /** Told of a count whose day is over. */
  readonly forget: (key: Pick<Usage, "cap" | "value">, partition: number) => void;
  /** Of the message topics. */
  readonly partitions: number;
  readonly mark: ReadMark;
  readonly log: Log;
  /** Told of each record that is passed over. */
  readonly onUnreadable?: () => void;
}

/** `cap/partition/value`. */
const KEY = /^([^/]{1,64})\/(\d{1,6})\/(.{1,512})$/s;

/**
 * Reads what routers have counted for caps, from the beginning and on. Resolves when all that stands there has been read. What cannot be
 * read, or cannot be, is passed over.
 */
export function followUsage(options: FollowUsageOptions): Promise<void> {
  const { reader, codec, fold, forget, partitions, mark, log, onUnreadable } = options;
  const accept = (record: InRecord): void => {
    mark.reached(record.offset + 1);
    const [, cap, partition, value] = KEY.exec(record.key?.toString() ?? "") ?? [];
    if (record.value === null && cap !== undefined && value !== undefined) {
      forget({ cap, value }, Number(partition));
      return;
    }
    const decoded = record.value === null ? undefined : codec.decode(record.value);
    if (decoded?.ok && isPlausible(decoded.value, partitions)) {
      fold(decoded.value);
      return;
    }
    onUnreadable?.();
    const { partition: of, offset } = record;
    log.every("unreadable-usage", 5_000).warn({ partition: of, offset }, "a record of sms.usage is passed over");
  };
  return reader.follow(USAGE_TOPIC, accept);
}

function isPlausible({ cap, value, partition, hour, day, hourEnd, dayEnd }: Usage, partitions: number): boolean {
  if (!(partition >= 0 && partition < partitions) || cap.length > 64 || value.length > 512) return false;
  return [hour, day, hourEnd, dayEnd].every((count) => count >= 0);
}
