import { setTimeout as pause } from "node:timers/promises";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { type ClickhouseConfig, clientAddress } from "../../../platform/clickhouse/settings.ts";
import type { RegistryConfig } from "../../../platform/codec/registry-settings.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import { comparePartition, nothingCompared, type RowComparison } from "./compare-rows.ts";
import { EventLog, type PartitionRange } from "./event-log.ts";
import { compareRollUpDays, type RollUpDays } from "./roll-up-days.ts";

export interface RowAuditOptions {
  readonly connection: KafkaConnection;
  readonly registry: string | RegistryConfig;
  readonly partitions: number;
  /** How far back the sink recognises a repeat, offsets. */
  readonly repeatSpan: number;
  /** As whoever may read all tables without the reader's limits. */
  readonly clickhouse: ClickhouseConfig;
  /** Events appended in [since, until), epoch ms. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly progress?: (line: string) => void;
  /** Epoch ms. */
  readonly now?: () => number;
  /** How long to wait before roll-ups that differ are looked at again, ms. */
  readonly againMs?: number;
}

export interface RowAuditReport extends RowComparison {
  readonly rollUps: RollUpDays;
  /** How long reading and comparing the events took, ms. */
  readonly ms: number;
}

/** A query over a day of roll-ups may take so long. */
const QUERY_MS = 3_600_000;
/** Events come to the log a little after they happen, and an insert takes a while: younger minutes are not compared. */
const SETTLED_MS = 60_000;
const AGAIN_MS = 2_000;

/**
 * Compares ClickHouse's rows with the events of sms.events up to what the sink has confirmed, and every roll-up with the rows.
 * @throws SluiceError `PARTITIONS_MISMATCH`, `CLICKHOUSE_UNAVAILABLE`, or what the log's reader throws
 */
export async function auditRows(options: RowAuditOptions): Promise<RowAuditReport> {
  const clickhouse = clientOf(options.clickhouse);
  try {
    const log = await EventLog.open(options.connection, options.registry, options.repeatSpan);
    try {
      return await audit(options, log, clickhouse);
    } finally {
      await log.close();
    }
  } finally {
    await clickhouse.close();
  }
}

async function audit(options: RowAuditOptions, log: EventLog, clickhouse: ClickHouseClient): Promise<RowAuditReport> {
  const { since, until, progress, now = Date.now, againMs = AGAIN_MS } = options;
  const began = performance.now();
  await answering(clickhouse.query({ query: "SELECT 1 FROM events LIMIT 0", format: "JSONEachRow" }));
  const ranges = await log.ranges(since, until);
  if (ranges.length !== options.partitions)
    throw new SluiceError(
      `sms.events has ${ranges.length} partitions and SLUICE_PARTITIONS says ${options.partitions}`,
      {
        code: "PARTITIONS_MISMATCH",
      },
    );
  const found = nothingCompared();
  for (const range of ranges) {
    await comparePartition(log, clickhouse, range, found);
    progress?.(`partition ${range.partition + 1} of ${ranges.length}: ${found.events} events compared`);
  }
  const ms = Math.round(performance.now() - began);
  progress?.("comparing the roll-ups with the rows");
  const settled = Math.min(until ?? now(), (await oldestArriving(log, ranges)) - SETTLED_MS, now() - SETTLED_MS);
  const rollUps = await answering(
    compareRollUpDays(clickhouse, { since, until: settled }, () => pause(againMs), now()),
  );
  return { ...found, ms, rollUps };
}

/** When the oldest event that the sink has not confirmed was appended; infinite when there is none. */
async function oldestArriving(log: EventLog, ranges: readonly PartitionRange[]): Promise<number> {
  const waiting = ranges.filter(({ arriving }) => arriving > 0);
  const times = await Promise.all(waiting.map(({ partition, to }) => log.appendedAt(partition, to)));
  return Math.min(...times.filter((time) => time !== undefined), Number.POSITIVE_INFINITY);
}

/** A client for questions that take long, with the limits of its user alone. */
export function clientOf(config: ClickhouseConfig): ClickHouseClient {
  return createClient({
    ...clientAddress(config),
    request_timeout: QUERY_MS,
    log: { level: ClickHouseLogLevel.OFF },
  });
}

async function answering<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    throw new SluiceError("ClickHouse did not answer", { code: "CLICKHOUSE_UNAVAILABLE", class: "transient", cause });
  }
}
