import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";

const MOST = 50;
/** Labels stand on events: more rows than this are not read for one question. */
const MAX_ROWS = 20_000_000;

const QUERY = `
  SELECT arrayJoin(mapKeys(metadata)) AS label, toFloat64(count()) AS messages
  FROM events
  WHERE at >= now() - toIntervalMinute({minutes:UInt32}) AND type = 'routed' AND attempt = 1 AND length(metadata) > 0
  GROUP BY label
  ORDER BY messages DESC, label
  LIMIT ${MOST}
  SETTINGS max_rows_to_read = ${MAX_ROWS}`;

/** Names of the labels that messages of a stretch carry, the most used first. @throws SluiceError of class transient or throttled */
export function labels(
  reader: Pick<ClickhouseReader, "lookUp">,
  minutes: number,
): Promise<{ readonly label: string; readonly messages: number }[]> {
  return reader.lookUp((rows) => rows<{ label: string; messages: number }>(QUERY, { minutes: String(minutes) }));
}
