import type { ClickHouseClient } from "@clickhouse/client";
import { ROLL_UPS, type RollUp } from "./roll-ups.ts";

/** What the comparison came to. */
export interface RollUpComparison {
  /** Figures looked at: groups times columns. */
  readonly figures: number;
  /** `<roll-up>.<column>: <groups>` of each column that is not in all groups what the rows say. */
  readonly differing: readonly string[];
}

/** A stretch of time, epoch ms, [from, to): whole minutes. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A part of a roll-up's groups, told apart by a hash: what is too much for one query is compared part by part. */
interface Part extends Stretch {
  readonly index: number;
  readonly of: number;
}

/** Rows of a roll-up's table that one query compares, about; it holds the groups of both sides in memory. */
const ROWS_AT_ONCE = 250_000;
/** An event lies at most so much before the time that it names: clocks of machines, and times that an upstream system gives. */
const BEFORE = "INTERVAL 1 DAY";

/** Compares all roll-ups with the rows, group by group; `stretch`: only what belongs to it. */
export async function compareRollUps(clickhouse: ClickHouseClient, stretch?: Stretch): Promise<RollUpComparison> {
  const differing: string[] = [];
  let figures = 0;
  for (const [name, rollUp] of Object.entries(ROLL_UPS)) {
    const counts = new Map<string, number>();
    for (const part of await partsOf(clickhouse, rollUp, stretch)) {
      const { groups = 0, ...columns } = await compare(clickhouse, rollUp, part);
      figures += groups * Object.keys(columns).length;
      for (const [column, count] of Object.entries(columns)) counts.set(column, (counts.get(column) ?? 0) + count);
    }
    for (const [column, count] of counts) if (count !== 0) differing.push(`${name}.${column}: ${count}`);
  }
  return { figures, differing };
}

async function partsOf(
  clickhouse: ClickHouseClient,
  { table, time }: RollUp,
  stretch: Stretch | undefined,
): Promise<(Part | undefined)[]> {
  if (stretch === undefined) return [undefined];
  const query = `SELECT toFloat64(count()) AS count FROM ${table} WHERE ${within(time.kept)}`;
  const found = await clickhouse.query({ query, query_params: { ...stretch }, format: "JSONEachRow" });
  const [row] = await found.json<{ count: number }>();
  const of = Math.max(1, Math.ceil((row?.count ?? 0) / ROWS_AT_ONCE));
  return Array.from({ length: of }, (_, index) => ({ ...stretch, index, of }));
}

/** Groups, and by column in how many of them the two sides differ. */
async function compare(
  clickhouse: ClickHouseClient,
  rollUp: RollUp,
  part: Part | undefined,
): Promise<Record<string, number>> {
  const query = comparison(rollUp, part !== undefined);
  const found = await clickhouse.query({ query, query_params: { ...part }, format: "JSONEachRow" });
  const [row = {}] = await found.json<Record<string, string>>();
  return Object.fromEntries(Object.entries(row).map(([name, count]) => [name, Number(count)]));
}

const moment = (name: "from" | "to"): string => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;
const within = (time: string): string => `${time} >= ${moment("from")} AND ${time} < ${moment("to")}`;
const inPart = (by: string): string => `cityHash64(toString(${by})) % {of:UInt64} = {index:UInt64}`;

/** One row: groups, and by column in how many of them the two sides differ. A group that one side lacks differs in all. */
function comparison({ kept, rows, keys, columns, time, divided }: RollUp, partly: boolean): string {
  const ofKept = partly ? `${within(time.kept)} AND ${inPart(divided.kept)}` : "1";
  const ofRows = partly
    ? `at >= ${moment("from")} - ${BEFORE} AND ${within(time.row)} AND ${inPart(divided.row)}`
    : "1";
  const names = Object.keys(columns);
  const text = (value: string) => `ifNull(toString(${value}), 'NULL')`;
  // Prefixed: an alias named like a column would be put into the expressions of the others.
  const key = Object.entries(keys).map(([name, of], i) => [`toString(${of}) AS k${i}`, `toString(v.${name}) AS k${i}`]);
  const on = key.map((_, i) => `k${i}`).join(", ");
  const rowSide = names.map((name, i) => `${text(columns[name]!)} AS c${i}`);
  const keptSide = names.map((name, i) => `${text(`v.${name}`)} AS c${i}`);
  return `
    SELECT toString(count()) AS groups, ${names.map((name, i) => `toString(countIf(r.c${i} != v.c${i})) AS ${name}`).join(", ")}
    FROM (SELECT ${[...key.map(([one]) => one), ...rowSide].join(", ")} FROM ${rows(ofRows)} GROUP BY ${on}) AS r
    FULL OUTER JOIN (SELECT ${[...key.map(([, one]) => one), ...keptSide].join(", ")} FROM ${kept(ofKept)} AS v) AS v USING (${on})`;
}
