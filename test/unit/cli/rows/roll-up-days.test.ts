import type { ClickHouseClient } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import {
  type DifferingGroups,
  MAX_KEYS,
  type RollUpDifferences,
  stillDiffering,
} from "../../../../pipeline/read-model/compare-roll-ups.ts";
import { ROLL_UPS } from "../../../../pipeline/read-model/roll-ups.ts";
import { compareRollUpDays } from "../../../../services/cli/rows/roll-up-days.ts";

const DAY = 86_400_000;
const TODAY = Date.UTC(2026, 10, 30);
const columns = Object.keys(ROLL_UPS.minutes!.columns);

/** ClickHouse, with the days given, of which events are kept for 90. `differs`: groups of the first column of `minutes`, by the try. */
function store(days: readonly number[], differs: (attempt: number) => readonly number[]) {
  const compared: number[] = [];
  let attempt = 0;
  const answer = (query: string, from: number | undefined): object[] => {
    if (query.includes("SELECT DISTINCT"))
      return days.map((day) => ({ day: new Date(day).toISOString().slice(0, 10) }));
    if (query.includes("engine_full")) return [{ engine: "MergeTree TTL toDateTime(at) + toIntervalDay(90) SETTINGS" }];
    if (!query.includes("FULL OUTER JOIN")) return [{ count: 1 }];
    compared.push(from!);
    if (!query.includes("FROM minutes")) return [{ groups: "1", counts: [], keys: [] }];
    const keys = differs(attempt++);
    return [{ groups: "9", counts: columns.map((_, i) => (i === 0 ? `${keys.length}` : "0")), keys: [keys] }];
  };
  const clickhouse = {
    query: async ({ query, query_params = {} }: { query: string; query_params?: Record<string, number> }) => ({
      json: async () => answer(query, query_params.from),
    }),
  } as unknown as ClickHouseClient;
  const compare = (now: number) => compareRollUpDays(clickhouse, { since: undefined, until: now }, async () => {}, now);
  return { compared, compare };
}

describe("roll-ups by the day", () => {
  it("does not tell of groups that differ in one try and not in another: what comes in now belongs to earlier today too", async () => {
    const { compare } = store([TODAY], (attempt) => [100 + attempt, 200 + attempt]);
    expect((await compare(TODAY + 3_600_000)).differing).toEqual([]);
  });

  it("tells of the groups that differ each time, among others that do once", async () => {
    const { compare } = store([TODAY], (attempt) => [7, 100 + attempt]);
    expect((await compare(TODAY + 3_600_000)).differing).toEqual([`minutes.${columns[0]}: 1 groups on 2026-11-30`]);
  });

  it("begins with the first day that is wholly kept: of an older one a part may be gone", async () => {
    const days = [TODAY - 90 * DAY, TODAY - 89 * DAY, TODAY];
    const { compare, compared } = store(days, () => []);
    const report = await compare(TODAY + 3_600_000);
    expect(report.compared!.from).toBe(TODAY - 89 * DAY);
    expect(Math.min(...compared)).toBe(TODAY - 89 * DAY);
    expect((await store(days, () => []).compare(TODAY)).compared!.from).toBe(TODAY - 90 * DAY);
  });
});

describe("groups that still differ", () => {
  const of = (count: number, keys?: number[]): RollUpDifferences["differing"] =>
    new Map<string, DifferingGroups>([["minutes.sent", { count, keys: keys && new Set(keys) }]]);

  it("are those of both times", () => {
    expect(stillDiffering(of(3, [1, 2, 3]), of(2, [3, 4]))).toEqual(of(1, [3]));
    expect(stillDiffering(of(1, [1]), of(1, [2]))).toEqual(new Map());
    expect(stillDiffering(new Map(), of(1, [2]))).toEqual(new Map());
  });

  it("are all that do now where there are too many to be told apart", () => {
    const many = MAX_KEYS + 1;
    expect(stillDiffering(of(many), of(many))).toEqual(of(many));
    expect(stillDiffering(of(many), of(2, [3, 4]))).toEqual(of(2, [3, 4]));
    expect(stillDiffering(of(1, [3]), of(many))).toEqual(of(1, [3]));
  });
});
