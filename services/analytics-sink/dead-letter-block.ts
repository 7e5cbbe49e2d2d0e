import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { RowBinary } from "../../platform/clickhouse/row-binary.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { NotYet, SinkBlock } from "../../platform/kafka/sink-store.ts";
import type { DeadLetter } from "../../schemas/generated/types.ts";
import type { LetterCounts } from "./stored-letters.ts";

/** Columns of the table `dead_letters` in the order in which rows are written. */
export const DEAD_LETTER_COLUMNS = [
  "at",
  "reason",
  "detail",
  "service",
  "topic",
  "partition",
  "offset",
  "message_id",
  "log_partition",
  "log_offset",
] as const;

/** Characters of a name and of a detail that are kept; anybody may write into the topic. */
const MAX_NAME = 256;
const MAX_DETAIL = 2_000;
/** A letter's own time counts when it lies so shortly before its storage, ms; else the storage is its time. */
const BELIEVED_MS = 86_400_000;

/**
 * Dead letters gathered as rows: what is wrong and where, never the record. It refuses none, since a dead letter of a dead letter would
 * come back: one that cannot be read is a row that says so.
 */
export class DeadLetterBlock implements SinkBlock {
  rows = 0;
  private readonly codecs: Pick<SluiceCodecs, "deadLetter" | "loadSchema">;
  private readonly content = new RowBinary();
  private readonly counts = new Map<string, { readonly service: string; readonly reason: string; count: number }>();

  constructor(codecs: Pick<SluiceCodecs, "deadLetter" | "loadSchema">) {
    this.codecs = codecs;
  }

  get bytes(): number {
    return this.content.length;
  }

  /** Its letters by who wrote them and why. */
  reasons(): LetterCounts {
    return this.counts.values();
  }

  /** The rows in RowBinary; nothing may be added afterwards. */
  encoded(): Buffer {
    return this.content.bytes();
  }

  add(record: InRecord): "added" | NotYet {
    const decoded = record.value === null ? undefined : this.codecs.deadLetter.decode(record.value);
    if (decoded?.ok) this.write(record, decoded.value);
    else {
      const schemaId = decoded?.schemaId;
      if (decoded?.code === "unknown-schema" && schemaId !== undefined)
        return { prepare: () => this.codecs.loadSchema(schemaId) };
      const { topic, partition, offset, timestamp } = record;
      const detail = `this dead letter cannot be read: ${decoded?.detail ?? "it has no value"}`;
      this.write(record, {
        reason: "undecodable",
        detail,
        service: "",
        at: timestamp,
        messageId: null,
        topic,
        partition,
        offset,
      });
    }
    this.rows++;
    return "added";
  }

  private write(record: InRecord, letter: Omit<DeadLetter, "key" | "value" | "headers">): void {
    const { content: row } = this;
    const { timestamp } = record;
    this.count(name(letter.service), name(letter.reason));
    row.int64(letter.at <= timestamp + BELIEVED_MS && letter.at > timestamp - BELIEVED_MS ? letter.at : timestamp);
    row.string(name(letter.reason));
    row.string(letter.detail.slice(0, MAX_DETAIL));
    row.string(name(letter.service));
    row.string(name(letter.topic));
    row.uint32(Math.max(0, letter.partition));
    row.int64(Math.max(0, letter.offset));
    row.string(name(letter.messageId ?? ""));
    row.uint16(record.partition);
    row.int64(record.offset);
  }

  private count(service: string, reason: string): void {
    const key = `${service}/${reason}`;
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { service, reason, count: 1 });
    else known.count++;
  }
}

function name(text: string): string {
  return text.slice(0, MAX_NAME);
}
