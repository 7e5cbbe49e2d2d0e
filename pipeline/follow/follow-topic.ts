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
  /** Of an attempt that may be given up: at its abort nothing more is read, given or waited for, and another attempt may begin. */
  readonly signal?: AbortSignal | undefined;
}

const WARN_EVERY_MS = 5_000;

/**
 * Reads a topic from the beginning and on, what earlier and later versions of this program have written as well. Resolves when all that stands
 * there has been read. While a record waits for its writer's schema its partition stands still, so that nothing is lost and at most what one fetch
 * brings waits. What cannot be understood, or cannot be, is passed over with a warning. Rejects at the signal's abort with its reason.
 * @param accept false for a record that cannot be understood
 */
export async function followTopic(
  topic: string,
  { reader, schemas, log, mark, onUnreadable, signal }: FollowOptions,
  accept: (record: InRecord) => boolean,
): Promise<void> {
  const give = (record: InRecord) => {
    const { partition, offset } = record;
    const understood = accept(record);
    mark?.reached(offset + 1);
    if (understood) return;
    onUnreadable?.();
    log.every(`unreadable-${topic}`, WARN_EVERY_MS).warn({ partition, offset }, `a record of ${topic} is passed over`);
  };
  const queues = new Map<number, SchemaQueue<InRecord>>();
  const take = (record: InRecord) => {
    let queue = queues.get(record.partition);
    if (queue === undefined) {
      queue = new SchemaQueue({ schemas, log, recordOf: (one) => one, give });
      queues.set(record.partition, queue);
    }
    queue.accept(record);
  };
  const letGo = () => {
    for (const queue of queues.values()) queue.close();
  };
  signal?.addEventListener("abort", letGo, { once: true });
  await reader.follow(topic, take, { hasRoom: (partition) => (queues.get(partition)?.length ?? 0) === 0, signal });
  await Promise.all([...queues.values()].map((queue) => queue.idle));
  signal?.throwIfAborted();
}
