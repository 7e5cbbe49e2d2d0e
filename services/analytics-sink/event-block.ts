import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { EVENT_TYPES, writeEventRow } from "../../pipeline/records/event-row.ts";
import { NativeBlock } from "../../platform/clickhouse/native-block.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { NotYet, Refused, SinkBlock } from "../../platform/kafka/sink-store.ts";
import { undecoded } from "./refusals.ts";

/** Events gathered as rows of the table `events`. */
export class EventBlock implements SinkBlock {
  private readonly codecs: Pick<SluiceCodecs, "event" | "loadSchema">;
  private readonly content = new NativeBlock(EVENT_TYPES);

  constructor(codecs: Pick<SluiceCodecs, "event" | "loadSchema">) {
    this.codecs = codecs;
  }

  get rows(): number {
    return this.content.rows;
  }

  get bytes(): number {
    return this.content.length;
  }

  /** The rows in the format Native; nothing may be added afterwards. */
  encoded(): Buffer {
    return this.content.encoded();
  }

  add(record: InRecord): "added" | Refused | NotYet {
    if (record.value === null) return { refused: "undecodable", detail: "the record has no value" };
    const decoded = this.codecs.event.decode(record.value);
    if (!decoded.ok) return undecoded(decoded, this.codecs);
    const wrong = writeEventRow(this.content, decoded.value, record.partition, record.offset);
    if (wrong !== undefined) return { refused: "invalid", detail: wrong };
    return "added";
  }
}
