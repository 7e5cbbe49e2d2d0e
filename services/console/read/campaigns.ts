import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { ENDS } from "./stage-figures.ts";

/** What became of the messages that carry a label. */
export interface Campaign {
  readonly label: string;
  readonly account: string;
  readonly messages: number;
  readonly ended: Readonly<Record<string, number>>;
  /** Of submissions, by currency; what is charged on delivery is not in it. */
  readonly costs: Readonly<Record<string, string>>;
}

/** Of the reader that asks it, ms, and how many run at once. */
export const CAMPAIGNS_TIMEOUT_MS = 11_000;
export const CAMPAIGNS_AT_ONCE = 3;

const MOST = 100;
/** Labels stand on events, not in roll-ups: more rows than this are not read for one question. */
const MAX_ROWS = 20_000_000;

const QUERY = `
  SELECT metadata[{key:String}] AS label, account, toFloat64(uniqIf((message_id, destination), type = 'routed')) AS messages,
    ${ENDS.map((end) => `toFloat64(countIf(type = 'final' AND state = '${end}')) AS ${end}`).join(", ")},
    mapApply((currency, amount) -> (currency, toString(amount)),
      sumMapIf(map(toString(currency), toDecimal128(cost, 6)), type = 'submitted' AND currency != '')) AS costs
  FROM events
  WHERE at >= now() - toIntervalMinute({minutes:UInt32}) AND mapContains(metadata, {key:String})
    AND type IN ('routed', 'submitted', 'final')
  GROUP BY label, account
  ORDER BY messages DESC
  LIMIT ${MOST}
  SETTINGS max_rows_to_read = ${MAX_ROWS}`;

type Row = {
  readonly label: string;
  readonly account: string;
  readonly messages: number;
  readonly costs: Readonly<Record<string, string>>;
} & { readonly [End in (typeof ENDS)[number]]: number };

/** Messages by the value of one of their labels. @throws SluiceError of class transient or throttled */
export function campaigns(reader: Pick<ClickhouseReader, "lookUp">, key: string, minutes: number): Promise<Campaign[]> {
  return reader.lookUp(async (rows) => {
    const found = await rows<Row>(QUERY, { key, minutes: String(minutes) });
    return found.map(({ label, account, messages, costs, ...row }) => ({
      label,
      account,
      messages,
      costs,
      ended: Object.fromEntries(ENDS.map((end) => [end, row[end]])),
    }));
  });
}
