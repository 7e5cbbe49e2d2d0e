import { createClient } from "@clickhouse/client";
import { compareRollUps } from "../../pipeline/read-model/compare-roll-ups.ts";
import { clickhouseOptions } from "../fixture/cluster-handle.ts";
import { placeOf } from "./books.ts";
import type { Installation } from "./installation.ts";

/** What ClickHouse holds, and whether its roll-ups say the same as its rows. */
export interface Rows {
  /** The place in the log (`placeOf`) of the event that each row shows. */
  readonly places: readonly number[];
  /** Columns of roll-ups that differ from the rows'. */
  readonly differing: readonly string[];
  /** Figures of roll-ups that were compared. */
  readonly figures: number;
}

/** How many rows and how many ended messages there are: cheap, for waiting. */
export async function countRows(installation: Installation): Promise<{ rows: number; ended: number }> {
  const clickhouse = createClient({ ...clickhouseOptions(installation.infra), database: "sluice" });
  try {
    const query = "SELECT toString(count()) AS rows, toString(countIf(type = 'final')) AS ended FROM events";
    const result = await clickhouse.query({ query, format: "JSONEachRow" });
    const { rows, ended } = (await result.json<Record<"rows" | "ended", string>>())[0]!;
    return { rows: Number(rows), ended: Number(ended) };
  } finally {
    await clickhouse.close();
  }
}

/** Asks ClickHouse. */
export async function readRows(installation: Installation): Promise<Rows> {
  const clickhouse = createClient({ ...clickhouseOptions(installation.infra), database: "sluice" });
  try {
    const listed = await clickhouse.query({
      query: "SELECT log_partition, toUInt32(log_offset) FROM events",
      format: "JSONCompactEachRow",
    });
    const places = (await listed.json<[number, number]>()).map(([partition, offset]) => placeOf(partition, offset));
    const { differing, figures } = await compareRollUps(clickhouse);
    return { places, differing, figures };
  } finally {
    await clickhouse.close();
  }
}
