import type { ProviderHealth } from "../../pipeline/follow/provider-health.ts";
import type { ReadMark } from "../../pipeline/follow/read-mark.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { headerText, type InRecord, type KafkaLog } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Event, Health } from "../../schemas/generated/types.ts";
import { EVENTS_TOPIC, HEALTH_TOPIC } from "../../schemas/topics.ts";
import { outcomeOf, type Share, workOf } from "./outcome-log.ts";
import type { TakenSegments } from "./segment-volume.ts";

export interface VolumeLogOptions {
  readonly reader: Pick<TopicReader, "readRange" | "watermarks" | "offsetsAt">;
  /** What senders have told, and how far that has been read. */
  readonly health: Pick<ProviderHealth, "word">;
  readonly mark: Pick<ReadMark, "until">;
  readonly codec: SluiceCodecs["event"];
  readonly log: KafkaLog;
}

/** What a new owner of a partition goes on counting from. */
export interface CountedBefore {
  readonly told: Health | undefined;
  /** What the provider has taken since that was told, or may have. */
  readonly since: readonly TakenSegments[];
}

/**
 * An owner tells its count every second: what it stored for longer than this after its last word is not looked for, so that a
 * partition without an owner for a week does not have a week's events read.
 */
const WITHIN_MS = 30_000;
/** What was told must be read up to now first: so long it may take, ms. */
const CATCH_UP_MS = 5_000;

/** What of a provider's volume stands in the logs, for who takes a partition over. */
export class VolumeLog {
  private readonly options: VolumeLogOptions;

  constructor(options: VolumeLogOptions) {
    this.options = options;
  }

  /** Never rejects: messages do not wait for a count, which goes on from what is known. */
  async before(share: Share): Promise<CountedBefore> {
    const { reader, health, mark, log } = this.options;
    const word = () => health.word(share.provider, share.partition);
    try {
      const [{ high } = { high: 0 }] = await reader.watermarks(HEALTH_TOPIC);
      if (!(await mark.until(high, CATCH_UP_MS)))
        log.warn({ ...share }, "sms.health has not been read to its end; the volume is counted from what is known");
      const told = word();
      return { told, since: told === undefined ? [] : await this.since(share, told.at) };
    } catch (error) {
      log.warn({ ...share, why: errorMessage(error) }, "The volume before this owner may lack its last second");
      return { told: word(), since: [] };
    }
  }

  /** By the events. `at`: epoch ms, of the last word; what its sender stamped before it is in it. */
  private async since(share: Share, at: number): Promise<TakenSegments[]> {
    const { reader } = this.options;
    const [from, to] = await Promise.all([
      reader.offsetsAt(EVENTS_TOPIC, at),
      reader.offsetsAt(EVENTS_TOPIC, at + WITHIN_MS),
    ]);
    const found = new Map<string, TakenSegments>();
    const take = (record: InRecord): void => this.take(record, share, at, found);
    // A destination's share of a provider is its partition modulo the number of shares.
    const mine = from.flatMap((_, partition) => (partition % share.of === share.partition ? [partition] : []));
    await Promise.all(mine.map((p) => reader.readRange(EVENTS_TOPIC, p, from[p]!, to[p]!, take)));
    return [...found.values()];
  }

  private take(record: InRecord, { provider }: Share, after: number, found: Map<string, TakenSegments>): void {
    const outcome = outcomeOf(headerText(record, "id"));
    if (outcome === undefined || outcome.kind === "returned" || record.value === null) return;
    const event = this.options.codec.decode(record.value);
    if (!event.ok || event.value.provider !== provider || event.value.at <= after) return;
    // In doubt first and answered late: once.
    const work = workOf(outcome.work, record.key?.toString());
    if (!found.has(work)) found.set(work, takenBy(event.value));
  }
}

/** What a `submitted` or `in_doubt` event says that the provider has taken, or may have. */
export function takenBy(event: Event): TakenSegments {
  const segments = segmentsOf(event);
  return { at: event.at, segments, spent: Math.max(0, event.tariff ?? 0) * segments };
}

/** As the provider charges them, where the event says so. */
function segmentsOf({ cost, price, facts, onDelivery }: Event): number {
  return onDelivery || cost === null || price === null || price === 0 ? facts.segments : Math.round(cost / price);
}
