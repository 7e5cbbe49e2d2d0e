import type { ClickHouseClient } from "@clickhouse/client";
import { ROLL_UPS, type RollUp } from "./roll-ups.ts";

/** What the comparison came to. */
export interface RollUpComparison {
  /** Figures looked at: groups times columns. */
  readonly figures: number;
  /** `<roll-up>.<column>: <groups>` of each column that is not in all groups what the rows say. */
  readonly differing: readonly string[];
}

/** Groups of one column of a roll-up that are not what the rows say. */
export interface DifferingGroups {
  readonly count: number;
  /** Hashes of their keys; undefined where there are more than {@link MAX_KEYS}. */
  readonly keys: ReadonlySet<number> | undefined;
}

export interface RollUpDifferences {
  readonly figures: number;
  /** By `<roll-up>.<column>`; none of no groups. */
  readonly differing: ReadonlyMap<string, DifferingGroups>;
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
/** Groups of a column that are told apart: more than an insert under way can have. */
export const MAX_KEYS = 20_000;
/** An event lies at most so much before the time that it names: clocks of machines, and times that an upstream system gives. */
const BEFORE = "INTERVAL 1 DAY";

/** Compares all roll-ups with the rows, group by group; `stretch`: only what belongs to it. */
export async function compareRollUps(clickhouse: ClickHouseClient, stretch?: Stretch): Promise<RollUpComparison> {
  const { figures, differing } = await differingGroups(clickhouse, stretch);
  return { figures, differing: [...differing].map(([name, { count }]) => `${name}: ${count}`) };
}

/** The same, with the groups that differ. */
export async function differingGroups(clickhouse: ClickHouseClient, stretch?: Stretch): Promise<RollUpDifferences> {
  const differing = new Map<string, DifferingGroups>();
  let figures = 0;
  for (const [name, rollUp] of Object.entries(ROLL_UPS)) {
    for (const part of await partsOf(clickhouse, rollUp, stretch)) {
      const { groups, columns } = await compare(clickhouse, rollUp, part);
      figures += groups * columns.size;
      for (const [column, found] of columns)
        if (found.count > 0) {
          const of = `${name}.${column}`;
          differing.set(of, together(differing.get(of), found));
        }
    }
  }
  return { figures, differing };
}

function together(one: DifferingGroups | undefined, other: DifferingGroups): DifferingGroups {
  if (one === undefined) return other;
  const isKnown = one.keys !== undefined && other.keys !== undefined && one.keys.size + other.keys.size <= MAX_KEYS;
  return { count: one.count + other.count, keys: isKnown ? new Set([...one.keys, ...other.keys]) : undefined };
}

/** Of the groups that differed before those that still do; where they cannot be told apart, all that do now. */
export function stillDiffering(
  before: RollUpDifferences["differing"],
  now: RollUpDifferences["differing"],
): Map<string, DifferingGroups> {
  const still = new Map<string, DifferingGroups>();
  for (const [name, found] of now) {
    const earlier = before.get(name);
    if (earlier === undefined) continue;
    if (found.keys === undefined || earlier.keys === undefined) {
      still.set(name, { count: Math.min(found.count, earlier.count), keys: found.keys ?? earlier.keys });
      continue;
    }
    const keys = new Set([...found.keys].filter((key) => earlier.keys!.has(key)));
    if (keys.size > 0) still.set(name, { count: keys.size, keys });
  }
  return still;
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

/** How many groups there are, and by column in which of them the two sides differ. */
async function compare(
  clickhouse: ClickHouseClient,
  rollUp: RollUp,
  part: Part | undefined,
): Promise<{ groups: number; columns: Map<string, DifferingGroups> }> {
  const query = comparison(rollUp, part !== undefined);
  const found = await clickhouse.query({ query, query_params: { ...part }, format: "JSONEachRow" });
  const [row] = await found.json<{ groups: string; counts: string[]; keys: number[][] }>();
  const columns = Object.keys(rollUp.columns).map((name, i): [string, DifferingGroups] => {
    const [count, keys] = [Number(row?.counts[i] ?? 0), row?.keys[i] ?? []];
    return [name, { count, keys: count > MAX_KEYS ? undefined : new Set(keys) }];
  });
  return { groups: Number(row?.groups ?? 0), columns: new Map(columns) };
}

const moment = (name: "from" | "to"): string => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;
const within = (time: string): string => `${time} >= ${moment("from")} AND ${time} < ${moment("to")}`;
const inPart = (by: string): string => `cityHash64(toString(${by})) % {of:UInt64} = {index:UInt64}`;

/**
 * One row: groups, and by column in how many of them the two sides differ, and hashes of these groups' keys, of 53 bits. A group that one
 * side lacks differs in all.
 */
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
  // The side that lacks a group has empty keys.
  const ofKey = key.map((_, i) => `greatest(r.k${i}, v.k${i})`).join(", ");
  const each = (of: (differs: string) => string) => names.map((_, i) => of(`r.c${i} != v.c${i}`)).join(", ");
  return `
    SELECT toString(count()) AS groups, [${each((differs) => `toString(countIf(${differs}))`)}] AS counts,
      [${each((differs) => `groupArrayIf(${MAX_KEYS})(toFloat64(bitShiftRight(cityHash64(${ofKey}), 11)), ${differs})`)}] AS keys
    FROM (SELECT ${[...key.map(([one]) => one), ...rowSide].join(", ")} FROM ${rows(ofRows)} GROUP BY ${on}) AS r
    FULL OUTER JOIN (SELECT ${[...key.map(([, one]) => one), ...keptSide].join(", ")} FROM ${kept(ofKept)} AS v) AS v USING (${on})`;
}
