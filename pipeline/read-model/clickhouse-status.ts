import type { ClickhouseReader } from "./clickhouse-reader.ts";
import {
  type ConversionRow,
  type EventRow,
  type MessageRow,
  type MessageStatusAnswer,
  type StatusSource,
  statusAnswer,
} from "./message-status.ts";

/** A message has a handful of events; one with more is shown its first thousand. */
const MAX_EVENTS = 1_000;
/** One id stands for one destination, unless an upstream system gave it to several. */
export const MAX_DESTINATIONS = 50;

/** When messages of an id were accepted: with it, one row of each is read in place of a part of every day. */
const KEYS = `SELECT message_id, accepted_at FROM message_keys WHERE key = sipHash64('message id', toString({id:UUID}))`;

// Of repeats under the same id and destination the first counts.
const MESSAGES_QUERY = `
  SELECT state, final, destination, lane, encoding, segments, reference, accepted_at, updated_at, attempts, provider,
    submitted_at, finished_at, mapApply((currency, amount) -> (currency, toString(amount)), costs) AS costs,
    error_class, error_code, reason
  FROM messages_latest
  WHERE (message_id, accepted_at) IN (${KEYS}) AND account = {account:String}
    AND (empty({to:Array(String)}) OR has({to:Array(String)}, destination))
  ORDER BY accepted_at, destination
  LIMIT 1 BY destination
  LIMIT ${MAX_DESTINATIONS}`;

// All events of a message to one destination stand in one partition of the log, whose order is the true one. Clocks of
// the writers may differ by less than the hour allowed here; the bounds keep the look-up to the message's own days.
const EVENTS_QUERY = `
  SELECT destination, type, at, attempt, provider, route, reason, state, part, error_class, error_code, due,
    toString(cost) AS cost, currency, resubmitted, provider_message_ids, sent_as, rules, verdicts, charged
  FROM events
  WHERE message_id = {id:UUID} AND account = {account:String} AND has({to:Array(String)}, destination)
    AND at >= parseDateTime64BestEffort({acceptedAt:String}, 3, 'UTC') - INTERVAL 1 HOUR
    AND at <= parseDateTime64BestEffort({updatedAt:String}, 3, 'UTC') + INTERVAL 1 HOUR
  ORDER BY log_partition, log_offset
  LIMIT ${MAX_EVENTS} BY destination`;

const CONVERSION_QUERY = `
  SELECT told_at, converted_at FROM conversions_latest WHERE message_id = {id:UUID} AND account = {account:String}`;

/** Looks messages up in ClickHouse (infra/clickhouse has the tables). */
export class ClickhouseStatus implements StatusSource {
  private readonly reader: Pick<ClickhouseReader, "lookUp">;

  constructor(reader: Pick<ClickhouseReader, "lookUp">) {
    this.reader = reader;
  }

  find(accountId: string, messageId: string, to: readonly string[]): Promise<MessageStatusAnswer[]> {
    return this.reader.lookUp(async (rows) => {
      const key = { id: messageId, account: accountId };
      const messages = await rows<MessageRow>(MESSAGES_QUERY, { ...key, to });
      const [oldest] = messages;
      if (oldest === undefined) return [];
      const destinations = messages.map((message) => message.destination);
      const updatedAt = messages.reduce((newest, { updated_at }) => (updated_at > newest ? updated_at : newest), "");
      const where = { ...key, to: destinations, acceptedAt: oldest.accepted_at, updatedAt };
      const [events, [conversion]] = await Promise.all([
        rows<EventRow & { destination: string }>(EVENTS_QUERY, where),
        rows<ConversionRow>(CONVERSION_QUERY, key),
      ]);
      return messages.map((message) =>
        statusAnswer(
          messageId,
          message,
          events.filter(({ destination }) => destination === message.destination),
          conversion,
        ),
      );
    });
  }
}
