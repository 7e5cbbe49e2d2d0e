import type { Codec } from "../../platform/codec/codec.ts";
import { sourceHeader } from "../../platform/kafka/positions.ts";
import { headerText, type InRecord, type OutRecord } from "../../platform/kafka/record.ts";
import type { DeadLetter } from "../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";

/** The dead letter of a record that cannot be read, byte for byte, beside its source in the partition of the same number. */
export function deadLetterOf(record: InRecord, detail: string, codec: Codec<DeadLetter>, now: number): OutRecord {
  const { topic, partition, offset, key, value } = record;
  const headers: Record<string, Buffer> = {};
  for (const name of Object.keys(record.headers)) headers[name] = Buffer.from(headerText(record, name) ?? "");
  const letter: DeadLetter = {
    reason: "undecodable",
    detail,
    service: "dlr-collector",
    at: now,
    messageId: null,
    topic,
    partition,
    offset,
    key,
    value,
    headers,
  };
  const source = sourceHeader(topic, partition, offset);
  return {
    topic: DEAD_LETTER_TOPIC,
    partition,
    key,
    value: codec.encode(letter),
    headers: { id: source, src: source },
  };
}
