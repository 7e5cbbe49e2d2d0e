import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";

/** Topics of which a stretch is read now and then: each by a reader of its own, for as long as it takes. */
export function readingFrom(connection: KafkaConnection) {
  return async (topic: string, read: (reader: TopicReader) => Promise<void>): Promise<void> => {
    const reader = new TopicReader({ connection, topics: [topic] });
    await reader.start();
    try {
      await read(reader);
    } finally {
      await reader.stop();
    }
  };
}
