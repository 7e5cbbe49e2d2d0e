import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { writeEventRow } from "../../pipeline/records/event-row.ts";
import { RowBinary } from "../../platform/clickhouse/row-binary.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { NotYet, Refused, SinkBlock } from "../../platform/kafka/sink-store.ts";
import { undecoded } from "./refusals.ts";

/** Events gathered as rows of the table `events`. */
export class EventBlock implements SinkBlock {
  rows = 0;
  private readonly codecs: Pick<SluiceCodecs, "event" | "loadSchema">;
  private readonly content = new RowBinary();

  constructor(codecs: Pick<SluiceCodecs, "event" | "loadSchema">) {
    this.codecs = codecs;
  }

  get bytes(): number {
    return this.content.length;
  }

  /** The rows in RowBinary; nothing may be added afterwards. */
  encoded(): Buffer {
    return this.content.bytes();
  }

  add(record: InRecord): "added" | Refused | NotYet {
    if (record.value === null) return { refused: "undecodable", detail: "the record has no value" };
    const decoded = this.codecs.event.decode(record.value);
    if (!decoded.ok) return undecoded(decoded, this.codecs);
    const wrong = writeEventRow(this.content, decoded.value, record.partition, record.offset);
    if (wrong !== undefined) return { refused: "invalid", detail: wrong };
    this.rows++;
    return "added";
  }
}
