import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";

const MOST = 50;
/** Names are a help to who types: of more messages than this, or after this time (s), those that were looked at are enough. */
const LOOKED = 1_000_000;
const MOST_SECONDS = 2;

const QUERY = `
  SELECT arrayJoin(labels) AS label, toFloat64(count()) AS messages
  FROM (
    SELECT mapKeys(metadata) AS labels FROM recipients
    WHERE accepted_at >= now() - toIntervalMinute({minutes:UInt32}) AND length(metadata) > 0
    LIMIT ${LOOKED}
  )
  GROUP BY label
  ORDER BY messages DESC, label
  LIMIT ${MOST}
  SETTINGS max_execution_time = ${MOST_SECONDS}, timeout_overflow_mode = 'break'`;

/** Names of the labels that messages of a stretch carry, the most used first. @throws SluiceError of class transient or throttled */
export function labels(
  reader: Pick<ClickhouseReader, "lookUp">,
  minutes: number,
): Promise<{ readonly label: string; readonly messages: number }[]> {
  return reader.lookUp((rows) => rows<{ label: string; messages: number }>(QUERY, { minutes: String(minutes) }));
}
