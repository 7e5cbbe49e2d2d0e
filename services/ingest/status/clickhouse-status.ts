import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import {
  type ConversionRow,
  type EventRow,
  type MessageRow,
  type MessageStatusAnswer,
  type StatusSource,
  statusAnswer,
} from "./message-status.ts";

export interface ClickhouseStatusOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Look-ups running at once; more would only queue up in ClickHouse, beside its inserts. */
const MAX_LOOKUPS = 50;
const LOOKUP_TIMEOUT_MS = 5_000;
/** A message has a handful of events; one with more is shown its first thousand. */
const MAX_EVENTS = 1_000;
/** One id stands for one destination, unless an upstream system gave it to several. */
export const MAX_DESTINATIONS = 50;

// Of repeats under the same id and destination the first counts.
const MESSAGES_QUERY = `
  SELECT state, final, destination, lane, encoding, segments, reference, accepted_at, updated_at, attempts, provider,
    submitted_at, finished_at, mapApply((currency, amount) -> (currency, toString(amount)), costs) AS costs,
    error_class, error_code, reason
  FROM messages_latest
  WHERE message_id = {id:UUID} AND account = {account:String}
    AND (empty({to:Array(String)}) OR has({to:Array(String)}, destination))
  ORDER BY accepted_at, destination
  LIMIT 1 BY destination
  LIMIT ${MAX_DESTINATIONS}`;

// All events of a message to one destination stand in one partition of the log, whose order is the true one. Clocks of
// the writers may differ by less than the hour allowed here; the bound keeps the look-up to the message's own days.
const EVENTS_QUERY = `
  SELECT destination, type, at, attempt, provider, route, reason, state, part, error_class, error_code,
    toString(cost) AS cost, currency, resubmitted, provider_message_ids, sent_as, rules, charged
  FROM events
  WHERE message_id = {id:UUID} AND account = {account:String} AND has({to:Array(String)}, destination)
    AND at >= parseDateTime64BestEffort({acceptedAt:String}, 3, 'UTC') - INTERVAL 1 HOUR
  ORDER BY log_partition, log_offset
  LIMIT ${MAX_EVENTS} BY destination`;

const CONVERSION_QUERY = `
  SELECT told_at, converted_at FROM conversions_latest WHERE message_id = {id:UUID} AND account = {account:String}`;

/** Looks messages up in ClickHouse (infra/clickhouse has the tables). */
export class ClickhouseStatus implements StatusSource {
  readonly #client: ClickHouseClient;
  #running = 0;

  constructor({ url, user, password, database }: ClickhouseStatusOptions) {
    this.#client = createClient({
      url,
      username: user,
      password,
      database,
      request_timeout: LOOKUP_TIMEOUT_MS,
      max_open_connections: 10,
      // It would write to the console, parameters included; what fails is thrown, and logged by whoever handles it.
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: { date_time_output_format: "iso" },
    });
  }

  async find(accountId: string, messageId: string, to: readonly string[]): Promise<MessageStatusAnswer[]> {
    if (this.#running >= MAX_LOOKUPS) {
      throw new SluiceError(`${MAX_LOOKUPS} look-ups are running`, { code: "LOOKUPS_FULL", class: "throttled" });
    }
    this.#running++;
    try {
      const key = { id: messageId, account: accountId };
      const messages = await this.#rows<MessageRow>(MESSAGES_QUERY, { ...key, to });
      const [oldest] = messages;
      if (oldest === undefined) return [];
      const destinations = messages.map((message) => message.destination);
      const where = { ...key, to: destinations, acceptedAt: oldest.accepted_at };
      const [events, [conversion]] = await Promise.all([
        this.#rows<EventRow & { destination: string }>(EVENTS_QUERY, where),
        this.#rows<ConversionRow>(CONVERSION_QUERY, key),
      ]);
      return messages.map((message) =>
        statusAnswer(
          messageId,
          message,
          events.filter(({ destination }) => destination === message.destination),
          conversion,
        ),
      );
    } catch (cause) {
      throw new SluiceError("ClickHouse did not answer the look-up", {
        code: "STATUS_UNAVAILABLE",
        class: "transient",
        cause,
      });
    } finally {
      this.#running--;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #rows<Row>(query: string, parameters: Readonly<Record<string, string | readonly string[]>>): Promise<Row[]> {
    const result = await this.#client.query({ query, query_params: parameters, format: "JSONEachRow" });
    return await result.json<Row>();
  }
}
