import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import {
  type ClickhouseConfig,
  type ClickhouseTransport,
  clickhouseHint,
  clientAddress,
} from "../../platform/clickhouse/settings.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";

/** Where ClickHouse is, and as whom it is read. */
export interface ClickhouseReaderOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Undefined: the authorities that Node.js knows, and no certificate of ours. */
  readonly transport?: ClickhouseTransport;
  /** How long a look-up may take, ms. Default 5,000. */
  readonly timeoutMs?: number;
  /** Look-ups running at once. Default 50. */
  readonly most?: number;
}

/** The values of a query's parameters, by name: they are never part of its text. */
export type QueryParameters = Readonly<Record<string, string | readonly string[]>>;

/** Runs a query; rows are objects with the columns' names. */
export type Rows = <Row>(query: string, parameters: QueryParameters) => Promise<Row[]>;

/** Look-ups running at once; more would only queue up in ClickHouse, beside its inserts. */
const MAX_LOOKUPS = 50;
const LOOKUP_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 10;
/** What ClickHouse answers to a query that would read, take or hold more than its own settings allow: 158 rows, 159 time, 241 memory, 307 octets. */
const LIMITS: ReadonlySet<string> = new Set(["158", "159", "241", "307"]);

/** What reads ClickHouse while messages flow, of whatever service: a bounded number of look-ups, each with a time-out. */
export class ClickhouseReader {
  private readonly client: ClickHouseClient;
  private readonly most: number;
  private running = 0;

  constructor({
    url,
    user,
    password,
    database,
    transport,
    timeoutMs = LOOKUP_TIMEOUT_MS,
    ...options
  }: ClickhouseReaderOptions) {
    this.most = options.most ?? MAX_LOOKUPS;
    this.client = createClient({
      url,
      username: user,
      password,
      database,
      ...transport,
      request_timeout: timeoutMs,
      max_open_connections: MAX_CONNECTIONS,
      // It would write to the console, parameters included; what fails is thrown, and logged by whoever handles it.
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: {
        date_time_output_format: "iso",
        // A query goes on when its client has gone, and others are begun beside it: it ends a second after nobody waits for it.
        max_execution_time: Math.ceil(timeoutMs / 1_000) + 1,
      },
    });
  }

  /** The reader that a program's settings name. */
  static of(
    config: ClickhouseConfig,
    options: Pick<ClickhouseReaderOptions, "timeoutMs" | "most"> = {},
  ): ClickhouseReader {
    const { url, username: user, password, database, ...transport } = clientAddress(config);
    return new ClickhouseReader({ ...options, url, user, password, database, transport });
  }

  /**
   * Carries out one look-up, of one query or several.
   * @throws SluiceError `LOOKUPS_FULL` (throttled), `STATUS_UNAVAILABLE` (transient), `LOOKUP_TOO_LARGE` (permanent): it would read more than the query allows itself
   */
  async lookUp<T>(work: (rows: Rows) => Promise<T>): Promise<T> {
    if (this.running >= this.most)
      throw new SluiceError(`${this.most} look-ups are running`, { code: "LOOKUPS_FULL", class: "throttled" });
    this.running++;
    try {
      return await work((query, parameters) => this.rows(query, parameters));
    } catch (cause) {
      if (cause instanceof ClickHouseError && LIMITS.has(cause.code))
        throw new SluiceError("The look-up would read more than it may", { code: "LOOKUP_TOO_LARGE", cause });
      throw new SluiceError(`ClickHouse did not answer the look-up${clickhouseHint(cause)}`, {
        code: "STATUS_UNAVAILABLE",
        class: "transient",
        cause,
      });
    } finally {
      this.running--;
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private async rows<Row>(query: string, parameters: QueryParameters): Promise<Row[]> {
    const result = await this.client.query({ query, query_params: parameters, format: "JSONEachRow" });
    return await result.json<Row>();
  }
}
