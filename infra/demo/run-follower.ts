import { connectCodecs, type SluiceCodecs } from "../../pipeline/records/codecs.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { EVENTS_TOPIC, HEALTH_TOPIC } from "../../schemas/topics.ts";

export interface RunFollowerOptions {
  readonly connection: KafkaConnection;
  readonly registryUrl: string;
  /** Events of messages with this label `run` in their metadata. */
  readonly run: string;
  readonly onEvent: (event: Event) => void;
  readonly onHealth: (health: ReturnType<SluiceCodecs["health"]["decode"]> & { ok: true }) => void;
}

/** Gives the events of one run as they come, and the health of all providers. */
export class RunFollower {
  private readonly options: RunFollowerOptions;
  private readonly reader: TopicReader;

  constructor(options: RunFollowerOptions) {
    this.options = options;
    this.reader = new TopicReader({ connection: options.connection, topics: [EVENTS_TOPIC, HEALTH_TOPIC] });
  }

  /** Resolves when everything written from now on will be seen. */
  async start(): Promise<void> {
    const { registryUrl, onHealth } = this.options;
    const codecs = await connectCodecs(registryUrl);
    await this.reader.start();
    const marks = await this.reader.watermarks(EVENTS_TOPIC);
    for (const [partition, { high }] of marks.entries()) {
      const take = (record: InRecord) => this.take(codecs, record);
      void this.reader.readRange(EVENTS_TOPIC, partition, high, Number.POSITIVE_INFINITY, take);
    }
    await this.reader.follow(HEALTH_TOPIC, ({ value }) => {
      const decoded = value === null ? undefined : codecs.health.decode(value);
      if (decoded?.ok) onHealth(decoded);
    });
  }

  stop(): Promise<void> {
    return this.reader.stop();
  }

  private take(codecs: SluiceCodecs, record: InRecord): void {
    const id = headerText(record, "id");
    if (record.value === null || id === undefined || id.endsWith("/routed")) return;
    const decoded = codecs.event.decode(record.value);
    if (decoded.ok && decoded.value.facts.metadata.run === this.options.run) this.options.onEvent(decoded.value);
  }
}
