import { expect, test } from "vitest";
import type { RowAuditReport } from "../../../../services/cli/rows/audit-rows.ts";
import { nothingCompared } from "../../../../services/cli/rows/compare-rows.ts";
import { rowAuditLine, rowAuditTable, rowsHold } from "../../../../services/cli/rows/report.ts";
import { daysBetween } from "../../../../services/cli/rows/roll-up-days.ts";

const DAY = 86_400_000;
const report = (more: Partial<RowAuditReport> = {}): RowAuditReport => ({
  ...nothingCompared(),
  events: 1_000,
  rows: 1_000,
  ms: 500,
  rollUps: { figures: 70, differing: [], withoutRows: [], compared: { from: 0, to: DAY } },
  ...more,
});

test("whatever differs fails the audit; what is still arriving does not", () => {
  const { counts, buckets, rollUps } = report();
  expect(rowsHold(report({ arriving: 5, repeats: 2, refused: 1 }))).toBe(true);
  for (const kind of ["missing", "doubled", "differing", "unexpected"] as const)
    expect(rowsHold(report({ counts: { ...counts, [kind]: 1 } }))).toBe(false);
  expect(rowsHold(report({ buckets: { ...buckets, unseen: 1 } }))).toBe(false);
  expect(rowsHold(report({ rollUps: { ...rollUps, differing: ["minutes.routed: 1"] } }))).toBe(false);
});

test("the report says where the log begins, which days are left out, and each difference by its place", () => {
  const text = rowAuditTable(
    report({
      logBegins: Date.UTC(2026, 10, 24, 10),
      counts: { ...report().counts, missing: 60 },
      named: [{ kind: "missing", partition: 3, offset: 12, messageId: "m", type: "final", at: 0 }],
      rollUps: { ...report().rollUps, withoutRows: ["2026-11-01"] },
    }),
  );
  expect(text).toContain("the log begins at 2026-11-24T10:00:00.000Z");
  expect(text).toContain("missing 3/12 final of m, 1970-01-01T00:00:00.000Z");
  expect(text).toContain("(the first 1)");
  expect(text).toContain("(dropped, or archived): 2026-11-01");
  expect(text).toContain("2000 a second");
  expect(rowAuditLine(report())).toBe(
    "audit: events=1000 rows=1000 missing=0 doubled=0 differing=0 unexpected=0 arriving=0 figures=70 rollups-differing=0",
  );
});

test("a stretch is compared day by day", () => {
  expect(daysBetween({ from: DAY - 60_000, to: 2 * DAY + 60_000 })).toEqual([
    { from: DAY - 60_000, to: DAY },
    { from: DAY, to: 2 * DAY },
    { from: 2 * DAY, to: 2 * DAY + 60_000 },
  ]);
});
