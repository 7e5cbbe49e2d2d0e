import type { Codec } from "../../platform/codec/codec.ts";
import { sourceHeader } from "../../platform/kafka/positions.ts";
import type { InRecord, OutRecord } from "../../platform/kafka/record.ts";
import type { DeadLetter } from "../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";

/** What is to be said of a record that is put aside. */
export interface DeadLetterReason {
  /** Stable code: see DeadLetter.reason. */
  readonly reason: string;
  /** What was wrong, naming the field; never the content. */
  readonly detail: string;
  /** Who puts it aside. */
  readonly service: string;
  readonly messageId?: string | null;
  /** Epoch ms. */
  readonly now: number;
  /** Partition of the dead-letter topic; default: the record's own number. */
  readonly partition?: number;
}

/** The topic takes 2 MiB; of a larger record, which only a topic with other limits can hold, the beginning is kept. */
const MAX_VALUE_BYTES = 1_500_000;
/** Key and headers are kept up to this size each. */
const MAX_HEADER_BYTES = 64_000;
/** A longer key stands in the dead letter only, so that no record is too large to be put aside. */
const MAX_KEY_BYTES = 1_000;

/** The dead letter of a record: the reason and the original bytes. The id is the record's position, so a repeat is seen. */
export function deadLetterRecord(codec: Codec<DeadLetter>, record: InRecord, why: DeadLetterReason): OutRecord {
  const { topic, partition, offset, key, value } = record;
  const headers = firstHeaders(record);
  const cut = value !== null && value.length > MAX_VALUE_BYTES;
  const letter: DeadLetter = {
    reason: why.reason,
    detail: cut ? `${why.detail} (the first ${MAX_VALUE_BYTES} of ${value.length} bytes are kept)` : why.detail,
    service: why.service,
    at: why.now,
    messageId: why.messageId ?? null,
    topic,
    partition,
    offset,
    key: key?.subarray(0, MAX_HEADER_BYTES) ?? null,
    value: cut ? value.subarray(0, MAX_VALUE_BYTES) : value,
    headers,
  };
  return {
    topic: DEAD_LETTER_TOPIC,
    partition: why.partition ?? partition,
    key: key !== null && key.length > MAX_KEY_BYTES ? null : key,
    value: codec.encode(letter),
    headers: { id: `${why.service}/${sourceHeader(topic, partition, offset)}` },
  };
}

/** Whether the letter has less than the record had, so that the record cannot be made of it again. Headers beyond the limit do not count. */
export function isCutLetter({ key, value }: Pick<DeadLetter, "key" | "value">): boolean {
  return (value?.length ?? 0) >= MAX_VALUE_BYTES || (key?.length ?? 0) >= MAX_HEADER_BYTES;
}

/** The source position (`topic/partition/offset`) that a dead letter's id names; undefined for another id. */
export function deadLetterSource(id: string | undefined): string | undefined {
  const cut = id?.indexOf("/") ?? -1;
  return cut < 0 ? undefined : id!.slice(cut + 1);
}

/** The headers byte for byte, of a repeated one the first, as all readers take it; those beyond the limit are left out. */
function firstHeaders(record: InRecord): Record<string, Buffer> {
  // Without a prototype: a header may have any name, `__proto__` as well.
  const kept = Object.create(null) as Record<string, Buffer>;
  let room = MAX_HEADER_BYTES;
  for (const [name, raw] of Object.entries(record.headers)) {
    const first = Array.isArray(raw) ? raw[0] : raw;
    if (first === undefined) continue;
    const bytes = typeof first === "string" ? Buffer.from(first) : first;
    room -= bytes.length + name.length * 3;
    if (room < 0) break;
    kept[name] = bytes;
  }
  return kept;
}
