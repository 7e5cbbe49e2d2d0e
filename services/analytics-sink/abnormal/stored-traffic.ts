import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import type { RangeTraffic, SentTraffic, ToldTraffic, TrafficMinute } from "../../../domain/abnormal/traffic-minute.ts";
import { DELAY_BOUNDS_MS } from "../../../domain/quality/delay-buckets.ts";
import { type ClickhouseConfig, clientAddress } from "../../../platform/clickhouse/settings.ts";
import { type Dated, type EndCount, type TrafficRows, wholeMinutes } from "./traffic-rows.ts";

const TIMEOUT_MS = 60_000;
const MINUTE_MS = 60_000;
/** Rows of one question at the most, about 200 bytes each; where there are more a shorter stretch is asked for. Of a minute's, those with the fewest messages are left out. */
const MAX_ROWS = 100_000;

const AT = `at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64})`;
const LARGEST = `ORDER BY messages DESC LIMIT ${MAX_ROWS}`;
const MINUTE = "toUInt32(intDiv(toUnixTimestamp(at), 60))";
/** The last minute of a coarse stretch stands for all of it. */
const MINUTE_OR_LAST = `if({coarse:UInt8} = 1, toUInt32(intDiv({until:Int64}, ${MINUTE_MS}) - 1), ${MINUTE})`;
const AMOUNT = "toFloat64(sum(cost)) * 1e6 AS cost, toString(currency) AS currency";

const SENT = `
  SELECT ${MINUTE} AS minute, account, country, sender, provider, toUInt32(count()) AS messages, ${AMOUNT}
  FROM events WHERE type = 'submitted' AND ${AT}
  GROUP BY minute, account, country, sender, provider, currency ${LARGEST}`;

const RANGES = `
  SELECT ${MINUTE_OR_LAST} AS minute, account, country, substring(destination, 1, length(destination) - 4) AS range,
    toUInt32(count()) AS messages, ${AMOUNT}
  FROM events WHERE type = 'submitted' AND lane = 'otp' AND length(destination) > 6 AND ${AT}
  GROUP BY minute, account, country, range, currency ${LARGEST}`;

// Only a receipt says when it was delivered.
const ENDS = `
  SELECT ${MINUTE} AS minute, provider, country, toUInt32(count()) AS messages,
    if(state = 'delivered' AND isNotNull(receipt_at),
      toInt8(arrayFirstIndex(bound -> ifNull(dateDiff('millisecond', submitted_at, receipt_at), 0) < bound, {bounds:Array(Int64)})),
      toInt8(-1)) AS bucket
  FROM events WHERE type = 'final' AND isNotNull(submitted_at) AND provider != '' AND ${AT}
  GROUP BY minute, provider, country, bucket ${LARGEST}`;

// Each message at the same age, so that what is told late does not look like none; of several submissions the last. An id of several
// destinations does not say who converted: it counts for none, as where providers are compared (conversions/conversion-settling.ts).
const TOLD = `
  SELECT toUInt32(intDiv(toUnixTimestamp(m.last_at), 60) + {waitMinutes:UInt32}) AS minute, m.account AS account, m.way.1 AS country,
    m.way.2 AS provider, toUInt32(count()) AS messages, messages AS told, toUInt32(countIf(c.converted)) AS converted
  FROM
  (
    SELECT e.message_id AS message_id, e.account AS account, argMax((e.country, e.provider), e.at) AS way, max(e.at) AS last_at
    FROM events AS e
    WHERE type = 'submitted' AND lane = 'otp' AND ${AT}
    GROUP BY message_id, account
    HAVING uniqExact(e.destination) = 1
  ) AS m
  INNER JOIN
  (
    SELECT message_id, account, min(told_at) AS first_told, max(isNotNull(converted_at)) AS converted FROM conversions
    WHERE told_at >= fromUnixTimestamp64Milli({from:Int64}) AND told_at < fromUnixTimestamp64Milli({toldUntil:Int64})
    GROUP BY message_id, account
  ) AS c ON c.message_id = m.message_id AND c.account = m.account
  WHERE c.first_told <= m.last_at + toIntervalMillisecond({waitMs:Int64})
  GROUP BY minute, account, country, provider ${LARGEST}`;

const EARLIEST =
  "SELECT toUInt32(count()) AS events, toUInt32(intDiv(toUnixTimestamp(min(at)), 60)) AS minute FROM events";

/** The traffic as it stands in ClickHouse, by the minute. Every event stands there once, so nothing counts twice. */
export class StoredTraffic {
  private readonly client: ClickHouseClient;
  private readonly waitMs: number;

  /** @param waitMs age of messages at which their conversions are counted, ms; whole minutes of it are used, one at least */
  constructor(config: ClickhouseConfig, waitMs: number) {
    this.waitMs = Math.max(1, Math.floor(waitMs / MINUTE_MS)) * MINUTE_MS;
    this.client = createClient({
      ...clientAddress(config),
      request_timeout: TIMEOUT_MS,
      max_open_connections: 4,
      // What fails is thrown, and logged by whoever asks again.
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: { max_threads: 2, output_format_json_quote_64bit_integers: 0 },
    });
  }

  /**
   * The minutes from one on, up to another: fewer of them where all have more than {@link MAX_ROWS} rows, but one at least.
   * @param from minutes since 1970
   * @param until the first one after them, within an hour of `from`
   * @param coarse the ranges of numbers of all the minutes given in their last one: many minutes of them are many rows
   */
  read(from: number, until: number, coarse: boolean): Promise<TrafficMinute[]> {
    return wholeMinutes(from, until, MAX_ROWS, (shorter) => this.ask(from, shorter, coarse));
  }

  /** The minute of the first event; undefined where there is none. */
  async earliest(): Promise<number | undefined> {
    const [row] = await this.rows<{ events: number; minute: number }>(EARLIEST, {});
    return row === undefined || row.events === 0 ? undefined : row.minute;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private async ask(from: number, until: number, coarse: boolean): Promise<TrafficRows> {
    const stretch = { from: from * MINUTE_MS, until: until * MINUTE_MS };
    // What is counted now was submitted so long ago.
    const earlier = { from: stretch.from - this.waitMs, until: stretch.until - this.waitMs };
    const [sent, ranges, ends, told] = await Promise.all([
      this.rows<Dated<SentTraffic>>(SENT, stretch),
      this.rows<Dated<RangeTraffic>>(RANGES, { ...stretch, coarse: coarse ? 1 : 0 }),
      this.rows<Dated<EndCount>>(ENDS, { ...stretch, bounds: DELAY_BOUNDS_MS }),
      this.rows<Dated<ToldTraffic>>(TOLD, {
        ...earlier,
        toldUntil: stretch.until,
        waitMs: this.waitMs,
        waitMinutes: this.waitMs / MINUTE_MS,
      }),
    ]);
    return { sent, ranges, ends, told };
  }

  private async rows<Row>(query: string, parameters: Record<string, unknown>): Promise<Row[]> {
    const answer = await this.client.query({ query, query_params: parameters, format: "JSONEachRow" });
    return await answer.json<Row>();
  }
}
