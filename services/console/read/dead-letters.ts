import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";

/** A record that could not be processed. */
export interface DeadLetter {
  readonly at: string;
  readonly reason: string;
  /** What was wrong, and what to change. */
  readonly detail: string;
  readonly service: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly messageId: string;
}

export interface DeadLetters {
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly letters: readonly DeadLetter[];
}

const MOST = 100;

const REASONS = `
  SELECT reason, toFloat64(count()) AS count FROM dead_letters
  WHERE at >= now() - toIntervalMinute({minutes:UInt32}) GROUP BY reason ORDER BY count DESC LIMIT ${MOST}`;

const LETTERS = `
  SELECT at, reason, substring(detail, 1, 500) AS detail, service, topic, partition, toString(offset) AS offset, message_id AS messageId
  FROM dead_letters
  WHERE at >= now() - toIntervalMinute({minutes:UInt32}) AND ({reason:String} = '' OR reason = {reason:String})
  ORDER BY at DESC LIMIT ${MOST}`;

/** The newest ones, and how many there are by reason. @throws SluiceError of class transient or throttled */
export function deadLetters(reader: ClickhouseReader, minutes: number, reason: string): Promise<DeadLetters> {
  return reader.lookUp(async (rows) => {
    const [reasons, letters] = await Promise.all([
      rows<{ reason: string; count: number }>(REASONS, { minutes: String(minutes) }),
      rows<DeadLetter>(LETTERS, { minutes: String(minutes), reason }),
    ]);
    return { reasons, letters };
  });
}
