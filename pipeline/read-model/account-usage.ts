import type { ClickhouseReader } from "./clickhouse-reader.ts";
import type { Costs } from "./message-status.ts";

/** What an account has used on a day in a lane. */
export interface UsageOfDay {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly lane: string;
  /** Messages that providers took, repeats included; their segments; and how many were delivered. */
  readonly submitted: number;
  readonly segments: number;
  readonly delivered: number;
  /** By currency, decimal texts, which are never added. */
  readonly costs: Costs;
}

/** Of a day there is one row for each provider, account, lane, country and network. */
const USAGE = `
  SELECT toString(toDate(start, 'UTC')) AS day, lane, toFloat64(sum(t.submitted)) AS submitted, toFloat64(sum(t.segments)) AS segments,
    toFloat64(sum(t.delivered)) AS delivered, mapApply((currency, amount) -> (currency, toString(amount)), sumMap(t.costs)) AS costs
  FROM traffic_periods AS t
  WHERE span = 'day' AND start >= toDateTime(toDate({from:String}), 'UTC') AND start < toDateTime(toDate({until:String}), 'UTC')
    AND account = {account:String} AND provider != ''
  GROUP BY day, lane
  ORDER BY day, lane`;

/**
 * An account's use by day and lane, from the roll-ups: some seconds behind. Days and lanes without any are left out.
 * @param from the first day, and `until` the day behind the last one, YYYY-MM-DD, UTC
 * @throws SluiceError as `ClickhouseReader.lookUp`
 */
export function accountUsage(
  reader: Pick<ClickhouseReader, "lookUp">,
  account: string,
  from: string,
  until: string,
): Promise<UsageOfDay[]> {
  return reader.lookUp((rows) => rows<UsageOfDay>(USAGE, { account, from, until }));
}
