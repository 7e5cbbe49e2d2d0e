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
  /** False for a record that is passed over unread. Default: none is. */
  readonly meant?: (record: InRecord) => boolean;
}

/** [from, to) of a partition. */
export interface PartitionStretch {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** Reads a stretch once; records of a writer's schema that is seen for the first time come behind the others, when it has been loaded. */
export async function readDecoded<T>(
  { topic, partition, from, to }: PartitionStretch,
  { reader, codec, loadSchema, absent, take, unreadable, meant }: DecodedReading<T>,
): Promise<void> {
  const later: InRecord[] = [];
  const wanted = new Set<number>();
  const accept = (record: InRecord): void => {
    if (meant?.(record) === false) return;
    const decoded = record.value === null ? undefined : codec.decode(record.value);
    if (decoded?.ok === true) take(decoded.value, record);
    else if (decoded?.code === "unknown-schema" && !absent.has(decoded.schemaId!)) {
      wanted.add(decoded.schemaId!);
      later.push(record);
    } else unreadable(record);
  };
  await reader.readRange(topic, partition, from, to, accept);
  for (const id of wanted) if ((await loadSchema(id)) === "missing") absent.add(id);
  for (const record of later.splice(0)) accept(record);
}
