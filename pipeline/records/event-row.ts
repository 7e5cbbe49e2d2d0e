import type { RowBinary } from "../../platform/clickhouse/row-binary.ts";
import type { Event } from "../../schemas/generated/types.ts";

/** Columns of the table `events` in the order in which `writeEventRow` writes them. */
export const EVENT_COLUMNS = [
  "at",
  "type",
  "message_id",
  "attempt",
  "account",
  "lane",
  "country",
  "network",
  "destination",
  "sender",
  "encoding",
  "segments",
  "reference",
  "metadata",
  "accepted_at",
  "expires_at",
  "provider",
  "route",
  "reason",
  "price",
  "cost",
  "currency",
  "submitted_at",
  "provider_message_ids",
  "resubmitted",
  "error_class",
  "error_code",
  "part",
  "state",
  "done_at",
  "receipt_at",
  "sent_as",
  "rules",
  "charged",
  "segments_saved",
  "verdicts",
  "log_partition",
  "log_offset",
] as const;

const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/**
 * Appends an event as one row. Undefined when it was written; otherwise what is wrong with it, naming the field, and
 * nothing was written. Everything that ClickHouse would refuse is refused here: one such row would hold up its block for good.
 */
export function writeEventRow(
  row: RowBinary,
  event: Event,
  logPartition: number,
  logOffset: number,
): string | undefined {
  const start = row.length;
  const { facts } = event;
  const wrong = unwritable(event);
  if (wrong !== undefined) return wrong;
  row.int64(event.at);
  row.string(event.type);
  if (!row.uuid(facts.messageId)) {
    row.truncate(start);
    return "facts.messageId is not a UUID";
  }
  row.uint16(event.attempt);
  row.string(facts.accountId);
  row.string(facts.lane);
  row.string(facts.country);
  row.string(facts.network ?? "");
  row.string(facts.to);
  row.string(facts.from ?? "");
  row.string(facts.encoding);
  row.uint16(facts.segments);
  row.string(facts.reference ?? "");
  writeLabels(row, facts.metadata);
  row.int64(facts.acceptedAt);
  row.int64(facts.expiresAt);
  row.string(event.provider ?? "");
  row.string(event.route ?? "");
  row.string(event.reason ?? "");
  row.int64(event.price ?? 0);
  row.int64(event.cost ?? 0);
  row.string(event.currency ?? "");
  row.nullableInt64(event.submittedAt);
  row.count(event.providerMessageIds.length);
  for (const id of event.providerMessageIds) row.string(id);
  row.string(event.resubmitted ?? "");
  row.string(event.errorClass ?? "");
  row.string(event.errorCode ?? "");
  row.uint16(event.part ?? 0);
  row.string(event.state ?? "");
  row.nullableInt64(event.doneAt);
  row.nullableInt64(event.receiptAt);
  row.string(facts.sentAs ?? "");
  row.string(event.rules ?? "");
  row.string(event.onDelivery ? "delivery" : "");
  row.uint16(facts.segmentsSaved);
  row.string(event.verdicts ?? "");
  row.uint16(logPartition);
  row.int64(logOffset);
  return undefined;
}

function writeLabels(row: RowBinary, labels: Readonly<Record<string, string>>): void {
  let count = 0;
  for (const _ in labels) count++;
  row.count(count);
  if (count === 0) return;
  for (const label in labels) {
    row.string(label);
    row.string(labels[label]!);
  }
}

function unwritable(event: Event): string | undefined {
  const { facts } = event;
  if (!isTime(event.at)) return outOfRange("at");
  if (!isTime(facts.acceptedAt)) return outOfRange("facts.acceptedAt");
  if (!isTime(facts.expiresAt)) return outOfRange("facts.expiresAt");
  if (event.submittedAt !== null && !isTime(event.submittedAt)) return outOfRange("submittedAt");
  if (event.doneAt !== null && !isTime(event.doneAt)) return outOfRange("doneAt");
  if (event.receiptAt !== null && !isTime(event.receiptAt)) return outOfRange("receiptAt");
  if (!isUInt16(event.attempt)) return outOfRange("attempt");
  if (!isUInt16(facts.segments)) return outOfRange("facts.segments");
  if (!isUInt16(facts.segmentsSaved)) return outOfRange("facts.segmentsSaved");
  if (event.part !== null && !isUInt16(event.part)) return outOfRange("part");
  if (event.price !== null && !Number.isSafeInteger(event.price)) return outOfRange("price");
  if (event.cost !== null && !Number.isSafeInteger(event.cost)) return outOfRange("cost");
  return undefined;
}

/** Within the years that the table's types and its partitions by day are made for. */
function isTime(value: number): boolean {
  return value >= EARLIEST && value < LATEST && Number.isInteger(value);
}

function isUInt16(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

function outOfRange(field: string): string {
  return `${field} is out of range`;
}
