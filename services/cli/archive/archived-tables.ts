/** A table whose rows belong to days: what an archive holds. */
export interface ArchivedTable {
  readonly name: string;
  /** A time or date of the row; the table is partitioned by its day. */
  readonly time: string;
  /** By which a day's rows are divided into files, beside the hour. */
  readonly divided: string;
  /** Rows of one key are folded when ClickHouse merges them: an archive has them folded, and compares them so. */
  readonly folded: boolean;
}

/** What came in as records, from which everything else is made. */
export const ARCHIVED_TABLES: readonly ArchivedTable[] = [
  { name: "events", time: "at", divided: "message_id", folded: false },
  { name: "dead_letters", time: "at", divided: "log_offset", folded: false },
  { name: "conversions", time: "told_on", divided: "message_id", folded: true },
];

const DAY_MS = 86_400_000;

/** The partition of a day, as ClickHouse names it. */
export function partitionOf(day: string): string {
  return day.replaceAll("-", "");
}

/** The day after, as 2026-01-31. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
}

/** Whether the day is over, so that what still belongs to it is late. `now`: epoch ms. */
export function isOver(day: string, now: number): boolean {
  return Date.parse(day) + DAY_MS <= now;
}
