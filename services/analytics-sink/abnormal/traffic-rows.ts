import type {
  EndTraffic,
  RangeTraffic,
  SentTraffic,
  ToldTraffic,
  TrafficMinute,
} from "../../../domain/abnormal/traffic-minute.ts";
import { DELAY_BUCKETS } from "../../../domain/quality/delay-buckets.ts";

/** Rows as ClickHouse gives them, each of a minute since 1970. */
export type Dated<Row> = Row & { readonly minute: number };

/** Messages that ended on a way, one row a bucket of their delay. `bucket`: from 1; 0: beyond the last one; -1: not delivered. */
export interface EndCount {
  readonly provider: string;
  readonly country: string;
  readonly bucket: number;
  readonly messages: number;
}

export interface TrafficRows {
  readonly sent: readonly Dated<SentTraffic>[];
  readonly ranges: readonly Dated<RangeTraffic>[];
  readonly ends: readonly Dated<EndCount>[];
  readonly told: readonly Dated<ToldTraffic>[];
}

/**
 * The minutes from one on: those to before another, or fewer, as long as an answer has so many rows that some may be left out of it. A
 * single minute is taken as it is.
 */
export async function wholeMinutes(
  from: number,
  until: number,
  maxRows: number,
  ask: (until: number) => Promise<TrafficRows>,
): Promise<TrafficMinute[]> {
  for (let end = until; ; end = from + Math.ceil((end - from) / 2)) {
    const rows = await ask(end);
    const isWhole = Object.values(rows).every(({ length }) => length < maxRows);
    if (isWhole || end - from <= 1) return minutesOf(rows, from, end);
  }
}

/** Every minute from one to before another, with its rows; those that had nothing as well. */
export function minutesOf(rows: TrafficRows, from: number, until: number): TrafficMinute[] {
  const [sent, ranges, told] = [byMinute(rows.sent), byMinute(rows.ranges), byMinute(rows.told)];
  const ends = byMinute(rows.ends);
  return Array.from({ length: until - from }, (_, n) => {
    const minute = from + n;
    return {
      minute,
      sent: sent.get(minute) ?? [],
      ranges: ranges.get(minute) ?? [],
      ends: endsOf(ends.get(minute) ?? []),
      told: told.get(minute) ?? [],
    };
  });
}

function endsOf(counts: readonly EndCount[]): EndTraffic[] {
  const ways = new Map<string, { -readonly [K in keyof EndTraffic]: EndTraffic[K] } & { delays: Uint32Array }>();
  for (const { provider, country, bucket, messages } of counts) {
    const key = `${provider} ${country}`;
    let way = ways.get(key);
    if (way === undefined) {
      way = { provider, country, delivered: 0, failed: 0, delays: new Uint32Array(DELAY_BUCKETS + 1) };
      ways.set(key, way);
    }
    if (bucket < 0) way.failed += messages;
    else {
      way.delivered += messages;
      way.delays[bucket === 0 ? DELAY_BUCKETS : bucket - 1]! += messages;
    }
  }
  return [...ways.values()];
}

function byMinute<Row extends { readonly minute: number }>(rows: readonly Row[]): Map<number, Row[]> {
  return Map.groupBy(rows, ({ minute }) => minute);
}
