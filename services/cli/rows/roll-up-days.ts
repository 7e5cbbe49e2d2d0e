import type { ClickHouseClient } from "@clickhouse/client";
import {
  differingGroups,
  type RollUpComparison,
  type Stretch,
  stillDiffering,
} from "../../../pipeline/read-model/compare-roll-ups.ts";
import { lifetimeOf } from "../archive/side-table.ts";

/** What the comparison of roll-ups and rows came to. */
export interface RollUpDays extends RollUpComparison {
  /** The stretch that was compared, epoch ms; undefined when there was nothing to compare. */
  readonly compared: Stretch | undefined;
  /** Days, as 2026-01-31, that roll-ups have and rows have not, such as those dropped after an archive: not compared. */
  readonly withoutRows: readonly string[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Rows of a message end so long after its acceptance at the latest; a day without rows within them takes figures from it. */
const STORY_DAYS = 8;
/** An insert writes rows and roll-ups one after the other, also those of messages of earlier days: a group is told of that differs each time. */
const TRIES = 5;

/**
 * Compares, day by day, every figure of every roll-up with the rows; `since` and `until`, epoch ms, in whole minutes, the first one too. Days
 * whose time is over, or begins to be, are left out: a part of a day's rows may be gone.
 */
export async function compareRollUpDays(
  clickhouse: ClickHouseClient,
  { since, until }: { readonly since: number | undefined; readonly until: number },
  pause: () => Promise<unknown>,
  now: number,
): Promise<RollUpDays> {
  const rowDays = await daysOf(clickhouse, "events", "at");
  const kept = (await lifetimeOf(clickhouse, "events"))?.days;
  const whole = kept === undefined ? 0 : Math.ceil((now - kept * DAY_MS) / DAY_MS) * DAY_MS;
  const first = rowDays.find((day) => day >= whole);
  const nothing = { figures: 0, differing: [], withoutRows: [], compared: undefined };
  if (first === undefined) return nothing;
  const from = Math.floor(Math.max(since ?? first, first) / MINUTE_MS) * MINUTE_MS;
  const to = Math.floor(until / MINUTE_MS) * MINUTE_MS;
  if (from >= to) return nothing;
  const gaps = (await daysOf(clickhouse, "minutes", "minute")).filter((day) => day >= first && !rowDays.includes(day));
  const days = daysBetween({ from, to }).filter(({ from: day }) => !gaps.some((gap) => touches(day, gap)));
  let figures = 0;
  const differing: string[] = [];
  for (const day of days) {
    let found = await differingGroups(clickhouse, day);
    for (let tries = 1; tries < TRIES && found.differing.size > 0; tries++) {
      await pause();
      const again = await differingGroups(clickhouse, day);
      found = { ...again, differing: stillDiffering(found.differing, again.differing) };
    }
    figures += found.figures;
    for (const [name, { count }] of found.differing) differing.push(`${name}: ${count} groups on ${dayName(day.from)}`);
  }
  return {
    figures,
    differing,
    compared: { from, to },
    withoutRows: gaps.filter((gap) => gap < to && gap + DAY_MS > from).map(dayName),
  };
}

/** Whether what began on a day may have rows on the day that has none. */
function touches(time: number, gap: number): boolean {
  const day = Math.floor(time / DAY_MS) * DAY_MS;
  return gap >= day && gap <= day + STORY_DAYS * DAY_MS;
}

/** The stretch day by day, UTC. */
export function daysBetween({ from, to }: Stretch): Stretch[] {
  const days: Stretch[] = [];
  for (let at = from; at < to; ) {
    const next = Math.min(to, (Math.floor(at / DAY_MS) + 1) * DAY_MS);
    days.push({ from: at, to: next });
    at = next;
  }
  return days;
}

async function daysOf(clickhouse: ClickHouseClient, table: string, column: string): Promise<number[]> {
  const query = `SELECT DISTINCT toString(toDate(${column})) AS day FROM ${table} ORDER BY day`;
  const found = await clickhouse.query({ query, format: "JSONEachRow" });
  return (await found.json<{ day: string }>()).map(({ day }) => Date.parse(day));
}

const dayName = (time: number): string => new Date(time).toISOString().slice(0, 10);
