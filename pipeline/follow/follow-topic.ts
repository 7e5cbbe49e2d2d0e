import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { ReadMark } from "./read-mark.ts";

/** What all followers of a topic need. */
export interface FollowOptions {
  readonly reader: Pick<TopicReader, "follow">;
  readonly log: Log;
  /** Told how far it has been read. */
  readonly mark?: ReadMark | undefined;
  /** Told of each record that is passed over. */
  readonly onUnreadable?: (() => void) | undefined;
}

const WARN_EVERY_MS = 5_000;

/**
 * Reads a topic from the beginning and on. Resolves when all that stands there has been read. What cannot be understood, or cannot
 * be, is passed over with a warning: these topics say again, seconds later, what holds.
 * @param accept false for a record that cannot be understood
 */
export function followTopic(
  topic: string,
  { reader, log, mark, onUnreadable }: FollowOptions,
  accept: (record: InRecord) => boolean,
): Promise<void> {
  return reader.follow(topic, (record) => {
    const understood = accept(record);
    mark?.reached(record.offset + 1);
    if (understood) return;
    onUnreadable?.();
    const { partition, offset } = record;
    log.every(`unreadable-${topic}`, WARN_EVERY_MS).warn({ partition, offset }, `a record of ${topic} is passed over`);
  });
}
