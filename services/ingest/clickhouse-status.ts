import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import {
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

const MESSAGE_QUERY = `
  SELECT state, final, destination, lane, encoding, segments, reference, accepted_at, updated_at, attempts, provider,
    submitted_at, finished_at, toString(cost) AS cost, currency, error_class, error_code, reason
  FROM messages_latest
  WHERE message_id = {id:UUID} AND account = {account:String}
  ORDER BY accepted_at
  LIMIT 1`;

// All events of a message stand in one partition of the log, whose order is the true one. Clocks of the writers may
// differ by less than the hour allowed here; the bound keeps the look-up to the message's own days.
const EVENTS_QUERY = `
  SELECT type, at, attempt, provider, route, reason, state, part, error_class, error_code, toString(cost) AS cost,
    currency, resubmitted
  FROM events
  WHERE message_id = {id:UUID} AND account = {account:String}
    AND at >= parseDateTime64BestEffort({acceptedAt:String}, 3, 'UTC') - INTERVAL 1 HOUR
  ORDER BY log_partition, log_offset
  LIMIT ${MAX_EVENTS}`;

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

  async find(accountId: string, messageId: string): Promise<MessageStatusAnswer | undefined> {
    if (this.#running >= MAX_LOOKUPS) {
      throw new SluiceError(`${MAX_LOOKUPS} look-ups are running`, { code: "LOOKUPS_FULL", class: "throttled" });
    }
    this.#running++;
    try {
      const key = { id: messageId, account: accountId };
      const [message] = await this.#rows<MessageRow>(MESSAGE_QUERY, key);
      if (message === undefined) return undefined;
      const events = await this.#rows<EventRow>(EVENTS_QUERY, { ...key, acceptedAt: message.accepted_at });
      return statusAnswer(messageId, message, events);
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

  async #rows<Row>(query: string, parameters: Readonly<Record<string, string>>): Promise<Row[]> {
    const result = await this.#client.query({ query, query_params: parameters, format: "JSONEachRow" });
    return await result.json<Row>();
  }
}
