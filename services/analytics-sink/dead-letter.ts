import type { InRecord, OutRecord } from "../../platform/kafka/record.ts";
import type { Refused } from "../../platform/kafka/sink-store.ts";
import type { SluiceCodecs } from "../../schemas/codecs.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";

/** A longer key is kept in the dead letter only, so that no record is too large to be put aside. */
const MAX_KEY_BYTES = 1_000;

/** The dead letter of an event that cannot become a row: the reason and the original bytes, in the same partition number. */
export function eventDeadLetter(
  codecs: Pick<SluiceCodecs, "deadLetter">,
  record: InRecord,
  why: Refused,
  now: number,
): OutRecord {
  const { topic, partition, offset, key, value } = record;
  return {
    topic: DEAD_LETTER_TOPIC,
    partition,
    key: key !== null && key.length > MAX_KEY_BYTES ? null : key,
    value: codecs.deadLetter.encode({
      reason: why.refused,
      detail: why.detail,
      service: "analytics-sink",
      at: now,
      messageId: null,
      topic,
      partition,
      offset,
      key,
      value,
      headers: firstHeaders(record),
    }),
    headers: { id: `analytics-sink/${topic}/${partition}/${offset}` },
  };
}

/** Of a repeated header the first, as all readers take it. */
function firstHeaders(record: InRecord): Record<string, Buffer> {
  const kept: Record<string, Buffer> = {};
  for (const [name, raw] of Object.entries(record.headers)) {
    const first = Array.isArray(raw) ? raw[0] : raw;
    if (first !== undefined) kept[name] = typeof first === "string" ? Buffer.from(first) : first;
  }
  return kept;
}
