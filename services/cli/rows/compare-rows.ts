import type { ClickHouseClient } from "@clickhouse/client";
import { BUCKET, BucketFold, differingBuckets, type Run, runsOf } from "./buckets.ts";
import type { EventLog, ExpectedRow, LeftOut, PartitionRange } from "./event-log.ts";
import { DIFFERENCES, type Difference, type DifferenceKind, rowDifferences, sameEvent } from "./row-differences.ts";
import { bucketsOfRows, eventsOfRows, rowsByOffset } from "./stored-rows.ts";

/** Differences that are named. */
export const MAX_NAMED = 50;
/** Buckets that are looked into: of more, what a look at each would find is told as it is, a fault of whole stretches. */
const MAX_LOOKED_INTO = 512;
/** Neighbouring buckets looked into at once; the events of so many are held. */
const RUN = 16;
/** Ids of messages in one question: it goes in the request's address. */
const MESSAGES_AT_ONCE = 200;

/** What of the log a comparison needs. */
type ComparedLog = Pick<EventLog, "read" | "low" | "appendedAt" | "repeatSpan">;

/** What a comparison of events and rows came to. */
export interface RowComparison extends LeftOut {
  /** Events compared: those of which there must be a row. */
  events: number;
  rows: number;
  /** Stored in Kafka and not confirmed by the sink yet: not compared. */
  arriving: number;
  readonly counts: Record<DifferenceKind, number>;
  /** The first {@link MAX_NAMED}. */
  readonly named: Difference[];
  /** Buckets of {@link BUCKET} offsets: compared, not the same, and of these not looked into, whose differences are not in `counts`. */
  readonly buckets: { compared: number; differing: number; unseen: number };
  /** When the log begins, epoch ms, where retention has deleted what was asked for: older rows are compared with nothing. */
  logBegins: number | undefined;
}

export function nothingCompared(): RowComparison {
  const counts = Object.fromEntries(DIFFERENCES.map((kind) => [kind, 0])) as Record<DifferenceKind, number>;
  const buckets = { compared: 0, differing: 0, unseen: 0 };
  return { events: 0, rows: 0, repeats: 0, refused: 0, arriving: 0, counts, named: [], buckets, logBegins: undefined };
}

/** Compares the rows of one partition with its events: once through the log, one query, and a closer look at what is not the same. */
export async function comparePartition(
  log: ComparedLog,
  clickhouse: ClickHouseClient,
  asked: PartitionRange,
  into: RowComparison,
): Promise<void> {
  into.arriving += asked.arriving;
  if (asked.from >= asked.to) return;
  const fold = new BucketFold();
  let times = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  const take = ({ offset, event: { at }, digest }: ExpectedRow) => {
    fold.add(offset, digest);
    if (at < times.first) times.first = at;
    if (at > times.last) times.last = at;
  };
  const read = await log.read(asked, take);
  if (asked.cut && read.first !== undefined) into.logBegins = Math.max(into.logBegins ?? 0, read.first);
  // What retention has deleted meanwhile has been read in part: whole buckets are compared.
  const low = await log.low(asked.partition);
  const isCut = low > asked.from;
  const range = isCut ? { ...asked, from: Math.ceil(low / BUCKET) * BUCKET, low } : asked;
  if (isCut) await noteBeginning(log, range, into);
  into.repeats += read.repeats;
  into.refused += read.refused;
  const events = new Map([...fold.buckets()].filter(([key]) => !isCut || key * BUCKET >= range.from));
  if (times.first > times.last) times = { first: 0, last: 0 };
  const rows = await bucketsOfRows(clickhouse, range, times);
  const differing = differingBuckets(events, rows);
  for (const { count } of events.values()) into.events += count;
  for (const { count } of rows.values()) into.rows += count;
  into.buckets.compared += new Set([...events.keys(), ...rows.keys()]).size;
  const left = Math.max(0, MAX_LOOKED_INTO - (into.buckets.differing - into.buckets.unseen));
  const looked = differing.slice(0, left);
  into.buckets.differing += differing.length;
  into.buckets.unseen += differing.length - looked.length;
  for (const run of runsOf(looked, RUN)) {
    const folded = [...events].filter(([key]) => key * BUCKET >= run.from && key * BUCKET < run.to);
    await lookInto(
      log,
      clickhouse,
      { ...range, ...within(run, range) },
      into,
      sum(folded.map(([, { count }]) => count)),
    );
  }
}

/** Says that the log begins where it does now. */
async function noteBeginning(
  log: ComparedLog,
  { partition, from }: PartitionRange,
  into: RowComparison,
): Promise<void> {
  const time = (await log.appendedAt(partition, from)) ?? Date.now();
  into.logBegins = Math.max(into.logBegins ?? 0, time);
}

/** `folded`: events that the fold counted here. */
async function lookInto(
  log: ComparedLog,
  clickhouse: ClickHouseClient,
  asked: PartitionRange,
  into: RowComparison,
  folded: number,
): Promise<void> {
  let expected: ExpectedRow[] = [];
  await log.read(asked, (row) => void expected.push(row), { wholly: true });
  const low = await log.low(asked.partition);
  const run = { ...asked, from: Math.max(asked.from, low), low: Math.max(asked.low, low) };
  if (run.from > asked.from) {
    expected = expected.filter(({ offset }) => offset >= run.from);
    await noteBeginning(log, run, into);
  }
  into.events -= folded - expected.length;
  // What the fold took for new repeats an event from before its beginning, unless it is deleted by now.
  if (run.from === asked.from) into.repeats += folded - expected.length;
  const differences = rowDifferences(run.partition, expected, await rowsByOffset(clickhouse, run));
  const forgotten = await repeatsOfDeleted(log, clickhouse, run, expected, differences);
  for (const difference of differences) {
    if (forgotten.has(difference.offset)) {
      into.events--;
      into.repeats++;
      continue;
    }
    into.counts[difference.kind]++;
    if (into.named.length < MAX_NAMED) into.named.push(difference);
  }
}

/** Offsets of events without a row that repeat one which retention has deleted and ClickHouse still has. */
async function repeatsOfDeleted(
  log: ComparedLog,
  clickhouse: ClickHouseClient,
  { partition, low }: PartitionRange,
  expected: readonly ExpectedRow[],
  differences: readonly Difference[],
): Promise<ReadonlySet<number>> {
  const missing = new Set(
    differences.flatMap(({ kind, offset }) => (kind === "missing" && offset - log.repeatSpan < low ? [offset] : [])),
  );
  if (missing.size === 0) return missing;
  const events = expected.filter(({ offset }) => missing.has(offset));
  const from = Math.max(0, Math.min(...missing) - log.repeatSpan);
  const known = new Set<string>();
  for (let at = 0; at < events.length; at += MESSAGES_AT_ONCE) {
    const some = events.slice(at, at + MESSAGES_AT_ONCE).map(({ event }) => event.facts.messageId);
    for (const one of await eventsOfRows(clickhouse, { partition, from, to: low }, some)) known.add(one);
  }
  return new Set(events.filter(({ event }) => known.has(sameEvent(event))).map(({ offset }) => offset));
}

const within = (run: Run, { from, to }: Run): Run => ({ from: Math.max(run.from, from), to: Math.min(run.to, to) });
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
