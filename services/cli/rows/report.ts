import type { RowAuditReport } from "./audit-rows.ts";
import { DIFFERENCES, type Difference } from "./row-differences.ts";

/** Whether rows are what the log says, and roll-ups what the rows say. */
export function rowsHold({ counts, buckets, rollUps }: RowAuditReport): boolean {
  return DIFFERENCES.every((kind) => counts[kind] === 0) && buckets.unseen === 0 && rollUps.differing.length === 0;
}

/** The one line that scripts read. */
export function rowAuditLine({ events, rows, counts, arriving, rollUps }: RowAuditReport): string {
  const differences = DIFFERENCES.map((kind) => `${kind}=${counts[kind]}`).join(" ");
  return `audit: events=${events} rows=${rows} ${differences} arriving=${arriving} figures=${rollUps.figures} rollups-differing=${rollUps.differing.length}`;
}

/** The table above that line. */
export function rowAuditTable(report: RowAuditReport): string {
  const { counts, rollUps } = report;
  const figures: [string, number, string][] = [
    ["events", report.events, "in sms.events, of which there must be a row"],
    ["rows", report.rows, "in ClickHouse of the same time"],
    ["repeats", report.repeats, "events that stand in the log twice: one row"],
    ["refused", report.refused, "records that are no event: dead letters"],
    ["arriving", report.arriving, "in the log and not confirmed by the sink: not compared"],
    ["missing", counts.missing, "events without a row"],
    ["doubled", counts.doubled, "events with the same row more than once"],
    ["differing", counts.differing, "events whose row says something else"],
    ["unexpected", counts.unexpected, "rows of no event"],
    ["figures", rollUps.figures, `of roll-ups, compared with the rows${stretchOf(report)}`],
  ];
  const width = Math.max(...figures.map(([, count]) => String(count).length));
  return [
    ...figures.map(([name, count, what]) => `  ${name.padEnd(10)} ${String(count).padStart(width)}  ${what}`),
    ...begins(report),
    ...looked(report),
    ...report.named.map((difference) => `  ${differenceLine(difference)}`),
    ...(rollUps.withoutRows.length > 0
      ? [`no rows, so not compared with the roll-ups (dropped, or archived): ${rollUps.withoutRows.join(", ")}`]
      : []),
    ...(rollUps.differing.length > 0 ? ["roll-ups that are not what the rows say:"] : []),
    ...rollUps.differing.map((one) => `  ${one}`),
    speed(report),
  ].join("\n");
}

/** What differs at one offset, and of which message. */
export function differenceLine({ kind, partition, offset, messageId, type, at }: Difference): string {
  const event = messageId === undefined ? "" : ` ${type} of ${messageId}, ${new Date(at!).toISOString()}`;
  return `${kind} ${partition}/${offset}${event}`;
}

function begins({ logBegins }: RowAuditReport): string[] {
  if (logBegins === undefined) return [];
  return [`the log begins at ${new Date(logBegins).toISOString()}: what retention has deleted is not compared`];
}

function looked({ named, counts, buckets }: RowAuditReport): string[] {
  const total = DIFFERENCES.reduce((sum, kind) => sum + counts[kind], 0);
  if (total === 0 && buckets.unseen === 0) return [];
  const unseen =
    buckets.unseen > 0
      ? `; ${buckets.unseen} more stretches of 8192 offsets are not the same and were not looked into`
      : "";
  return [`differences by partition and offset${total > named.length ? ` (the first ${named.length})` : ""}${unseen}:`];
}

function stretchOf({ rollUps: { compared } }: RowAuditReport): string {
  if (compared === undefined) return "";
  return `, ${new Date(compared.from).toISOString()} to ${new Date(compared.to).toISOString()}`;
}

function speed({ events, rows, ms }: RowAuditReport): string {
  const rate = Math.round((Math.max(events, rows) / Math.max(1, ms)) * 1_000);
  return `events and rows compared in ${(ms / 1_000).toFixed(1)} s, ${rate} a second`;
}
