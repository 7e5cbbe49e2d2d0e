import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { isLane } from "../../../domain/message/lane.ts";
import { type ClickhouseConfig, clientAddress } from "../../../platform/clickhouse/settings.ts";
import type { FoundMessage } from "./conversion-settling.ts";

const TIMEOUT_MS = 10_000;

// With when a message was accepted one day is read, and not a part of each of all days.
const MESSAGES_QUERY = `
  SELECT toString(message_id) AS id, account, provider, country, network, lane, isNotNull(submitted_at) AS submitted,
    toUnixTimestamp64Milli(accepted_at) AS accepted
  FROM messages_latest
  WHERE (message_id, accepted_at) IN
    (
      SELECT message_id, accepted_at FROM message_keys
      WHERE key IN (SELECT sipHash64('message id', toString(arrayJoin({ids:Array(UUID)}))))
    )`;

interface MessageRow {
  readonly id: string;
  readonly account: string;
  readonly provider: string;
  readonly country: string;
  readonly network: string;
  readonly lane: string;
  readonly submitted: number;
  /** Epoch ms; some versions write such numbers as text. */
  readonly accepted: number | string;
}

/** What ClickHouse knows of messages of which something is told. */
export class ConversionLookups {
  private readonly client: ClickHouseClient;

  constructor(config: ClickhouseConfig) {
    this.client = createClient({
      ...clientAddress(config),
      request_timeout: TIMEOUT_MS,
      max_open_connections: 2,
      // A query whose client has gone would go on, and another be begun beside it.
      clickhouse_settings: { max_execution_time: TIMEOUT_MS / 1_000 },
      // What fails is thrown, and logged by whoever asks again.
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  /** The messages with these ids, of whatever account. */
  async find(ids: readonly string[]): Promise<FoundMessage[]> {
    const answer = await this.client.query({ query: MESSAGES_QUERY, query_params: { ids }, format: "JSONEachRow" });
    const rows = await answer.json<MessageRow>();
    return rows.map(({ id, account, provider, country, network, lane, submitted, accepted }) => ({
      messageId: id,
      accountId: account,
      acceptedAt: Number(accepted),
      way:
        submitted === 1 && provider !== "" && isLane(lane)
          ? { provider, country, network: network === "" ? null : network, lane }
          : undefined,
    }));
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
