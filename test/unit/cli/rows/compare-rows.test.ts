import type { ClickHouseClient } from "@clickhouse/client";
import { expect, test } from "vitest";
import { BUCKET } from "../../../../services/cli/rows/buckets.ts";
import { comparePartition, nothingCompared } from "../../../../services/cli/rows/compare-rows.ts";
import type { ExpectedRow, PartitionRange } from "../../../../services/cli/rows/event-log.ts";
import { event } from "../../analytics-sink/events.ts";

const END = 3 * BUCKET;
/** A multiple of 64, so that many of them add up to less than 2^64. */
const hashOf = (offset: number) => BigInt(offset * 64);

/** A partition of END events, each with its row but for those of `missing`, of which retention deletes more at each reading. */
function world(lows: number[], missing: readonly number[] = []) {
  let low = 0;
  const log = {
    repeatSpan: 0,
    low: async () => low,
    appendedAt: async (_: number, offset: number) => (offset < END ? 1_000 + Math.max(low, offset) : undefined),
    read: async ({ from, to }: Pick<PartitionRange, "from" | "to">, take: (row: ExpectedRow) => void) => {
      low = lows.shift() ?? low;
      for (let offset = Math.max(from, low); offset < to; offset++) {
        const digest = Buffer.alloc(16);
        digest.writeBigUInt64BE(hashOf(offset));
        take({ offset, event: event({ at: 5 }), digest });
      }
      return { repeats: 0, refused: 0, first: from };
    },
  };
  const rowsOf = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n).filter((offset) => !missing.includes(offset));
  const buckets = (offsets: readonly number[]) =>
    [...Map.groupBy(offsets, (offset) => Math.floor(offset / BUCKET))].map(([bucket, of]) => ({
      bucket: String(bucket),
      count: String(of.length),
      offsets: String(of.reduce((sum, offset) => sum + (offset % BUCKET), 0)),
      hash: String(of.reduce((sum, offset) => sum + hashOf(offset), 0n)),
    }));
  const clickhouse = {
    query: async ({ query, query_params: { from, to } }: { query: string; query_params: Record<string, number> }) => {
      const offsets = rowsOf(from!, to!);
      const single = offsets.map((offset) => ({ offset: `${offset}`, count: "1", hashes: [`${hashOf(offset)}`] }));
      return { json: async () => (query.includes("AS bucket") ? buckets(offsets) : single) };
    },
  } as unknown as ClickHouseClient;
  return { log, clickhouse };
}

const WHOLE: PartitionRange = { partition: 2, from: 0, to: END, low: 0, cut: false, arriving: 0 };

test("rows of events that retention has deleted during the reading are compared with nothing, and it says so", async () => {
  const found = nothingCompared();
  const { log, clickhouse } = world([BUCKET + 100]);
  await comparePartition(log, clickhouse, WHOLE, found);
  expect(found).toMatchObject({ events: BUCKET, rows: BUCKET, logBegins: 1_000 + 2 * BUCKET });
  expect(found.counts).toEqual({ missing: 0, doubled: 0, differing: 0, unexpected: 0 });
});

test("nor are those whose events are deleted before a stretch is looked into; what is missing behind them is found", async () => {
  const found = nothingCompared();
  const [gone, missing] = [2 * BUCKET + 500, 2 * BUCKET + 900];
  const { log, clickhouse } = world([0, gone], [missing]);
  await comparePartition(log, clickhouse, WHOLE, found);
  expect(found.counts).toEqual({ missing: 1, doubled: 0, differing: 0, unexpected: 0 });
  expect(found.named).toMatchObject([{ kind: "missing", offset: missing }]);
  expect(found).toMatchObject({ events: END - 500, repeats: 0, logBegins: 1_000 + gone });
});

test("nothing is left to compare where all was deleted meanwhile", async () => {
  const found = nothingCompared();
  const { log, clickhouse } = world([END]);
  await comparePartition(log, clickhouse, WHOLE, found);
  expect(found).toMatchObject({ events: 0, rows: 0, buckets: { differing: 0 } });
  expect(found.logBegins).toBeGreaterThan(Date.now() - 60_000);
});
