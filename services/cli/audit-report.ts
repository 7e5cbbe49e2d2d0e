import { terminalStatuses } from "../../domain/message/status.ts";
import type { AuditCounts } from "./audit-counts.ts";

/** What an audit looked at, beside what it found. */
export interface AuditReport extends AuditCounts {
  /** Provider ledgers that it was compared with. */
  readonly ledgers: number;
  /** All messages were looked at: only then receipts and terminal events without a request mean something. */
  readonly whole: boolean;
}

/** Whether every message is accounted for. */
export function auditHolds(report: AuditCounts): boolean {
  return report.missing === 0 && report.duplicated === 0 && report.contradicting === 0;
}

/** The one line that scripts read. */
export function auditLine(report: AuditCounts): string {
  const { accepted, terminal, waiting, missing, duplicated, contradicting, resubmitted, byState } = report;
  const later = waiting > 0 ? ` waiting=${waiting}` : "";
  return `audit: accepted=${accepted} terminal=${terminal} missing=${missing} duplicated=${duplicated} contradicting=${contradicting} resubmitted=${resubmitted} unknown=${byState.unknown}${later}`;
}

/** The table above that line. */
export function auditTable(report: AuditReport): string {
  const rows: [string, number, string][] = [
    ["accepted", report.accepted, "distinct messages requested"],
    ["terminal", report.terminal, "of these ended"],
    ...terminalStatuses.map((state): [string, number, string] => [`  ${state}`, report.byState[state], ""]),
    ["waiting", report.waiting, "for a time to come: scheduled, or held back by a rule"],
    ["missing", report.missing, "neither ended nor dead-lettered, or dropped without being a repeat"],
    ["duplicated", report.duplicated, "went out more often than the events state a reason for"],
    ["resubmitted", report.resubmitted, "went out again for a stated reason"],
    ...byReason(report),
    ["rerouted", report.rerouted, "went on to another provider after a receipt"],
    ["contradicting", report.contradicting, "terminal events that say something else than the first"],
    ["unreadable", report.unreadable, "requests that no one can decode: dead letters"],
    ["repeats", report.repeats, "requests that say the same as an earlier one under its id"],
    ["misplaced", report.misplaced, "requests that were moved to their destination's partition"],
  ];
  if (report.ledgers > 0) rows.push(["sent", report.sent, `messages in the ledgers of ${report.ledgers} providers`]);
  if (report.whole) {
    rows.push(["unrequested", report.unrequested, "terminal events of messages nobody requested"]);
    rows.push(["orphan receipts", report.orphanReceipts, "receipts without a message"]);
  }
  const width = Math.max(...rows.map(([, count]) => String(count).length));
  const lines = rows.map(([name, count, what]) =>
    `  ${name.padEnd(18)} ${String(count).padStart(width)}  ${what}`.trimEnd(),
  );
  return [
    ...lines,
    ...listed("missing", report.missing, report.missingIds),
    ...listed("duplicated", report.duplicated, report.duplicatedIds),
    ...listed("resubmitted", report.resubmitted, report.resubmittedIds),
    ...listed("orphan receipts", report.orphanReceipts, report.orphanReceiptIds),
  ].join("\n");
}

function byReason({ resubmittedBy }: AuditCounts): [string, number, string][] {
  const reasons = Object.entries(resubmittedBy).sort(([, a], [, b]) => b - a);
  return reasons.map(([reason, count]) => [`  ${reason}`, count, "submissions"]);
}

function listed(what: string, count: number, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const more = count > ids.length ? ` (the first ${ids.length})` : "";
  return [`${what}${more}:`, ...ids.map((id) => `  ${id}`)];
}
