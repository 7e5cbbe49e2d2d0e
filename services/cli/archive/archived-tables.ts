/** A table whose rows belong to days: what an archive holds. */
export interface ArchivedTable {
  readonly name: string;
  /** A time or date of the row; the table is partitioned by its day. */
  readonly time: string;
  /** By which a day's rows are divided into files, beside the hour. */
  readonly divided: string;
  /** Rows of one key are folded when ClickHouse merges them: an archive has them folded, and compares them so. */
  readonly folded: boolean;
  /** What its rows say stands nowhere else: they are dropped only when the table is named. */
  readonly droppedByName: boolean;
}

/** What came in as records, from which everything else is made. */
export const ARCHIVED_TABLES: readonly ArchivedTable[] = [
  { name: "events", time: "at", divided: "message_id", folded: false, droppedByName: false },
  { name: "dead_letters", time: "at", divided: "log_offset", folded: false, droppedByName: false },
  { name: "conversions", time: "told_on", divided: "message_id", folded: true, droppedByName: true },
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

/**
 * For how long after its end a day stays in ClickHouse, days. Until then its rows are asked for: a dead letter is replayed by what became of
 * its message (7 days in Kafka, and a validity of 7), `audit --clickhouse` compares them with Kafka (7), and the watch for abnormal
 * traffic learns from them when it begins (28, SLUICE_ABNORMAL_HISTORY).
 */
export const DROP_AFTER_DAYS = 30;

/** Whether a day may be removed from ClickHouse. `now`: epoch ms. */
export function mayBeDropped(day: string, now: number): boolean {
  return Date.parse(day) + (1 + DROP_AFTER_DAYS) * DAY_MS <= now;
}
