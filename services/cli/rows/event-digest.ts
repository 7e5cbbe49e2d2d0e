import { hash } from "node:crypto";
import { EVENT_COLUMNS, writeEventRow } from "../../../pipeline/records/event-row.ts";
import { RowBinary } from "../../../platform/clickhouse/row-binary.ts";
import type { Event } from "../../../schemas/generated/types.ts";

/**
 * The hash of a row's content in SQL: the first eight octets of the MD5 of the row as the sink hands it to ClickHouse. So a row has
 * the hash of its event when every column has come back as it went in. MD5 for its speed: this guards against faults, not forgers.
 */
export const ROW_HASH = `halfMD5(formatRow('RowBinary', ${EVENT_COLUMNS.join(", ")}))`;

/** The same of an event, as octets. */
export class EventDigest {
  private readonly row = new RowBinary();

  /** Undefined for an event that the sink refuses to store. */
  of(event: Event, partition: number, offset: number): Buffer | undefined {
    this.row.truncate(0);
    if (writeEventRow(this.row, event, partition, offset) !== undefined) return undefined;
    return hash("md5", this.row.bytes(), "buffer");
  }
}
