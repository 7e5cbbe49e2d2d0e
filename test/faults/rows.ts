import { createClient } from "@clickhouse/client";
import { placeOf } from "./books.ts";
import type { Installation } from "./installation.ts";

/** What ClickHouse holds, and whether its roll-ups say the same as its rows. */
export interface Rows {
  /** The place in the log (`placeOf`) of the event that each row shows. */
  readonly places: readonly number[];
  /** Names of roll-up figures that differ from the rows'. */
  readonly differing: readonly string[];
}

const COUNTED = {
  routed: "type = 'routed'",
  submitted: "type = 'submitted'",
  resubmitted: "type = 'submitted' AND resubmitted != ''",
  returned: "type = 'returned'",
  in_doubt: "type = 'in_doubt'",
  delivered: "type = 'final' AND state = 'delivered'",
  undelivered: "type = 'final' AND state = 'undelivered'",
  unknown: "type = 'final' AND state = 'unknown'",
} as const;

/** How many rows and how many ended messages there are: cheap, for waiting. */
export async function countRows(installation: Installation): Promise<{ rows: number; ended: number }> {
  const clickhouse = createClient({ url: installation.infra.clickhouseUrl, database: "sluice" });
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
  const clickhouse = createClient({ url: installation.infra.clickhouseUrl, database: "sluice" });
  const one = async (sql: string): Promise<Record<string, string>> => {
    const result = await clickhouse.query({ query: sql, format: "JSONEachRow" });
    return (await result.json<Record<string, string>>())[0]!;
  };
  try {
    const listed = await clickhouse.query({
      query: "SELECT log_partition, toUInt32(log_offset) FROM events",
      format: "JSONCompactEachRow",
    });
    const places = (await listed.json<[number, number]>()).map(([partition, offset]) => placeOf(partition, offset));
    const counts = Object.entries(COUNTED);
    const ofRows = await one(
      `SELECT toString(countIf(type = 'final')) AS finals, ${counts.map(([name, when]) => `toString(countIf(${when})) AS ${name}`).join(", ")} FROM events`,
    );
    const ofMinutes = await one(
      `SELECT ${counts.map(([name]) => `toString(sum(${name})) AS ${name}`).join(", ")} FROM minutes`.replaceAll(
        /sum\((\w+)\)/g,
        "sum(minutes.$1)",
      ),
    );
    const ofMessages = await one(
      "SELECT toString(sum(finals)) AS finals, toString(sum(submissions)) AS submitted FROM messages_latest",
    );
    const differing = counts.filter(([name]) => ofRows[name] !== ofMinutes[name]).map(([name]) => name as string);
    if (ofMessages.finals !== ofRows.finals) differing.push("messages.finals");
    if (ofMessages.submitted !== ofRows.submitted) differing.push("messages.submissions");
    return { places, differing };
  } finally {
    await clickhouse.close();
  }
}
