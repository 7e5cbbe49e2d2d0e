import { REPLAY_REASONS } from "../../../pipeline/dead-letters/replay-mark.ts";
import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { DEAD_LETTER_TOPIC } from "../../../schemas/topics.ts";

/** A record that could not be processed. */
export interface DeadLetter {
  readonly at: string;
  /** Where it stands in sms.dead-letter: its name, `<partition>/<offset>`. */
  readonly letter: string;
  /** 1: its record was put back. */
  readonly replayed: number;
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
/** Marks of replays stand in the topic as well, and are no letters. */
const MARKS = Object.values(REPLAY_REASONS)
  .map((reason) => `'${reason}'`)
  .join(", ");

const REASONS = `
  SELECT reason, toFloat64(count()) AS count FROM dead_letters
  WHERE at >= now() - toIntervalMinute({minutes:UInt32}) AND reason NOT IN (${MARKS}) GROUP BY reason ORDER BY count DESC LIMIT ${MOST}`;

const LETTERS = `
  SELECT at, reason, substring(detail, 1, 500) AS detail, service, topic, partition, toString(offset) AS offset, message_id AS messageId,
    concat(toString(log_partition), '/', toString(log_offset)) AS letter,
    (toUInt32(log_partition), log_offset) IN (
      SELECT partition, offset FROM dead_letters
      WHERE at >= now() - toIntervalMinute({minutes:UInt32}) AND reason = '${REPLAY_REASONS.done}' AND topic = '${DEAD_LETTER_TOPIC}'
    ) AS replayed
  FROM dead_letters
  WHERE at >= now() - toIntervalMinute({minutes:UInt32}) AND reason NOT IN (${MARKS}) AND ({reason:String} = '' OR reason = {reason:String})
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
