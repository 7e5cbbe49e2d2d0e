import type { RowWriter } from "../../platform/clickhouse/row-writer.ts";
import type { Event } from "../../schemas/generated/types.ts";

const TIME = "DateTime64(3, 'UTC')";
const MONEY = "Decimal(18, 6)";
const TEXT = "String";
/** Of which there are few in a block. */
const WORD = "LowCardinality(String)";

/**
 * Columns of the table `events` that the sink writes, with their types, in the order in which `writeEventRow` writes them: what may be
 * refused when it is written comes first.
 */
export const EVENT_TYPES = {
  message_id: "UUID",
  at: TIME,
  type: WORD,
  attempt: "UInt16",
  account: WORD,
  lane: WORD,
  country: WORD,
  network: WORD,
  destination: TEXT,
  sender: WORD,
  encoding: WORD,
  segments: "UInt16",
  reference: TEXT,
  metadata: "Map(String, String)",
  accepted_at: TIME,
  expires_at: TIME,
  provider: WORD,
  route: WORD,
  reason: WORD,
  price: MONEY,
  cost: MONEY,
  currency: WORD,
  submitted_at: `Nullable(${TIME})`,
  provider_message_ids: "Array(String)",
  resubmitted: WORD,
  error_class: WORD,
  error_code: WORD,
  part: "UInt16",
  state: WORD,
  done_at: `Nullable(${TIME})`,
  receipt_at: `Nullable(${TIME})`,
  sent_as: WORD,
  rules: TEXT,
  charged: WORD,
  segments_saved: "UInt16",
  due: `Nullable(${TIME})`,
  verdicts: WORD,
  log_partition: "UInt16",
  log_offset: "UInt64",
} as const;

export const EVENT_COLUMNS = Object.keys(EVENT_TYPES) as readonly (keyof typeof EVENT_TYPES)[];

const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/**
 * Appends an event as one row. Undefined when it was written; otherwise what is wrong with it, naming the field, and
 * nothing was written. Everything that ClickHouse would refuse is refused here: one such row would hold up its block for good.
 */
export function writeEventRow(
  row: RowWriter,
  event: Event,
  logPartition: number,
  logOffset: number,
): string | undefined {
  const { facts } = event;
  const wrong = unwritable(event);
  if (wrong !== undefined) return wrong;
  if (!row.uuid(facts.messageId)) return "facts.messageId is not a UUID";
  row.int64(event.at);
  row.string(event.type);
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
  row.labels(facts.metadata);
  row.int64(facts.acceptedAt);
  row.int64(facts.expiresAt);
  row.string(event.provider ?? "");
  row.string(event.route ?? "");
  row.string(event.reason ?? "");
  row.int64(event.price ?? 0);
  row.int64(event.cost ?? 0);
  row.string(event.currency ?? "");
  row.nullableInt64(event.submittedAt);
  row.strings(event.providerMessageIds);
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
  row.nullableInt64(event.due);
  row.string(event.verdicts ?? "");
  row.uint16(logPartition);
  row.int64(logOffset);
  return undefined;
}

function unwritable(event: Event): string | undefined {
  const { facts } = event;
  if (!isTime(event.at)) return outOfRange("at");
  if (!isTime(facts.acceptedAt)) return outOfRange("facts.acceptedAt");
  if (!isTime(facts.expiresAt)) return outOfRange("facts.expiresAt");
  if (event.submittedAt !== null && !isTime(event.submittedAt)) return outOfRange("submittedAt");
  if (event.doneAt !== null && !isTime(event.doneAt)) return outOfRange("doneAt");
  if (event.receiptAt !== null && !isTime(event.receiptAt)) return outOfRange("receiptAt");
  if (event.due !== null && !isTime(event.due)) return outOfRange("due");
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
