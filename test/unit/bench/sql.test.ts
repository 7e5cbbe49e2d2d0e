import { describe, expect, it } from "vitest";
import { questions } from "../../../infra/clickhouse/questions.ts";
import { EVENT_COLUMNS } from "../../../pipeline/records/event-row.ts";
import { KINDS } from "../../bench/sql/askings.ts";
import { madeEvents } from "../../bench/sql/made-events.ts";
import { quantile, withinBound } from "../../bench/sql/question-cost.ts";

describe("make bench-sql", () => {
  it("asks every question of docs/sql.md", () => {
    expect(Object.keys(KINDS).sort()).toEqual(questions().map(({ name }) => name));
  });

  it("makes every column that the sink writes, and refuses one that nobody makes", () => {
    const traffic = { first: 0, count: 1, from: 0, everyMs: 1, wave: 0 };
    expect(madeEvents(traffic, EVENT_COLUMNS)).toContain(`SELECT ${EVENT_COLUMNS.join(", ")} FROM`);
    expect(() => madeEvents(traffic, ["at", "colour"])).toThrow("columns that nobody makes: colour");
  });

  it("judges by rows: one message by their number, the others by their share of all events", () => {
    expect(withinBound({ kind: "one message", rows: 200_000 }, 200_000, 1)).toBe(true);
    expect(withinBound({ kind: "one message", rows: 200_000 }, 200_001, 1_000_000_000)).toBe(false);
    expect(withinBound({ kind: "roll-up", share: 0.005 }, 150_000, 30_000_000)).toBe(true);
    expect(withinBound({ kind: "roll-up", share: 0.005 }, 150_001, 30_000_000)).toBe(false);
  });

  it("takes the greatest of few values for a high quantile", () => {
    expect(quantile([3, 1, 2], 0.95)).toBe(3);
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(quantile(hundred, 0.95)).toBe(95);
  });
});
