import { terminalStatuses } from "../../domain/message/status.ts";
import { type AuditCounts, MAX_LISTED } from "./audit.ts";

/** What an audit looked at, beside what it found. */
export interface AuditReport extends AuditCounts {
  /** Provider ledgers that it was compared with. */
  readonly ledgers: number;
  /** All messages were looked at: only then receipts and terminal events without a request mean something. */
  readonly whole: boolean;
}

/** Whether every message is accounted for. */
export function auditHolds(report: AuditCounts): boolean {
  return report.missing === 0 && report.duplicated === 0;
}

/** The one line that scripts read. */
export function auditLine(report: AuditCounts): string {
  const { accepted, terminal, missing, duplicated, resubmitted, byState } = report;
  return `audit: accepted=${accepted} terminal=${terminal} missing=${missing} duplicated=${duplicated} resubmitted=${resubmitted} unknown=${byState.unknown}`;
}

/** The table above that line. */
export function auditTable(report: AuditReport): string {
  const rows: [string, number, string][] = [
    ["accepted", report.accepted, "distinct messages requested"],
    ["terminal", report.terminal, "of these ended"],
    ...terminalStatuses.map((state): [string, number, string] => [`  ${state}`, report.byState[state], ""]),
    ["missing", report.missing, "neither ended nor dead-lettered"],
    ["duplicated", report.duplicated, "went out more often than the events state a reason for"],
    ["resubmitted", report.resubmitted, "went out again for a stated reason"],
    ["contradicting", report.contradicting, "terminal events that say something else than the first"],
    ["unreadable", report.unreadable, "requests that no one can decode: dead letters"],
    ["misplaced", report.misplaced, "requests that were moved to their destination's partition"],
  ];
  if (report.ledgers > 0) rows.push(["sent", report.sent, `messages in the ledgers of ${report.ledgers} providers`]);
  if (report.whole) {
    rows.push(["unrequested", report.unrequested, "terminal events of messages nobody requested"]);
    rows.push(["orphan receipts", report.orphanReceipts, "receipts without a message"]);
  }
  const width = Math.max(...rows.map(([, count]) => String(count).length));
  const lines = rows.map(([name, count, what]) =>
    `  ${name.padEnd(15)} ${String(count).padStart(width)}  ${what}`.trimEnd(),
  );
  return [...lines, ...listed("missing", report), ...listed("duplicated", report)].join("\n");
}

function listed(which: "missing" | "duplicated", report: AuditCounts): string[] {
  const ids = which === "missing" ? report.missingIds : report.duplicatedIds;
  if (ids.length === 0) return [];
  const more = report[which] > MAX_LISTED ? ` (the first ${MAX_LISTED})` : "";
  return [`${which}${more}:`, ...ids.map((id) => `  ${id}`)];
}
