import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";

/** Messages of an account that wait for their time. */
export interface Scheduled {
  readonly account: string;
  /** What they wait for: `scheduled` (the time that they were handed in for), `quiet-hours`, or another code of a rule. */
  readonly code: string;
  readonly messages: number;
  /** When the first of them is due, epoch ms. */
  readonly next: number;
}

/** Bounds of one question. A row is a message or destination that waits; what is read is two small columns of 36 days of events. */
export interface ScheduledBounds {
  readonly rows: number;
  readonly seconds: number;
  readonly bytes: number;
}

const MOST = 200;
/** A message may be handed in for 35 days ahead, and a day is cut where it ends. */
const DAYS = 36;
const BOUNDS: ScheduledBounds = { rows: 500_000_000, seconds: 9, bytes: 1_000_000_000 };

/** Who is cancelled does not wait any more, and nobody else ends before its time. */
const query = ({ rows, seconds, bytes }: ScheduledBounds) => `
  SELECT w.account AS account, w.code AS code, toFloat64(count()) AS messages, toFloat64(toUnixTimestamp64Milli(min(w.due))) AS next
  FROM (
    SELECT any(e.account) AS account, argMaxIf(e.error_code, e.at, e.type = 'postponed') AS code,
      argMaxIf(assumeNotNull(e.due), e.at, e.type = 'postponed') AS due, max(e.type = 'closed') AS cancelled
    FROM events AS e
    WHERE e.at >= now() - toIntervalDay(${DAYS})
      AND ((e.type = 'postponed' AND e.error_class = '' AND e.due > now64(3)) OR (e.type = 'closed' AND e.error_code = 'cancelled'))
    GROUP BY e.message_id, e.destination
  ) AS w
  WHERE w.cancelled = 0
  GROUP BY account, code
  ORDER BY messages DESC, account, code
  LIMIT ${MOST}
  SETTINGS max_rows_to_read = ${rows}, max_execution_time = ${seconds}, max_memory_usage = ${bytes}`;

/**
 * What waits for its time, by account and by what it waits for.
 * @throws SluiceError of class transient or throttled, or `LOOKUP_TOO_LARGE` where the bounds do not suffice
 */
export function scheduled(
  reader: Pick<ClickhouseReader, "lookUp">,
  bounds: ScheduledBounds = BOUNDS,
): Promise<Scheduled[]> {
  return reader.lookUp((rows) => rows<Scheduled & Record<string, unknown>>(query(bounds), {}));
}
