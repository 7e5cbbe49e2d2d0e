import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { ENDS } from "./stage-figures.ts";

/** What became of the messages that carry a label. */
export interface Campaign {
  readonly label: string;
  readonly account: string;
  /** Messages, each destination for itself. */
  readonly messages: number;
  readonly ended: Readonly<Record<string, number>>;
  /** By currency, decimal texts: of submissions, and what is owed for what was delivered. */
  readonly costs: Readonly<Record<string, string>>;
}

/** Bounds of one question. A message is about one row, so that a day of 500 a second can be asked for. */
export interface CampaignBounds {
  readonly rows: number;
  readonly seconds: number;
  readonly bytes: number;
}

const MOST = 100;
/** How long a question may take in ClickHouse, s. */
const MOST_SECONDS = 9;
const BOUNDS: CampaignBounds = { rows: 100_000_000, seconds: MOST_SECONDS, bytes: 1_000_000_000 };
/** Of the reader that asks it: what ClickHouse says is still to come through, ms. */
export const CAMPAIGNS_TIMEOUT_MS = (MOST_SECONDS + 2) * 1_000;

/** Rows that are worked on at once. With ClickHouse's own 65,409 a million messages took 1.1 GB, and as long; with these 0.2 GB, as two million did. */
const BLOCK = 8_192;

/** Each of them may hold as much as it is allowed to. */
export const CAMPAIGNS_AT_ONCE = 3;

/** As 002-messages.sql has the progress of a final event: this, and the place of its state, from 1. */
const FINAL = 1_000_000_000;
const FINAL_STATES = ["unknown", "rejected", "expired", "failed", "undelivered", "delivered"] as const;

/** furthest begins with the progress in four octets, the highest first. */
const PROGRESS = "reinterpretAsUInt32(reverse(substring(r.furthest, 1, 4)))";
/** Each submission is its offset, cost and currency. */
const SUBMISSIONS = "arrayFilter(s -> s[3] != '', arrayMap(s -> splitByChar(' ', s), r.submissions))";

/** ClickHouse folds the rows of a message as it reads them, in their order, so that none is held for long. */
const query = ({ rows, seconds, bytes }: CampaignBounds) => `
  SELECT m.label AS label, m.account AS account, toFloat64(count()) AS messages,
    ${ENDS.map((end) => `toFloat64(countIf(m.progress = ${FINAL + 1 + FINAL_STATES.indexOf(end)})) AS ${end}`).join(", ")},
    mapApply((currency, amount) -> (currency, toString(amount)), sumMap(m.costs)) AS costs
  FROM (
    SELECT r.metadata[{key:String}] AS label, r.account AS account, ${PROGRESS} AS progress,
      arrayReduce('sumMap', arrayConcat(
        arrayMap(s -> map(s[3], toDecimal128(s[2], 6)), ${SUBMISSIONS}),
        arrayMap((way, amount) -> map(splitByChar(' ', way)[1], toDecimal128(amount, 6)), mapKeys(r.owed), mapValues(r.owed)))) AS costs
    FROM recipients AS r FINAL
    WHERE r.accepted_at >= now() - toIntervalMinute({minutes:UInt32}) AND mapContains(r.metadata, {key:String})
  ) AS m
  GROUP BY label, account
  ORDER BY messages DESC, label, account
  LIMIT ${MOST}
  SETTINGS max_rows_to_read = ${rows}, max_execution_time = ${seconds}, max_memory_usage = ${bytes}, max_block_size = ${BLOCK}`;

type Row = {
  readonly label: string;
  readonly account: string;
  readonly messages: number;
  readonly costs: Readonly<Record<string, string>>;
} & { readonly [End in (typeof ENDS)[number]]: number };

/**
 * Messages of a stretch that ends now, by the value of one of their labels; `bounds`: what it may take.
 * @throws SluiceError of class transient or throttled, or `LOOKUP_TOO_LARGE` where the bounds do not suffice
 */
export function campaigns(
  reader: Pick<ClickhouseReader, "lookUp">,
  key: string,
  minutes: number,
  bounds: CampaignBounds = BOUNDS,
): Promise<Campaign[]> {
  return reader.lookUp(async (rows) => {
    const found = await rows<Row>(query(bounds), { key, minutes: String(minutes) });
    return found.map(({ label, account, messages, costs, ...row }) => ({
      label,
      account,
      messages,
      costs,
      ended: Object.fromEntries(ENDS.map((end) => [end, row[end]])),
    }));
  });
}
