import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { readDecoded } from "../../../pipeline/records/read-decoded.ts";
import type { RegistryConfig } from "../../../platform/codec/registry-settings.ts";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { RepeatWindow, repeatId } from "../../../platform/kafka/repeat-window.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { EVENT_SINK_GROUP } from "../../../schemas/groups.ts";
import { EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { EventDigest } from "./event-digest.ts";

/** What of one partition can be compared: its offsets [from, to). */
export interface PartitionRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** The first offset that the log still has. */
  readonly low: number;
  /** The log begins here, and not before: retention has deleted what was asked for as well. */
  readonly cut: boolean;
  /** Offsets in what was asked for that the sink has not confirmed. */
  readonly arriving: number;
}

/** An event of which there must be a row. */
export interface ExpectedRow {
  readonly offset: number;
  readonly event: Event;
  /** Its first eight octets are the content's hash. */
  readonly digest: Buffer;
}

/** Records of which there is no row, and rightly so. */
export interface LeftOut {
  repeats: number;
  /** What the sink puts aside as dead letters. */
  refused: number;
}

export interface LogReading extends LeftOut {
  /** Times (epoch ms) at which its records were appended, from the first to the last; undefined where there is none. */
  readonly first: number | undefined;
}

/** sms.events, read as the sink reads it: in order, without what stands in it twice and what cannot be a row. */
export class EventLog {
  private readonly reader: TopicReader;
  private readonly codecs: SluiceCodecs;
  /** How far back the sink recognises a repeat, offsets. */
  readonly repeatSpan: number;
  private readonly digest = new EventDigest();
  private readonly absent = new Set<number>();

  private constructor(reader: TopicReader, codecs: SluiceCodecs, repeatSpan: number) {
    this.reader = reader;
    this.codecs = codecs;
    this.repeatSpan = repeatSpan;
  }

  /**
   * `repeatSpan`: the sink's.
   * @throws SluiceError when the registry does not answer, or an error of KafkaJS when the brokers do not.
   */
  static async open(
    connection: KafkaConnection,
    registry: string | RegistryConfig,
    repeatSpan: number,
  ): Promise<EventLog> {
    const codecs = await connectCodecs(registry);
    const reader = new TopicReader({ connection, topics: [EVENTS_TOPIC] });
    await reader.start();
    return new EventLog(reader, codecs, repeatSpan);
  }

  close(): Promise<void> {
    return this.reader.stop();
  }

  /** What of the time [since, until), by the brokers' clocks, is in the log and confirmed by the sink as of now. */
  async ranges(since: number | undefined, until: number | undefined): Promise<PartitionRange[]> {
    const committed = await this.reader.committed(EVENT_SINK_GROUP, EVENTS_TOPIC);
    const marks = await this.reader.watermarks(EVENTS_TOPIC);
    const starts = since === undefined ? [] : await this.reader.offsetsAt(EVENTS_TOPIC, since);
    const ends = until === undefined ? [] : await this.reader.offsetsAt(EVENTS_TOPIC, until);
    return marks.map(({ low, high }, partition) => {
      const from = Math.max(low, starts[partition] ?? low);
      const asked = Math.max(from, Math.min(high, ends[partition] ?? high));
      const to = Math.min(asked, Math.max(from, committed[partition] ?? -1));
      return { partition, from, to, low, cut: low > 0 && from === low, arriving: asked - to };
    });
  }

  /** The first offset that the log has now: retention may have moved it since `ranges`. */
  async low(partition: number): Promise<number> {
    return (await this.reader.watermarks(EVENTS_TOPIC))[partition]?.low ?? 0;
  }

  /** When the record at or behind an offset was appended, epoch ms; undefined where the log ends. */
  async appendedAt(partition: number, offset: number): Promise<number | undefined> {
    let time: number | undefined;
    const high = (await this.reader.watermarks(EVENTS_TOPIC))[partition]?.high ?? 0;
    if (offset >= high) return undefined;
    await this.reader.readRange(EVENTS_TOPIC, partition, offset, offset + 1, ({ timestamp }) => {
      time = timestamp;
    });
    return time;
  }

  /**
   * Gives every event of [from, to) of which there must be a row. Without `wholly`, what repeats an event that stands before `from` is
   * given as well: few do, and whoever asks then asks again.
   */
  async read(
    { partition, from, to }: Pick<PartitionRange, "partition" | "from" | "to">,
    take: (row: ExpectedRow) => void,
    { wholly = false }: { readonly wholly?: boolean } = {},
  ): Promise<LogReading> {
    const { reader, codecs, absent } = this;
    const window = new RepeatWindow(this.repeatSpan);
    const found = { repeats: 0, refused: 0, first: undefined as number | undefined };
    const meant = (record: InRecord): boolean => {
      const id = repeatId(record);
      const fresh = id === undefined || window.admit(id, record.offset);
      if (record.offset < from) return false;
      found.first ??= record.timestamp;
      if (!fresh) found.repeats++;
      return fresh;
    };
    await readDecoded(
      { topic: EVENTS_TOPIC, partition, from: wholly ? Math.max(0, from - this.repeatSpan) : from, to },
      {
        ...{ reader, codec: codecs.event, absent, meant },
        loadSchema: (id) => codecs.loadSchema(id),
        take: (event, { offset }) => {
          const digest = this.digest.of(event, partition, offset);
          if (digest === undefined) found.refused++;
          else take({ offset, event, digest });
        },
        unreadable: () => void found.refused++,
      },
    );
    return found;
  }
}
