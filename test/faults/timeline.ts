import { headerText } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { EVENTS_TOPIC } from "../../schemas/topics.ts";
import { type Installation, PARTITIONS } from "./installation.ts";

/** An event and when it happened by the one clock that no fault moves: the brokers'. */
export interface Happened {
  readonly event: Event;
  /** Append time, epoch milliseconds. */
  readonly appendedAt: number;
}

/** Every event of the installation by message, each id once, in the order of the log. */
export async function readTimelines({ infra, codecs }: Installation): Promise<Map<string, Happened[]>> {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const reader = new TopicReader({
    connection: { brokers: infra.brokers, clientId: "timeline", log },
    topics: [EVENTS_TOPIC],
  });
  const timelines = new Map<string, Happened[]>();
  const seen = new Set<string>();
  await reader.start();
  try {
    const marks = await reader.watermarks(EVENTS_TOPIC);
    const read = (partition: number) =>
      reader.readRange(EVENTS_TOPIC, partition, 0, marks[partition]?.high ?? 0, (record) => {
        const id = headerText(record, "id") ?? `${partition}/${record.offset}`;
        if (seen.has(id)) return;
        seen.add(id);
        const decoded = record.value === null ? undefined : codecs.event.decode(record.value);
        if (!decoded?.ok) throw new Error(`event ${partition}/${record.offset} cannot be read`);
        const { messageId } = decoded.value.facts;
        const known = timelines.get(messageId) ?? [];
        known.push({ event: decoded.value, appendedAt: record.timestamp });
        timelines.set(messageId, known);
      });
    await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => read(partition)));
  } finally {
    await reader.stop();
  }
  return timelines;
}
