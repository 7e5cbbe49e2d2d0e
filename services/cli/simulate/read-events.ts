import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import { headerText, type InRecord } from "../../../platform/kafka/record.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { readEventId } from "../event-id.ts";

export interface Stretch {
  /** Appended in [since, until), epoch ms; undefined: no bound. */
  readonly since: number | undefined;
  readonly until: number | undefined;
}

/** sms.events as a command reads it: a stretch of time, partition after partition, nothing held. */
export class EventReader {
  /** Events that could not be read. */
  unreadable = 0;
  private readonly reader: TopicReader;
  private readonly codecs: SluiceCodecs;
  private readonly absent = new Set<number>();

  private constructor(reader: TopicReader, codecs: SluiceCodecs) {
    this.reader = reader;
    this.codecs = codecs;
  }

  /** @throws SluiceError when the registry does not answer, or an error of KafkaJS when the brokers do not. */
  static async open(connection: KafkaConnection, registryUrl: string): Promise<EventReader> {
    const codecs = await connectCodecs(registryUrl);
    const reader = new TopicReader({ connection, topics: [EVENTS_TOPIC] });
    await reader.start();
    return new EventReader(reader, codecs);
  }

  close(): Promise<void> {
    return this.reader.stop();
  }

  /** Gives the events of these kinds (as their ids name them), in the order of each partition. `progress`: share that has been read. */
  async read(
    { since, until }: Stretch,
    kinds: ReadonlySet<string>,
    take: (event: Event) => void,
    progress: (share: number) => void = () => {},
  ): Promise<void> {
    const marks = await this.reader.watermarks(EVENTS_TOPIC);
    const from = since === undefined ? undefined : await this.reader.offsetsAt(EVENTS_TOPIC, since);
    const to = until === undefined ? undefined : await this.reader.offsetsAt(EVENTS_TOPIC, until);
    for (const [partition, { low, high }] of marks.entries()) {
      const start = Math.max(low, from?.[partition] ?? low);
      const end = Math.min(high, to?.[partition] ?? high);
      if (start < end) await this.stretch(partition, start, end, kinds, take);
      progress((partition + 1) / marks.length);
    }
  }

  private async stretch(
    partition: number,
    from: number,
    to: number,
    kinds: ReadonlySet<string>,
    take: (event: Event) => void,
  ): Promise<void> {
    const later: InRecord[] = [];
    const wanted = new Set<number>();
    const accept = (record: InRecord) => {
      if (record.value === null || !kinds.has(readEventId(headerText(record, "id"))?.kind ?? "")) return;
      const decoded = this.codecs.event.decode(record.value);
      if (decoded.ok) take(decoded.value);
      else if (decoded.code === "unknown-schema" && !this.absent.has(decoded.schemaId!)) {
        wanted.add(decoded.schemaId!);
        later.push(record);
      } else this.unreadable++;
    };
    await this.reader.readRange(EVENTS_TOPIC, partition, from, to, accept);
    for (const id of wanted) if ((await this.codecs.loadSchema(id)) === "missing") this.absent.add(id);
    for (const record of later.splice(0)) accept(record);
  }
}
