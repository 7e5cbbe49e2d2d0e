import { headerText } from "../../platform/kafka/record.ts";
import { newestOf, sizeOf, stretchesBetween } from "../../platform/kafka/stretches.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { EVENTS_TOPIC } from "../../schemas/topics.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { readEventId } from "../records/event-id.ts";
import { readDecoded } from "../records/read-decoded.ts";

export interface Stretch {
  /** Appended in [since, until), epoch ms; undefined: no bound. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  /** Records read at the most: of more the newest of each partition, by its share. Default: all. */
  readonly most?: number;
}

export interface ReadHooks {
  /** Told the share that has been read, 0 to 1, after each piece. */
  readonly progress?: (share: number) => void;
  /** Asked before each piece; true ends the reading there. */
  readonly stopped?: () => boolean;
}

/** Records of a partition that are read before `stopped` is asked again. */
const PIECE = 20_000;

/** sms.events as a simulation reads it: a stretch of time, partition after partition, nothing held. */
export class EventReader {
  /** Events that could not be read. */
  unreadable = 0;
  private readonly reader: Pick<TopicReader, "watermarks" | "offsetsAt" | "readRange">;
  private readonly codecs: Pick<SluiceCodecs, "event" | "loadSchema">;
  private readonly absent = new Set<number>();

  /** `reader`: of sms.events. */
  constructor(reader: EventReader["reader"], codecs: EventReader["codecs"]) {
    this.reader = reader;
    this.codecs = codecs;
  }

  /**
   * Gives the events of these kinds (as their ids name them), in the order of each partition.
   * @returns how many records of the stretch were left out since it has more than `most`
   */
  async read(
    stretch: Stretch,
    kinds: ReadonlySet<string>,
    take: (event: Event) => void,
    { progress, stopped }: ReadHooks = {},
  ): Promise<number> {
    const whole = await stretchesBetween(this.reader, EVENTS_TOPIC, stretch.since, stretch.until);
    const parts = newestOf(whole, stretch.most ?? Number.POSITIVE_INFINITY);
    const all = sizeOf(parts);
    let read = 0;
    for (const { partition, from, to } of parts) {
      for (let at = from; at < to; at += PIECE) {
        if (stopped?.() === true) return sizeOf(whole) - read;
        const end = Math.min(to, at + PIECE);
        await this.piece(partition, at, end, kinds, take);
        read += end - at;
        progress?.(read / all);
      }
    }
    return sizeOf(whole) - all;
  }

  private piece(
    partition: number,
    from: number,
    to: number,
    kinds: ReadonlySet<string>,
    take: (event: Event) => void,
  ): Promise<void> {
    const { reader, codecs, absent } = this;
    return readDecoded(
      { topic: EVENTS_TOPIC, partition, from, to },
      {
        ...{ reader, codec: codecs.event, absent, take },
        loadSchema: (id) => codecs.loadSchema(id),
        unreadable: () => void this.unreadable++,
        meant: (record) => record.value !== null && kinds.has(readEventId(headerText(record, "id"))?.kind ?? ""),
      },
    );
  }
}
