import type { ClickHouseClient } from "@clickhouse/client";
import { BUCKET, type Buckets } from "./buckets.ts";
import { ROW_HASH } from "./event-digest.ts";
import type { PartitionRange } from "./event-log.ts";

/** What ClickHouse holds of one offset. */
export interface StoredRows {
  readonly count: number;
  /** The different contents, as 64-bit hashes. */
  readonly hashes: readonly bigint[];
}

/** Epoch ms; both bounds are in. */
export interface Times {
  readonly first: number;
  readonly last: number;
}

/** The buckets of one partition's rows. `times`: of the events; rows of other times are not looked for, so that days are left out. */
export async function bucketsOfRows(
  clickhouse: ClickHouseClient,
  { partition, from, to }: Pick<PartitionRange, "partition" | "from" | "to">,
  { first, last }: Times,
): Promise<Buckets> {
  const query = `
    SELECT toString(intDiv(log_offset, ${BUCKET})) AS bucket, toString(count()) AS count,
      toString(sum(log_offset % ${BUCKET})) AS offsets, toString(sum(${ROW_HASH})) AS hash
    FROM events
    PREWHERE log_partition = {partition:UInt16} AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64}
    WHERE at >= fromUnixTimestamp64Milli({first:Int64}, 'UTC') AND at <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
    GROUP BY bucket`;
  const found = await clickhouse.query({
    query,
    query_params: { partition, from, to, first, last },
    format: "JSONEachRow",
  });
  const rows = await found.json<Record<"bucket" | "count" | "offsets" | "hash", string>>();
  return new Map(
    rows.map(({ bucket, count, offsets, hash }) => [
      Number(bucket),
      { count: Number(count), offsets: Number(offsets), hash: BigInt(hash) },
    ]),
  );
}

/** The rows of a short run of one partition, whatever their time, by offset. */
export async function rowsByOffset(
  clickhouse: ClickHouseClient,
  { partition, from, to }: Pick<PartitionRange, "partition" | "from" | "to">,
): Promise<ReadonlyMap<number, StoredRows>> {
  const query = `
    SELECT toString(log_offset) AS offset, toString(count()) AS count, groupUniqArray(toString(${ROW_HASH})) AS hashes
    FROM events PREWHERE log_partition = {partition:UInt16} AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64}
    GROUP BY offset`;
  const found = await clickhouse.query({ query, query_params: { partition, from, to }, format: "JSONEachRow" });
  const rows = await found.json<{ offset: string; count: string; hashes: string[] }>();
  return new Map(
    rows.map(({ offset, count, hashes }) => [Number(offset), { count: Number(count), hashes: hashes.map(BigInt) }]),
  );
}

/** Of some messages, what rows of [from, to) say happened, as `sameEvent` puts it. */
export async function eventsOfRows(
  clickhouse: ClickHouseClient,
  { partition, from, to }: Pick<PartitionRange, "partition" | "from" | "to">,
  messages: readonly string[],
): Promise<ReadonlySet<string>> {
  const query = `
    SELECT concatWithSeparator('/', toString(message_id), type, toString(attempt), state, resubmitted, toString(part)) AS event
    FROM events PREWHERE log_partition = {partition:UInt16} AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64}
    WHERE message_id IN {messages:Array(UUID)}`;
  const parameters = { partition, from, to, messages: [...messages] };
  const found = await clickhouse.query({ query, query_params: parameters, format: "JSONEachRow" });
  return new Set((await found.json<{ event: string }>()).map(({ event }) => event));
}
