import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { headerText } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { EVENTS_TOPIC } from "../../schemas/topics.ts";

/** Counts submissions and terminal events as they are written, by their ids alone: decoding them would load the machine. */
export class PipelineCounts {
  readonly #reader: TopicReader;
  submitted = 0;
  ended = 0;

  constructor(connection: KafkaConnection) {
    this.#reader = new TopicReader({ connection, topics: [EVENTS_TOPIC] });
  }

  async start(): Promise<void> {
    await this.#reader.start();
    const marks = await this.#reader.watermarks(EVENTS_TOPIC);
    for (const [partition, { high }] of marks.entries()) {
      void this.#reader.readRange(EVENTS_TOPIC, partition, high, Number.POSITIVE_INFINITY, (record) => {
        const id = headerText(record, "id") ?? "";
        if (id.endsWith("/final")) this.ended++;
        else if (id.endsWith("submitted")) this.submitted++;
      });
    }
  }

  stop(): Promise<void> {
    return this.#reader.stop();
  }
}
