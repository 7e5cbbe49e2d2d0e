import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { OtherSchemas } from "../records/codecs.ts";
import type { ReadMark } from "./read-mark.ts";
import { SchemaQueue } from "./schema-queue.ts";

/** What all followers of a topic need. */
export interface FollowOptions {
  readonly reader: Pick<TopicReader, "follow">;
  readonly schemas: OtherSchemas;
  readonly log: Log;
  /** Told how far it has been read. */
  readonly mark?: ReadMark | undefined;
  /** Told of each record that is passed over. */
  readonly onUnreadable?: (() => void) | undefined;
}

const WARN_EVERY_MS = 5_000;
/** Records of a partition that wait for a schema at the most: many times what such a topic brings while the registry starts anew. */
const MOST_WAITING = 50_000;

/**
 * Reads a topic from the beginning and on, what earlier and later versions of this program have written as well. Resolves when all that stands
 * there has been read. What cannot be understood, or cannot be, is passed over with a warning: these topics say again, seconds later, what holds.
 * @param accept false for a record that cannot be understood
 */
export async function followTopic(
  topic: string,
  { reader, schemas, log, mark, onUnreadable }: FollowOptions,
  accept: (record: InRecord) => boolean,
): Promise<void> {
  const passOver = ({ partition, offset }: InRecord) => {
    onUnreadable?.();
    log.every(`unreadable-${topic}`, WARN_EVERY_MS).warn({ partition, offset }, `a record of ${topic} is passed over`);
  };
  const give = (record: InRecord) => {
    const understood = accept(record);
    mark?.reached(record.offset + 1);
    if (!understood) passOver(record);
  };
  const queues = new Map<number, SchemaQueue<InRecord>>();
  await reader.follow(topic, (record) => {
    let queue = queues.get(record.partition);
    if (queue === undefined) {
      queue = new SchemaQueue({ schemas, log, recordOf: (one) => one, give });
      queues.set(record.partition, queue);
    }
    if (queue.length < MOST_WAITING) queue.accept(record);
    else passOver(record);
  });
  await Promise.all([...queues.values()].map((queue) => queue.idle));
}
