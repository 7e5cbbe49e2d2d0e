import type { Codec } from "../../platform/codec/codec.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { SluiceCodecs } from "./codecs.ts";

export interface DecodedReading<T> {
  readonly reader: Pick<TopicReader, "readRange">;
  readonly codec: Pick<Codec<T>, "decode">;
  readonly loadSchema: SluiceCodecs["loadSchema"];
  /** Writers' schemas that the registry does not have: kept from one stretch to the next, so that each is asked for once. */
  readonly absent: Set<number>;
  /** Told of each record that can be understood, and of each that cannot. */
  readonly take: (value: T, record: InRecord) => void;
  readonly unreadable: (record: InRecord) => void;
  /** Asked once about each record, in order; false for one that is passed over unread. Default: none is. */
  readonly meant?: (record: InRecord) => boolean;
}

/** [from, to) of a partition. */
export interface PartitionStretch {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Records that are held while a schema is loaded; what stands behind them is read once more. */
const MAX_HELD = 20_000;

/**
 * Gives what a stretch holds, in order. Where a writer's schema is seen for the first time, its record and those behind it wait until
 * the registry has given it.
 */
export async function readDecoded<T>(stretch: PartitionStretch, reading: DecodedReading<T>): Promise<void> {
  for (let from = stretch.from; from < stretch.to; ) from = await readOnce({ ...stretch, from }, reading);
}

/** @returns the offset to go on from */
async function readOnce<T>(
  { topic, partition, from, to }: PartitionStretch,
  { reader, codec, loadSchema, absent, take, unreadable, meant }: DecodedReading<T>,
): Promise<number> {
  const held: InRecord[] = [];
  let next = to;
  /** @returns the schema that it needs first, if there is one */
  const give = (record: InRecord): number | undefined => {
    const decoded = record.value === null ? undefined : codec.decode(record.value);
    if (decoded?.ok === true) take(decoded.value, record);
    else if (decoded?.code === "unknown-schema" && !absent.has(decoded.schemaId!)) return decoded.schemaId!;
    else unreadable(record);
    return undefined;
  };
  await reader.readRange(topic, partition, from, to, (record) => {
    if (next < to) return;
    if (held.length >= MAX_HELD) next = record.offset;
    else if (meant?.(record) !== false && (held.length > 0 || give(record) !== undefined)) held.push(record);
  });
  for (const record of held) {
    const id = give(record);
    if (id === undefined) continue;
    if ((await loadSchema(id)) === "missing") absent.add(id);
    if (give(record) !== undefined) unreadable(record);
  }
  return next;
}
