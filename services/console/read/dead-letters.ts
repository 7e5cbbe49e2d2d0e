import type { LetterFilter } from "../../../pipeline/dead-letters/letter-search.ts";
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
  /** Of the record; null for a letter that was found in the log. */
  readonly partition: number | null;
  readonly offset: string | null;
  readonly messageId: string;
}

export interface DeadLetters {
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  /** The newest first, of those that match. */
  readonly letters: readonly DeadLetter[];
  /** How many match. */
  readonly matched: number;
}

/** Letters that are shown at the most. */
export const MOST_LETTERS = 100;
/** Marks of replays stand in the topic as well, and are no letters. */
const MARKS = Object.values(REPLAY_REASONS)
  .map((reason) => `'${reason}'`)
  .join(", ");

const TIME = `at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({to:Int64})`;
const MATCHING = `${TIME} AND reason NOT IN (${MARKS}) AND ({reason:String} = '' OR reason = {reason:String}) AND ({topic:String} = '' OR topic = {topic:String})`;

const REASONS = `
  SELECT reason, toFloat64(count()) AS count FROM dead_letters
  WHERE ${TIME} AND reason NOT IN (${MARKS}) GROUP BY reason ORDER BY count DESC LIMIT ${MOST_LETTERS}`;

const MATCHED = `SELECT toFloat64(count()) AS matched FROM dead_letters WHERE ${MATCHING}`;

const LETTERS = `
  SELECT at, reason, substring(detail, 1, 500) AS detail, service, topic, partition, toString(offset) AS offset, message_id AS messageId,
    concat(toString(log_partition), '/', toString(log_offset)) AS letter,
    (toUInt32(log_partition), log_offset) IN (
      SELECT partition, offset FROM dead_letters
      WHERE at >= fromUnixTimestamp64Milli({from:Int64}) AND reason = '${REPLAY_REASONS.done}' AND topic = '${DEAD_LETTER_TOPIC}'
    ) AS replayed
  FROM dead_letters
  WHERE ${MATCHING}
  ORDER BY at DESC LIMIT ${MOST_LETTERS}`;

/** Behind all that is stored, epoch ms. */
const NO_END = 8_640_000_000_000;

/**
 * The newest ones by time, reason and topic, and how many there are by reason. What else a filter says stands in the record, which ClickHouse has not:
 * `LettersInLog` looks for it. @throws SluiceError of class transient or throttled
 */
export function deadLetters(
  reader: Pick<ClickhouseReader, "lookUp">,
  { from = 0, to = NO_END, reason = "", topic = "" }: LetterFilter,
): Promise<DeadLetters> {
  return reader.lookUp(async (rows) => {
    const asked = { from: String(from), to: String(to), reason, topic };
    const [reasons, letters, [all]] = await Promise.all([
      rows<{ reason: string; count: number }>(REASONS, asked),
      rows<DeadLetter>(LETTERS, asked),
      rows<{ matched: number }>(MATCHED, asked),
    ]);
    return { reasons, letters, matched: all?.matched ?? 0 };
  });
}
